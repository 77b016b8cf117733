//! The span of one request, with the names that OpenTelemetry has for HTTP clients.

use http::{Method, StatusCode};
use tracing::Span;
use tracing::field::{Empty, debug};
use url::Url;

use super::failure::TransportError;

/// The span of a request, at debug. `url.full` is without the query.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct RequestSpan(Span);

impl RequestSpan {
    /// Opens the span of a request that was sent `resends` times before.
    pub fn open(method: &Method, url: &Url, resends: u32) -> Self {
        Self(tracing::debug_span!(
            "http.request",
            otel.kind = "client",
            otel.name = %method,
            otel.status_code = Empty,
            "http.request.method" = %method,
            "server.address" = url.host_str(),
            "server.port" = url.port_or_known_default(),
            "url.full" = url.as_str().split('?').next(),
            "http.request.resend_count" = resends,
            "http.response.status_code" = Empty,
            "error.type" = Empty,
        ))
    }

    /// The span, to work in.
    pub fn span(&self) -> Span {
        self.0.clone()
    }

    /// Records that there is a response.
    pub fn responded(&self, status: StatusCode) {
        self.0.record("http.response.status_code", status.as_u16());
        if status.is_client_error() || status.is_server_error() {
            self.failed_with(status.as_str());
        }
    }

    /// Records that there is none.
    pub fn failed(&self, error: &TransportError) {
        self.0.record("error.type", debug(error.problem()));
        self.0.record("otel.status_code", "ERROR");
    }

    /// Records that there was none in time.
    pub fn timed_out(&self) {
        self.failed_with("timeout");
    }

    fn failed_with(&self, kind: &str) {
        self.0.record("error.type", kind);
        self.0.record("otel.status_code", "ERROR");
    }
}
