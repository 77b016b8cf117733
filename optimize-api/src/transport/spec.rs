//! A request as a value, made without I/O.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use optimize_auth::ServiceUrl;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Serialize;
use url::Url;

use crate::error::Error;
use crate::ids::CollectionId;
use crate::operation::Operation;

/// What stands unencoded in a path segment: the unreserved characters of RFC 3986 §2.3.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One request below the base URL.
#[derive(Clone, Debug)]
pub(crate) struct RequestSpec {
    pub(crate) operation: &'static Operation,
    pub(crate) method: Method,
    /// Those of this request alone.
    pub(crate) headers: HeaderMap,
    /// The id that errors name.
    pub(crate) subject: Option<String>,
    path: String,
    query: Vec<(&'static str, String)>,
    /// The query as it is, instead of `query`.
    raw_query: Option<String>,
    body: Option<Bytes>,
    content_type: HeaderValue,
}

impl RequestSpec {
    /// A request to an operation whose path has no parameter.
    pub(crate) fn new(operation: &'static Operation) -> Self {
        Self::at(operation, operation.path.to_owned())
    }

    /// The request for what a collection holds. The server would take an empty id for an unknown collection and list nothing.
    pub(crate) fn of_collection(operation: &'static Operation, collection: &CollectionId) -> Result<Self, Error> {
        if collection.as_str().is_empty() {
            return Err(Error::invalid_input(operation, "the collection id is empty"));
        }
        Ok(Self::new(operation).with_query("collectionId", collection.as_str()).about(collection.as_str()))
    }

    /// A request to an operation whose path has `{id}`.
    ///
    /// An id that could change which resource is addressed is refused: a slash is one more segment to many servers even
    /// when it is encoded, and `.` and `..` cannot be encoded at all (RFC 3986 §5.2.4). `%` and `;` are refused because every
    /// release returns 400 or a redirect to its login page.
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
        if let Some(character) = id.chars().find(|character| ['/', '\\', '%', ';'].contains(character)) {
            return refuse(&format!("contains `{character}`, which no server accepts in an id"));
        }
        if id.chars().any(char::is_control) {
            return refuse("contains a control character");
        }
        let segment = utf8_percent_encode(id, SEGMENT).to_string();
        Ok(Self::at(operation, operation.path.replace("{id}", &segment)).about(id))
    }

    /// A request in the words of the program: a method, and a path that is encoded already and may have a query.
    ///
    /// A path that could lead out of the base URL is refused.
    pub(crate) fn raw(operation: &'static Operation, method: Method, target: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            let shown: String = target.chars().take(200).collect();
            Err(Error::invalid_input(operation, format!("the path {why}: {shown:?}")))
        };
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        if !path.starts_with('/') {
            return refuse("does not begin with a slash");
        }
        if target.contains(['#', '\\']) || target.chars().any(|character| character.is_control() || character == ' ') {
            return refuse("holds a character that must be percent-encoded");
        }
        let leads_elsewhere =
            |segment: &str| matches!(percent_decode_str(segment).decode_utf8_lossy().as_ref(), "." | "..");
        if path.starts_with("//") || path.split('/').any(leads_elsewhere) {
            return refuse("leads out of the base URL");
        }
        let mut spec = Self::with_method(operation, method, path.to_owned());
        spec.raw_query = query.map(str::to_owned);
        Ok(spec)
    }

    fn at(operation: &'static Operation, path: String) -> Self {
        Self::with_method(operation, operation.method.clone(), path)
    }

    fn with_method(operation: &'static Operation, method: Method, path: String) -> Self {
        // Whatever is not read is sent with a length, if only 0.
        let body = (!matches!(method, Method::GET | Method::HEAD | Method::DELETE)).then(Bytes::new);
        Self {
            operation,
            method,
            headers: HeaderMap::new(),
            subject: None,
            path,
            query: Vec::new(),
            raw_query: None,
            body,
            content_type: HeaderValue::from_static("application/json"),
        }
    }

    /// What errors name.
    pub(crate) fn about(mut self, id: &str) -> Self {
        self.subject = Some(id.to_owned());
        self
    }

    pub(crate) fn with_body(mut self, json: impl Into<Bytes>) -> Self {
        self.body = Some(json.into());
        self
    }

    pub(crate) fn with_json(self, value: &impl Serialize) -> Result<Self, Error> {
        let operation = self.operation;
        let body = serde_json::to_vec(value).map_err(|error| {
            Error::invalid_input(operation, format!("the request cannot be written as JSON: {error}"))
        })?;
        Ok(self.with_body(body))
    }

    pub(crate) fn with_content_type(mut self, content_type: HeaderValue) -> Self {
        self.content_type = content_type;
        self
    }

    pub(crate) fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }

    pub(crate) fn content_type(&self) -> &HeaderValue {
        &self.content_type
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
        if self.raw_query.is_some() {
            url.set_query(self.raw_query.as_deref());
        } else if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }

    /// Method, path and query as they go over the wire to a server without a context path.
    #[cfg(test)]
    pub(crate) fn wire_form(&self) -> String {
        let url = self.url(&ServiceUrl::parse("https://host").unwrap());
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let body = self.body.as_ref().map(|body| format!("\n{}", String::from_utf8_lossy(body))).unwrap_or_default();
        format!("{} {}{query}{body}", self.method, url.path())
    }
}

#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;
