//! What the web stack of each release returns by itself: its container, its firewall and its error page.
//!
//! The source is the recordings of the real libraries in `tests/recordings`.

use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, Version, header};
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::release::Release;
use crate::response::{empty, json_response, text_response};

/// The largest URL and headers that are accepted, in bytes; the default of every release.
const LARGEST_HEAD: usize = 8192;

/// What Spring Security writes up to 8.8.
const NO_CACHING: &str = "no-cache, no-store, max-age=0, must-revalidate";
/// What Jetty's own error pages have.
const NO_CACHING_OF_JETTY: &str = "must-revalidate,no-cache,no-store";

/// The response to a request that never reaches Optimize.
pub(crate) fn refusal(release: Release, parts: &Parts) -> Option<Response> {
    let path = parts.uri.path();
    let target = parts.uri.path_and_query().map_or(path, |target| target.as_str());
    let headers: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if release.is_jersey() {
        return refusal_of_jetty(release, parts, target, target.len() + headers);
    }
    let is_bad = target.len() + headers > LARGEST_HEAD
        || host(parts).is_none_or(|host| host.contains('_'))
        || has_odd_characters(target)
        || has_encoded(path, &["2f", "5c", "00"])
        || is_undecodable(path);
    if is_bad {
        return Some(page(400));
    }
    if has_unusual_expectation(parts) {
        return Some(page(417));
    }
    match parts.method {
        Method::TRACE if release != Release::V8_8 => {
            return Some(without_caching(error_page(release, 405, path)));
        }
        ref method if !is_usual(method) => {
            return Some(match release {
                Release::V8_8 => without_caching(empty(400)),
                _ => error_page(release, 400, path),
            });
        }
        _ => {}
    }
    if path.starts_with("//") && release != Release::V8_8 {
        return Some(user_interface(release));
    }
    let is_fought_off =
        path.contains("//") || path.contains(';') || has_dots(path) || has_encoded(path, &["25", "3b", "0a", "0d"]);
    is_fought_off.then(|| match release {
        Release::V8_8 => without_caching(to_login()),
        _ => error_page(release, 400, path),
    })
}

fn refusal_of_jetty(release: Release, parts: &Parts, target: &str, head: usize) -> Option<Response> {
    let path = parts.uri.path();
    let of_jetty = |response: Response| Some(with_caching(response, NO_CACHING_OF_JETTY));
    if target.len() > LARGEST_HEAD {
        return Some(without_caching(closing(page(414))));
    }
    if head > LARGEST_HEAD {
        return Some(without_caching(closing(page(431))));
    }
    let is_bad = host(parts).is_none()
        || path.contains("//")
        || has_encoded(path, &["00"])
        || has_odd_characters(path)
        || is_undecodable(path);
    if is_bad {
        return of_jetty(closing(page(400)));
    }
    if has_unusual_expectation(parts) {
        return of_jetty(closing(page(417)));
    }
    if !is_usual(&parts.method) {
        return if release == Release::V8_6 { of_jetty(empty(400)) } else { Some(without_caching(empty(400))) };
    }
    if has_encoded(path, &["25", "2f", "5c", "0a", "0d", "2e"]) {
        return of_jetty(closing(empty(400)));
    }
    if path.contains(';') || has_encoded(path, &["3b"]) || has_dots(path) {
        return of_jetty(to_login());
    }
    None
}

/// A redirect to the login page of the identity provider.
pub(crate) fn to_login() -> Response {
    let mut response = with_caching(empty(302), NO_CACHING);
    let target = "http://identity.invalid/auth/realms/camunda-platform/protocol/openid-connect/auth?client_id=optimize&response_type=code";
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(target));
    response
}

/// What is outside `/api` belongs to the user interface: up to 8.8 behind a login.
pub(crate) fn user_interface(release: Release) -> Response {
    if release.redirects_to_login() {
        return to_login();
    }
    let mut response = without_caching(empty(302));
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/#"));
    response
}

/// A path of another application, or of none.
pub(crate) fn unknown_context() -> Response {
    page(404)
}

/// A path below `/api` that is not of the public API, whatever the token is.
pub(crate) fn closed_to_tokens(release: Release) -> Response {
    if release.redirects_to_login() { with_caching(empty(401), NO_CACHING) } else { empty(401) }
}

/// The server cannot get the keys to check tokens with.
pub(crate) fn without_keys(release: Release, path: &str) -> Response {
    if release.redirects_to_login() { to_login() } else { error_page(release, 500, path) }
}

/// The error page of Spring Boot or, from 8.10 on, of Optimize.
pub(crate) fn error_page(release: Release, status: u16, path: &str) -> Response {
    if release == Release::V8_10 {
        return text_response(status, "text/plain;charset=UTF-8", "");
    }
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let body = json!({ "timestamp": "2026-01-31T12:00:00.123+00:00", "status": status, "error": reason, "path": path });
    json_response(status, &body)
}

/// What every response of a release has in common.
pub(crate) fn finish(release: Release, version: Version, response: &mut Response) {
    let status = response.status().as_u16();
    if status == 401 && release.redirects_to_login() {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(NO_CACHING));
    }
    // Tomcat ends the connection after these; in HTTP/2 there is no header for that.
    let is_first = version <= Version::HTTP_11;
    if is_first && !release.is_jersey() && matches!(status, 400 | 408 | 411 | 413 | 414 | 417 | 500 | 501 | 503) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

/// An error page of the container, with the header that Optimize's own responses have taken away.
fn page(status: u16) -> Response {
    let title = format!(
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status {status}</title></head><body></body></html>"
    );
    without_caching(text_response(status, "text/html;charset=utf-8", title))
}

fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn with_caching(mut response: Response, caching: &'static str) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

fn without_caching(mut response: Response) -> Response {
    response.headers_mut().remove(header::CACHE_CONTROL);
    response
}

/// The host that is asked for, in a header or, from HTTP/2 on, beside the path.
fn host(parts: &Parts) -> Option<&str> {
    let header = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))
}

fn is_usual(method: &Method) -> bool {
    let usual = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    usual.contains(method)
}

fn has_unusual_expectation(parts: &Parts) -> bool {
    let expected = parts.headers.get(header::EXPECT).and_then(|value| value.to_str().ok());
    expected.is_some_and(|expected| !expected.eq_ignore_ascii_case("100-continue"))
}

/// Whether the path has one of these characters percent-encoded.
fn has_encoded(path: &str, codes: &[&str]) -> bool {
    let path = path.to_ascii_lowercase();
    codes.iter().any(|code| path.contains(&format!("%{code}")))
}

fn has_dots(path: &str) -> bool {
    path.split('/').any(|segment| {
        let decoded = percent_decode_str(segment).decode_utf8_lossy();
        decoded == "." || decoded == ".."
    })
}

/// Characters that must be percent-encoded, and are not.
fn has_odd_characters(target: &str) -> bool {
    target.contains(['[', ']', '{', '}', '|', '"', '<', '>', '\\', '^', '`']) || !target.is_ascii()
}

fn is_undecodable(path: &str) -> bool {
    let has_broken_code = path
        .split('%')
        .skip(1)
        .any(|rest| !rest.get(..2).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit())));
    has_broken_code || percent_decode_str(path).decode_utf8().is_err()
}
