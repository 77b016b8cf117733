//! Requests that the program words itself.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::client::Client;
use crate::error::Error;
use crate::operation;
use crate::operation::Operation;
use crate::transport::OWN_HEADERS;
use crate::transport::spec::RequestSpec;

/// A request below the base URL, for what this crate has no method for.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// use optimize_api::RawRequest;
///
/// let request = RawRequest::new(http::Method::GET, "/api/public/report?collectionId=claims")?;
/// let response = client.raw(&request).await?;
/// assert_eq!(response.status, 200);
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RawRequest {
    spec: RequestSpec,
}

/// The response to a [`RawRequest`], whatever its status.
#[derive(Debug)]
#[non_exhaustive]
pub struct RawResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
    /// The error that a response other than 2xx is.
    pub error: Option<Error>,
}

impl RawRequest {
    /// A request to `path`, which begins with `/api`, is encoded already and may have a query.
    ///
    /// Fails with [`InvalidInput`](crate::ErrorKind::InvalidInput) if the path could lead out of the base URL.
    pub fn new(method: Method, path: &str) -> Result<Self, Error> {
        RequestSpec::raw(operation_of(&method, path), method, path).map(|spec| Self { spec })
    }

    /// The body and its media type.
    ///
    /// Fails with [`InvalidInput`](crate::ErrorKind::InvalidInput) if the media type cannot stand in a header.
    pub fn with_body(mut self, body: impl Into<Bytes>, content_type: &str) -> Result<Self, Error> {
        let Ok(content_type) = HeaderValue::from_str(content_type) else {
            let message = format!("the media type cannot stand in a header: {content_type:?}");
            return Err(Error::invalid_input(self.spec.operation, message));
        };
        self.spec = self.spec.with_body(body).with_content_type(content_type);
        Ok(self)
    }

    /// A further header. Its value is kept out of `Debug`.
    ///
    /// Fails with [`InvalidInput`](crate::ErrorKind::InvalidInput) if it is one that the client makes itself.
    pub fn with_header(mut self, name: HeaderName, mut value: HeaderValue) -> Result<Self, Error> {
        if OWN_HEADERS.contains(&name) {
            let message = format!("the header {name} is the client's own");
            return Err(Error::invalid_input(self.spec.operation, message));
        }
        value.set_sensitive(true);
        self.spec.headers.append(name, value);
        Ok(self)
    }
}

/// What is known of such a request. A follow-up page of report data must not be requested twice, and readiness has no
/// token.
fn operation_of(method: &Method, path: &str) -> &'static Operation {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    match path.split_once('?') {
        _ if path == operation::READY.path => &operation::READY,
        Some((_, query)) if query.contains("searchRequestId") => &operation::RAW,
        _ if is_read => &operation::RAW_READ,
        _ => &operation::RAW,
    }
}

impl Client {
    /// Sends a request as it is, with the credentials of this client. A request that changes nothing is sent again after a transient
    /// failure, anything else is not. A response of any status is a success.
    pub async fn raw(&self, request: &RawRequest) -> Result<RawResponse, Error> {
        let (response, error) = self.transport.send_for_any(&request.spec).await?;
        Ok(RawResponse { status: response.status, headers: response.headers, body: response.body, error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_base_url() {
        let refusal = |path: &str| match RawRequest::new(Method::GET, path) {
            Ok(request) => request.spec.wire_form(),
            Err(error) => error.to_string(),
        };
        insta::assert_snapshot!(refusal("/api/public/report?collectionId=a%2Fb"), @"GET /api/public/report?collectionId=a%2Fb");
        insta::assert_snapshot!(refusal("api/public"), @r#"failed to send the request: the path does not begin with a slash: "api/public""#);
        for path in ["//evil.example/x", "/api/../../x", "/api/%2E%2e/x", "/api/./x"] {
            assert!(refusal(path).contains("leads out of the base URL"), "{path}");
        }
        for path in ["/api#x", "/a b", "/a\n", "/a\\b"] {
            assert!(refusal(path).contains("percent-encoded"), "{path}");
        }
    }

    #[test]
    fn method_and_cursor_decide_what_may_be_sent_twice() {
        let replay = |method: Method, path: &str| operation_of(&method, path).retry;
        assert_eq!(replay(Method::GET, "/api/public/report"), crate::Retry::Idempotent);
        assert_eq!(replay(Method::GET, "/api/x?limit=1&searchRequestId=c"), crate::Retry::Never);
        assert_eq!(replay(Method::DELETE, "/api/public/report/r"), crate::Retry::Never);
        assert!(!operation_of(&Method::GET, "/api/readyz").needs_token);
    }
}
