//! A request as a value, made without I/O.

use optimize_auth::ServiceUrl;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::{Error, Operation};

/// What stands unencoded in a path segment: the unreserved characters of RFC 3986 §2.3.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One request below the base URL.
#[derive(Clone, Debug)]
pub(crate) struct RequestSpec {
    pub(crate) operation: &'static Operation,
    path: String,
    query: Vec<(&'static str, String)>,
}

impl RequestSpec {
    /// A request to an operation whose path has no parameter.
    pub(crate) fn new(operation: &'static Operation) -> Self {
        Self { operation, path: operation.path.to_owned(), query: Vec::new() }
    }

    /// A request to an operation whose path has `{id}`.
    ///
    /// An id that could change which resource is addressed is refused: a slash is one more segment to many servers even
    /// when it is encoded, and `.` and `..` cannot be encoded at all (RFC 3986 §5.2.4).
    pub(crate) fn with_id(operation: &'static Operation, id: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Err(Error::invalid_input(operation, format!("the id {why}: {:?}", id.chars().take(80).collect::<String>())))
        };
        if id.trim().is_empty() {
            return refuse("is empty");
        }
        if id == "." || id == ".." {
            return refuse("is a relative path");
        }
        if id.contains(['/', '\\']) {
            return refuse("holds a slash");
        }
        if id.chars().any(char::is_control) {
            return refuse("holds a control character");
        }
        let segment = utf8_percent_encode(id, SEGMENT).to_string();
        Ok(Self { operation, path: operation.path.replace("{id}", &segment), query: Vec::new() })
    }

    pub(crate) fn with_query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The URL below `base`, whose own path (a context path, a cluster id) is kept. No slash is doubled or left at the
    /// end: to Optimize 8.8 and later that would be another resource.
    pub(crate) fn url(&self, base: &ServiceUrl) -> Url {
        let mut url = base.as_url().clone();
        let path = format!("{}{}", url.path().trim_end_matches('/'), self.path);
        url.set_path(&path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }

    /// Method, path and query as they go over the wire to a server without a context path.
    #[cfg(test)]
    pub(crate) fn wire_form(&self) -> String {
        let url = self.url(&ServiceUrl::parse("https://host").unwrap());
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{} {}{query}", self.operation.method, url.path())
    }
}

#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;
