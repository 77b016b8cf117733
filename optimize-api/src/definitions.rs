//! Exported definitions of reports and dashboards. They travel as the server wrote them: no member is dropped, renamed or
//! reordered, since their inside differs from release to release.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::transport::decode;

/// A JSON array of exported definitions, byte for byte as the server sent it, or as a file holds it.
///
/// ```
/// use optimize_api::{DefinitionKind, Definitions};
///
/// let file = r#"[{"id":"1","exportEntityType":"dashboard","name":"Claims"},{"id":"2","exportEntityType":"combined_report"}]"#;
/// let definitions = Definitions::from_json(file)?;
/// let dashboards: Definitions = definitions.iter().filter(|found| found.kind == DefinitionKind::Dashboard).collect();
/// assert_eq!((definitions.len(), dashboards.len()), (2, 1));
/// # Ok::<(), optimize_api::Error>(())
/// ```
#[derive(Clone)]
pub struct Definitions {
    json: Bytes,
    all: Arc<[Definition]>,
}

/// One exported definition: a slice of the array, and what identifies it.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// let definitions = client.reports().export_definitions(&["claims-count".into()]).await?;
/// let definition = definitions.iter().next().ok_or("one definition")?;
/// assert_eq!((definition.id.as_str(), definition.json().is_empty()), ("claims-count", false));
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Definition {
    /// The id. In a file it only serves references inside the file; an import gives new ones.
    pub id: String,
    /// What it is.
    pub kind: DefinitionKind,
    /// The name; empty if the server left it out.
    pub name: String,
    /// The version of the index it was exported from. An import must come from exactly the same one.
    pub source_index_version: Option<i64>,
    json: Bytes,
}

/// `exportEntityType`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DefinitionKind {
    /// A report on a process.
    SingleProcessReport,
    /// A report on a decision.
    SingleDecisionReport,
    /// Several reports in one.
    CombinedReport,
    /// A dashboard.
    Dashboard,
    /// One that a later release has brought.
    Other(String),
}

impl DefinitionKind {
    /// The word the server has for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::SingleProcessReport => "single_process_report",
            Self::SingleDecisionReport => "single_decision_report",
            Self::CombinedReport => "combined_report",
            Self::Dashboard => "dashboard",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for DefinitionKind {
    fn from(word: String) -> Self {
        match word.as_str() {
            "single_process_report" => Self::SingleProcessReport,
            "single_decision_report" => Self::SingleDecisionReport,
            "combined_report" => Self::CombinedReport,
            "dashboard" => Self::Dashboard,
            _ => Self::Other(word),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    export_entity_type: Option<&'a RawValue>,
    name: Option<&'a RawValue>,
    source_index_version: Option<&'a RawValue>,
}

/// The value of a member, if it is there and of this type.
fn member<T: DeserializeOwned>(raw: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

impl Definitions {
    /// Reads a JSON array of objects. What is in them is the server's affair.
    ///
    /// Fails with [`InvalidInput`](crate::ErrorKind::InvalidInput) if it is something else; a single definition stands in
    /// an array too.
    pub fn from_json(json: impl Into<Bytes>) -> Result<Self, Error> {
        let json = json.into();
        let invalid = |what: String| Error::invalid_input(&crate::operation::IMPORT, what);
        if let Some(problem) = other_form(&json) {
            return Err(invalid(problem.to_owned()));
        }
        let parts: Vec<&RawValue> = serde_json::from_slice(&json).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            invalid(format!("the definitions are not a JSON array ({place})"))
        })?;
        match parts.iter().position(|part| !part.get().starts_with('{')) {
            Some(index) => Err(invalid(format!("element {index} of the definitions is not a JSON object"))),
            None => Ok(Self::of(&json, &parts)),
        }
    }

    pub(crate) fn from_response(operation: &'static Operation, body: &Bytes) -> Result<Self, Error> {
        let parts: Vec<&RawValue> = decode::json(operation, body)?;
        let definitions = Self::of(body, &parts);
        let unnamed = definitions.all.iter().position(|definition| definition.id.is_empty());
        match unnamed {
            None => Ok(definitions),
            Some(place) => {
                let message = format!("element {place} of the response is not a definition: it has no id");
                Err(Error::new(operation, ErrorKind::Misconfigured, message))
            }
        }
    }

    fn of(json: &Bytes, parts: &[&RawValue]) -> Self {
        let all = parts.iter().map(|part| Definition::of(json.slice_ref(part.get().as_bytes())));
        Self { all: all.collect(), json: json.clone() }
    }

    /// The array as it was sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.json
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The definitions, in the order of the array. What one does not have is empty.
    pub fn iter(&self) -> impl Iterator<Item = Definition> {
        self.all.iter().cloned()
    }
}

impl PartialEq for Definitions {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl Eq for Definitions {}

/// What a file is that is often mistaken for definitions, with the fix.
fn other_form(text: &[u8]) -> Option<&'static str> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let first = match values.next() {
        None => {
            return Some("it is empty; export definitions into it first");
        }
        Some(value) => value.ok()?.get(),
    };
    let has_more = values.next().is_some_and(|value| value.is_ok());
    match (first.as_bytes().first(), has_more) {
        (Some(b'['), true) => {
            Some("it has several arrays one after the other; make one of them, with `jq -s add FILE`")
        }
        (Some(b'['), false) => None,
        (Some(b'{'), true) => {
            Some("it has one object after the other (NDJSON); make an array of them, with `jq -s . FILE`")
        }
        (Some(b'{'), false) => Some("a single definition must be in an array: put [ before it and ] after it"),
        _ => Some("it is neither an array nor an object, so it does not hold definitions"),
    }
}

impl Definition {
    fn of(json: Bytes) -> Self {
        let head: Head<'_> = serde_json::from_slice(&json).unwrap_or_default();
        let [id, kind, name] = [head.id, head.export_entity_type, head.name].map(member::<String>);
        Self {
            id: id.unwrap_or_default(),
            kind: kind.unwrap_or_default().into(),
            name: name.unwrap_or_default(),
            source_index_version: member(head.source_index_version),
            json,
        }
    }

    /// Its JSON text, exactly as it stands in the array.
    #[expect(clippy::missing_panics_doc, reason = "a raw JSON value is always UTF-8")]
    pub fn json(&self) -> &str {
        std::str::from_utf8(&self.json).expect("a raw JSON value is text")
    }
}

/// The JSON text as it stands in the array.
impl Serialize for Definition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decode::raw(&self.json, serializer)
    }
}

/// An array of these definitions, each with its own JSON text.
impl FromIterator<Definition> for Definitions {
    fn from_iter<I: IntoIterator<Item = Definition>>(definitions: I) -> Self {
        let all: Arc<[Definition]> = definitions.into_iter().collect();
        let texts: Vec<_> = all.iter().map(|definition| definition.json.as_ref()).collect();
        Self { json: [b"[", texts.join(&b","[..]).as_slice(), b"]"].concat().into(), all }
    }
}

impl From<Definitions> for Bytes {
    fn from(definitions: Definitions) -> Self {
        definitions.json
    }
}

impl fmt::Debug for Definitions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|definition| definition.id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_sends_is_kept_byte_for_byte_and_looked_into() {
        let text = r#"[ {"name" : "A","id":"1","exportEntityType":"dashboard","n":1.000000000000000000001} ,
            {"exportEntityType":"brand_new","id":"2","name":"\ud800","x":{"a":1,"a":2}}]"#;
        let definitions = Definitions::from_response(&crate::operation::REPORT_EXPORT, &text.into()).unwrap();
        assert_eq!(definitions.as_bytes(), text.as_bytes());
        let found: Vec<_> = definitions.iter().collect();
        assert_eq!(
            (found[0].id.as_str(), &found[0].kind, found[0].name.as_str()),
            ("1", &DefinitionKind::Dashboard, "A")
        );
        assert!(found[0].json().ends_with("1.000000000000000000001}"));
        // Half a surrogate pair is passed on, though it is not a string.
        assert_eq!((found[1].kind.as_str(), found[1].id.as_str(), found[1].name.as_str()), ("brand_new", "2", ""));
        let file = Definitions::from_json(text).unwrap();
        assert_eq!(file, definitions);
    }

    #[test]
    fn a_file_that_cannot_be_imported_is_reported_with_its_place() {
        let refusal = |text: &str| Definitions::from_json(text.to_owned()).unwrap_err().to_string();
        insta::assert_snapshot!(refusal("{}"), @"failed to import definitions into the collection: a single definition must be in an array: put [ before it and ] after it");
        insta::assert_snapshot!(refusal("[1]"), @"failed to import definitions into the collection: element 0 of the definitions is not a JSON object");
        insta::assert_snapshot!(refusal("[{},"), @"failed to import definitions into the collection: the definitions are not a JSON array (line 1, column 4)");
        assert_eq!(Definitions::from_json("[]").unwrap().iter().count(), 0);
    }
}
