//! Responses of the API, in the form of each release.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::release::Release;

/// A path that does not exist, or one without this method.
pub(crate) fn unknown_resource(release: Release, method: &Method, path: &str, is_known: bool) -> Response {
    let path = path.trim_start_matches('/');
    match (release.is_jersey(), is_known) {
        (true, false) => optimize_error(404, "notFoundError", "HTTP 404 Not Found"),
        (true, true) => optimize_error(500, "serverError", "HTTP 405 Method Not Allowed"),
        (false, false) => optimize_error(500, "serverError", &format!("No static resource {path}.")),
        (false, true) => optimize_error(500, "serverError", &format!("Request method '{method}' is not supported")),
    }
}

/// A rejected or missing token.
pub(crate) fn unauthorized(release: Release, host: Option<&str>, problem: Option<&str>) -> Response {
    let mut parameters = Vec::new();
    if let Some(problem) = problem {
        parameters.push("error=\"invalid_token\"".to_owned());
        parameters.push(format!("error_description=\"{problem}\""));
        parameters.push("error_uri=\"https://tools.ietf.org/html/rfc6750#section-3.1\"".to_owned());
    }
    if release.names_resource_metadata() {
        let host = host.unwrap_or("localhost");
        parameters.push(format!("resource_metadata=\"http://{host}/.well-known/oauth-protected-resource\""));
    }
    let challenge = format!("Bearer {}", parameters.join(", "));
    let mut response = empty(401);
    if let Ok(challenge) = HeaderValue::from_str(challenge.trim_end()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

pub(crate) fn optimize_error(status: u16, code: &str, detail: &str) -> Response {
    json_response(status, &error_object(code, detail))
}

pub(crate) fn error_object(code: &str, detail: &str) -> Value {
    json!({
        "errorCode": code,
        "errorMessage": "The request could not be served.",
        "detailedMessage": detail,
        "reportDefinition": null,
    })
}

/// The response of an operation that has none.
pub(crate) fn void(release: Release) -> Response {
    empty(if release.is_jersey() { 204 } else { 200 })
}

pub(crate) fn json_response(status: u16, body: &Value) -> Response {
    text_response(status, "application/json", body.to_string())
}

pub(crate) fn text_response(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    let mut response = empty(status);
    *response.body_mut() = body.into();
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response
}

pub(crate) fn empty(status: u16) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
