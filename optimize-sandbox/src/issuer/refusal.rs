//! A token request that is refused.

use axum::response::Response;
use http::{HeaderValue, header};
use serde_json::json;

use crate::response::json_response;

/// A refused request, in the words of RFC 6749 §5.2.
pub(super) struct Refusal {
    status: u16,
    error: &'static str,
    description: &'static str,
}

pub(super) type Refused<T> = Result<T, Refusal>;

pub(super) fn refused(status: u16, error: &'static str, description: &'static str) -> Refusal {
    Refusal { status, error, description }
}

impl Refusal {
    pub(super) fn response(self) -> Response {
        let Self { status, error, description } = self;
        let mut response = json_response(status, &json!({ "error": error, "error_description": description }));
        if status == 401 {
            let challenge = HeaderValue::from_static("Basic realm=\"sandbox\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
