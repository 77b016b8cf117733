//! Error bodies, of whatever form: Optimize's error object, a validation body, problem+json, text, HTML, nothing.

use std::fmt;

use http::HeaderMap;
use optimize_auth::http::{described_page, is_html};
use optimize_auth::scrub;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How many complaints of a validation body are named in a sentence.
const MOST_NAMED: usize = 3;

/// What a server said about a failure. Every part may be missing.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// let error = client.collections().get("no-such-collection").await.unwrap_err();
/// assert_eq!(error.server().code.as_deref(), Some("notFoundError"));
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServerError {
    /// `errorCode`: machine-readable, for example `notFoundError`.
    pub code: Option<String>,
    /// The most specific text there is: `detailedMessage`, else `errorMessage`, else that of another form of body.
    pub detail: Option<String>,
    /// What a validation body complains about, `validationErrors`.
    pub validation_errors: Vec<ValidationError>,
    /// Of an import: the index versions that are not the server's own, `mismatchingIndices`. Whatever the code is.
    pub mismatching_indices: Vec<MismatchingIndex>,
    /// Of an import: the definitions that the server does not know or the caller may not use, `definitions`.
    pub definitions: Vec<MissingDefinition>,
    /// Of a 409: what stands in the way, `conflictedItems`.
    pub conflicted_items: Vec<ConflictedItem>,
    /// Whether the body is a web page, which Optimize's API never sends: something in front of it responded.
    pub is_web_page: bool,
}

/// One thing that a server finds invalid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ValidationError {
    /// Where it is: a parameter, or a field of an element such as `element[2].name`.
    pub property: String,
    /// What is wrong with it.
    pub message: String,
}

impl ValidationError {
    /// The place of the element in the batch, counted from 0, and the field, if it is one of an element.
    pub fn element(&self) -> Option<(usize, &str)> {
        let (place, field) = self.property.strip_prefix("element[")?.split_once(']')?;
        Some((place.parse().ok()?, field.trim_start_matches('.')))
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property, self.message)
    }
}

/// An index version of a definition that a server does not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MismatchingIndex {
    /// For example `single-process-report`.
    pub index_name: String,
    /// The version in the definition.
    pub source_index_version: i64,
    /// The version that the server expects.
    pub target_index_version: i64,
}

/// A process or decision that a server does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MissingDefinition {
    /// `process` or `decision`.
    #[serde(rename = "type")]
    pub definition_type: String,
    /// The key of the definition.
    pub key: String,
    /// The versions, among them words such as `ALL`.
    #[serde(default)]
    pub versions: Vec<String>,
    /// The tenants; `None` is the default tenant.
    #[serde(default)]
    pub tenant_ids: Vec<Option<String>>,
}

/// Something that keeps an operation from being done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConflictedItem {
    /// Its id.
    pub id: String,
    /// `alert`, `combined_report`, `dashboard`, `collection` or `report`.
    #[serde(rename = "type")]
    pub item_type: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
}

impl ServerError {
    /// Reads leniently; never fails. `secrets` are kept out of the texts.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8], secrets: &[&str]) -> Self {
        let clean = |text: &str| scrub(text, secrets);
        if is_html(headers, body) {
            return Self { detail: Some(clean(&described_page(body))), is_web_page: true, ..Self::default() };
        }
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
            let text = String::from_utf8_lossy(body);
            let detail = if text.trim().is_empty() { challenge(headers) } else { Some(text.trim().to_owned()) };
            return Self { detail: detail.map(|text| clean(&text)), ..Self::default() };
        };
        let validation_errors = members.get("validationErrors").and_then(Value::as_array).map(Vec::as_slice);
        let validation_errors: Vec<_> = validation_errors
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_object)
            .map(|entry| {
                let [property, message] =
                    ["property", "errorMessage"].map(|name| clean(text(entry, name).unwrap_or("?")));
                ValidationError { property, message }
            })
            .collect();
        let detail = ["detailedMessage", "errorMessage", "detail", "title", "error_description", "message", "error"]
            .iter()
            .find_map(|name| text(&members, name))
            .map(clean);
        // All of them are in `validation_errors`; a sentence names the first.
        let mut complaints = validation_errors.iter().take(MOST_NAMED).map(ToString::to_string).collect::<Vec<_>>();
        if let Some(more) = validation_errors.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            complaints.push(format!("and {more} more"));
        }
        let complaints = complaints.join("; ");
        let detail = match (detail, complaints.is_empty()) {
            (detail, true) => detail,
            (None, false) => Some(complaints),
            (Some(detail), false) => Some(format!("{detail} ({complaints})")),
        };
        Self {
            code: text(&members, "errorCode").map(clean),
            detail,
            validation_errors,
            mismatching_indices: list(&members, "mismatchingIndices"),
            definitions: list(&members, "definitions"),
            conflicted_items: list(&members, "conflictedItems"),
            is_web_page: false,
        }
    }
}

/// The entries that have the expected shape.
fn list<T: DeserializeOwned>(members: &Map<String, Value>, name: &str) -> Vec<T> {
    let entries = members.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| T::deserialize(entry).ok()).collect()
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// The `error_description` of a bearer challenge (RFC 6750 §3), the only text in a 401 of Optimize.
fn challenge(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(http::header::WWW_AUTHENTICATE)?.to_str().ok()?;
    let quoted = |name: &str| {
        let (_, rest) = value.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    quoted("error_description").or_else(|| quoted("error"))
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
