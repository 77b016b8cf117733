//! Readers of foreign bytes, for fuzz targets. Not part of the crate.

use http::{HeaderMap, HeaderValue, header};

use crate::error::ServerError;

/// The body of a failure. Fails if a text is not fit to be shown, or repeats the secret.
pub fn error_body(content_type: &str, body: &[u8], secret: &str) {
    let mut headers = HeaderMap::new();
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        headers.insert(header::CONTENT_TYPE, content_type.clone());
        headers.insert(header::WWW_AUTHENTICATE, content_type);
    }
    let error = ServerError::read(&headers, body, &[secret]);
    for text in error.code.iter().chain(&error.detail) {
        assert!(!text.contains(optimize_auth::is_hidden) && !text.contains(secret), "{text:?}");
    }
}
