//! A check of the connection to a server, for `auth doctor`.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::exchange::within;
use crate::error::{AuthError, AuthErrorKind};
use crate::http::{HttpOptions, SingleConnection, TransportError, TransportProblem, is_html, server_date};
use crate::service_url::ServiceUrl;

/// Limit on the part of a body that is read; the rest does not matter.
const RESPONSE_LIMIT: usize = 1 << 20;

/// What a server has returned to a request without credentials.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Contact {
    /// The addresses of its name; empty if a proxy looks them up.
    pub addresses: Vec<IpAddr>,
    /// The status.
    pub status: u16,
    /// The time of day according to the server.
    pub server_time: Option<SystemTime>,
    /// Whether it returned a web page.
    pub is_web_page: bool,
}

impl HttpOptions {
    /// Makes contact with `url`: looks up the name, unless a proxy does that, connects, and sends GET, without any
    /// credential. Each of these takes at most `limit`.
    ///
    /// Fails with the cause of the first step that fails; a name that is not known and a refused connection are
    /// [`AuthErrorKind::Unavailable`].
    pub async fn contact(&self, url: &ServiceUrl, by_proxy: bool, limit: Duration) -> Result<Contact, AuthError> {
        let failed = |what: String| AuthError::new(AuthErrorKind::Unavailable, what);
        let client = self.client()?;
        let request = http::Request::get(url.as_url().as_str()).body(Bytes::new());
        let mut request = request.map_err(|error| failed(format!("failed to reach {url}")).with_source(error))?;
        request.extensions_mut().insert(SingleConnection);
        let addresses = if by_proxy { Vec::new() } else { self.look_up(url, limit).await? };
        let response = within(limit, self.send(&*client, request)).await;
        let response = response.map_err(|error| failed(format!("failed to reach {url}")).with_source(error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // The body only shows whether the response is a web page.
        let body = within(limit, self.read_start(response, RESPONSE_LIMIT)).await.unwrap_or_default();
        let server_time = server_date(&headers);
        Ok(Contact { addresses, status, server_time, is_web_page: is_html(&headers, &body) })
    }

    async fn look_up(&self, url: &ServiceUrl, limit: Duration) -> Result<Vec<IpAddr>, AuthError> {
        let host = url.as_url().host_str().unwrap_or_default();
        let port = url.as_url().port_or_known_default().unwrap_or_default();
        let lookup = tokio::time::timeout(limit, tokio::net::lookup_host((host.trim_matches(['[', ']']), port)));
        let failed = || AuthError::new(AuthErrorKind::Unavailable, format!("failed to look up {host}"));
        match lookup.await {
            Ok(Ok(found)) => {
                let mut addresses: Vec<_> = found.map(|address| address.ip()).collect();
                addresses.dedup();
                Ok(addresses)
            }
            Ok(Err(_)) => Err(failed().with_source(TransportError::new(TransportProblem::UnknownHost))),
            Err(_) => Err(failed().with_source(TransportError::timed_out())),
        }
    }
}
