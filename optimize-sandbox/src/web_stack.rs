//! What the web stack of each release answers by itself: its container, its firewall and its error page.
//!
//! The source is the recordings of the real libraries in `tests/recordings`.

use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, Version, header};
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::error::{empty, json_answer, text_answer};
use crate::generation::Generation;

/// The largest URL and headers that are accepted, in bytes; the default of every release.
const LARGEST_HEAD: usize = 8192;

/// What Spring Security writes up to 8.8.
const NO_CACHING: &str = "no-cache, no-store, max-age=0, must-revalidate";
/// What Jetty's own error pages have.
const NO_CACHING_OF_JETTY: &str = "must-revalidate,no-cache,no-store";

/// The answer to a request that never reaches Optimize.
pub(crate) fn refusal(generation: Generation, parts: &Parts) -> Option<Response> {
    let path = parts.uri.path();
    let target = parts.uri.path_and_query().map_or(path, |target| target.as_str());
    let headers: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if generation.is_jersey() {
        return refusal_of_jetty(generation, parts, target, target.len() + headers);
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
        Method::TRACE if generation != Generation::G3 => {
            return Some(without_caching(error_page(generation, 405, path)));
        }
        ref method if !is_usual(method) => {
            return Some(match generation {
                Generation::G3 => without_caching(empty(400)),
                _ => error_page(generation, 400, path),
            });
        }
        _ => {}
    }
    if path.starts_with("//") && generation != Generation::G3 {
        return Some(user_interface(generation));
    }
    let is_fought_off =
        path.contains("//") || path.contains(';') || has_dots(path) || has_encoded(path, &["25", "3b", "0a", "0d"]);
    is_fought_off.then(|| match generation {
        Generation::G3 => without_caching(to_login()),
        _ => error_page(generation, 400, path),
    })
}

fn refusal_of_jetty(generation: Generation, parts: &Parts, target: &str, head: usize) -> Option<Response> {
    let path = parts.uri.path();
    let of_jetty = |answer: Response| Some(with_caching(answer, NO_CACHING_OF_JETTY));
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
        return if generation == Generation::G2 { of_jetty(empty(400)) } else { Some(without_caching(empty(400))) };
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
    let mut answer = with_caching(empty(302), NO_CACHING);
    let target = "http://identity.invalid/auth/realms/camunda-platform/protocol/openid-connect/auth?client_id=optimize&response_type=code";
    answer.headers_mut().insert(header::LOCATION, HeaderValue::from_static(target));
    answer
}

/// What is outside `/api` belongs to the user interface: up to 8.8 behind a login.
pub(crate) fn user_interface(generation: Generation) -> Response {
    if generation.redirects_to_login() {
        return to_login();
    }
    let mut answer = without_caching(empty(302));
    answer.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/#"));
    answer
}

/// A path of another application, or of none.
pub(crate) fn unknown_context() -> Response {
    page(404)
}

/// A path below `/api` that is not of the public API, whatever the token is.
pub(crate) fn closed_to_tokens(generation: Generation) -> Response {
    if generation.redirects_to_login() { with_caching(empty(401), NO_CACHING) } else { empty(401) }
}

/// The server cannot get the keys to check tokens with.
pub(crate) fn without_keys(generation: Generation, path: &str) -> Response {
    if generation.redirects_to_login() { to_login() } else { error_page(generation, 500, path) }
}

/// The error page of Spring Boot or, from 8.10 on, of Optimize.
pub(crate) fn error_page(generation: Generation, status: u16, path: &str) -> Response {
    if generation == Generation::G4 {
        return text_answer(status, "text/plain;charset=UTF-8", "");
    }
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let body = json!({ "timestamp": "2026-01-31T12:00:00.123+00:00", "status": status, "error": reason, "path": path });
    json_answer(status, &body)
}

/// What every answer of a release has in common.
pub(crate) fn finish(generation: Generation, version: Version, answer: &mut Response) {
    let status = answer.status().as_u16();
    if status == 401 && generation.redirects_to_login() {
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(NO_CACHING));
    }
    // Tomcat ends the connection after these; in HTTP/2 there is no header for that.
    let is_first = version <= Version::HTTP_11;
    if is_first && !generation.is_jersey() && matches!(status, 400 | 408 | 411 | 413 | 414 | 417 | 500 | 501 | 503) {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

/// An error page of the container, with the header that Optimize's own answers have taken away.
fn page(status: u16) -> Response {
    let title = format!(
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status {status}</title></head><body></body></html>"
    );
    without_caching(text_answer(status, "text/html;charset=utf-8", title))
}

fn closing(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

fn with_caching(mut answer: Response, caching: &'static str) -> Response {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    answer
}

fn without_caching(mut answer: Response) -> Response {
    answer.headers_mut().remove(header::CACHE_CONTROL);
    answer
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
