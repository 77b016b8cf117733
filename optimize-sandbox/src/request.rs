//! A request, as everything here sees it.

use http::header;
use http::request::Parts;

use crate::connection::Peer;

/// A request, read whole.
pub(crate) struct Request {
    pub(crate) parts: Parts,
    pub(crate) body: Vec<u8>,
    pub(crate) peer: Peer,
    /// How many ingestions were under way when it request, itself among them.
    pub(crate) ingestions: usize,
}

impl Request {
    pub(crate) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// The first query parameter of this name, decoded.
    pub(crate) fn query_parameter(&self, wanted: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query().as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    }
}
