//! What several resources read from a request.

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::failure::Failure;
use crate::request::Request;
use crate::state::State;

/// The JSON of a request's body, as lenient as the server's parser: a byte order mark is skipped, and a second value is not
/// read from 8.8 on.
pub(super) fn json_body(state: &State, request: &Request) -> Result<Value, Failure> {
    if !is_json(state, request) {
        return Err(Failure::MediaType);
    }
    let body = request.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&request.body).trim_ascii();
    let is_jersey = state.release.is_jersey();
    if !is_jersey && (request.body.is_empty() || body == b"null") {
        return Err(Failure::NoBody);
    }
    if is_jersey && body.is_empty() {
        return Ok(Value::Null);
    }
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    let first = values.next().and_then(Result::ok).ok_or(Failure::MalformedJson)?;
    let rest = &body[values.byte_offset()..];
    let has_more = serde_json::from_slice::<IgnoredAny>(rest).is_ok() || !rest.trim_ascii().is_empty();
    if has_more && is_jersey { Err(Failure::MalformedJson) } else { Ok(first) }
}

/// The elements of a list, for which a single value may stand.
pub(super) fn elements(body: Value) -> Vec<Value> {
    match body {
        Value::Array(elements) => elements,
        Value::Null => Vec::new(),
        single => vec![single],
    }
}

fn is_json(state: &State, request: &Request) -> bool {
    let content_type = request.header(http::header::CONTENT_TYPE).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_vendors = media_type.starts_with("application/") && media_type.ends_with("+json");
    match media_type.as_str() {
        "application/json" => true,
        "application/cloudevents-batch+json" => {
            !state.release.is_jersey() || request.parts.uri.path().ends_with("/event/batch")
        }
        _ => is_vendors && !state.release.is_jersey(),
    }
}

/// The collection that a request must name; an empty id is one that does not exist.
pub(super) fn collection_id(request: &Request) -> Result<String, Failure> {
    request
        .query_parameter("collectionId")
        .ok_or_else(|| Failure::BadRequest("collectionId must not be null".to_owned()))
}
