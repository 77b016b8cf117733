//! The HTTP rules that the token endpoint and the API share: how connections are made, how much of a response is read, how
//! a failure is reported. [`HttpClient`] is the seam to whatever sends the requests.

mod client;
mod contact;
mod exchange;
mod failure;
mod options;
#[cfg(feature = "_client")]
mod reqwest_client;
#[cfg(feature = "_client")]
mod reqwest_failure;
mod span;

use std::time::{Duration, SystemTime};

pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
pub use bytes::Bytes;
pub use client::{Body, HttpClient, SingleConnection};
pub use contact::Contact;
pub(crate) use exchange::within;
pub use failure::{TlsProblem, TransportError, TransportProblem};
pub use options::{HttpOptions, HttpVersion, Resolver};
pub use span::RequestSpan;

/// The wait of a `Retry-After` header, in seconds or as a date (RFC 9110 §10.2.3).
///
/// A date is relative to the server's own `Date`, or to `now` without one: the clocks may differ. A date in the past is
/// no wait; anything unreadable is ignored.
///
/// ```
/// use optimize_auth::http::{HeaderMap, header, retry_after};
/// use std::time::{Duration, SystemTime};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::RETRY_AFTER, "120".parse().unwrap());
/// assert_eq!(retry_after(&headers, SystemTime::UNIX_EPOCH), Some(Duration::from_secs(120)));
/// ```
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(server_date(headers).unwrap_or(now)).unwrap_or_default())
}

/// The time of day according to the server (RFC 9110 §6.6.1).
pub fn server_date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()
}

/// The bytes without a byte order mark of UTF-8, which editors and some servers put first.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Whether bytes begin with a byte order mark of UTF-16, such as those that older shells of Windows write.
pub fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// Whether a body is a web page rather than a response of an API, by its type or its first character.
pub fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    declared.to_ascii_lowercase().starts_with("text/html") || without_mark(body).trim_ascii_start().starts_with(b"<")
}

/// A web page in the words of an error: with its title, if it has one.
///
/// The title comes from the server; callers clean it with [`scrub`](crate::scrub).
pub fn described_page(body: &[u8]) -> String {
    const LONGEST: usize = 80;
    let text = String::from_utf8_lossy(body);
    let title = text.to_ascii_lowercase().find("<title").and_then(|start| {
        let rest = text[start..].split_once('>')?.1;
        let title = rest.split_once('<')?.0.split_whitespace().collect::<Vec<_>>().join(" ");
        (!title.is_empty()).then(|| title.chars().take(LONGEST).collect::<String>())
    });
    title.map_or_else(|| "a web page".to_owned(), |title| format!("a web page titled \"{title}\""))
}
