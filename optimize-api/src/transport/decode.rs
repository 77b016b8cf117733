//! JSON responses.

use serde::Deserialize;
use serde::ser::{self, Serialize, Serializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind};
use crate::operation::Operation;

/// Decodes the body of a 2xx. JSON of another shape means that something other than Optimize responded.
pub(crate) fn json<'de, T: Deserialize<'de>>(operation: &'static Operation, body: &'de [u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let (kind, problem) = match error.classify() {
            Category::Eof if !body.is_empty() => (ErrorKind::Interrupted, "the response is cut off"),
            Category::Data => (ErrorKind::Misconfigured, "the response does not match the expected schema"),
            _ => (ErrorKind::Misconfigured, "the response is not JSON"),
        };
        // The text of a serde error repeats values of the response, so errors contain the position only.
        Error::new(operation, kind, format!("{problem} ({place})"))
    })
}

/// Writes JSON that was kept as text.
pub(crate) fn raw<S: Serializer>(json: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let value: &RawValue = serde_json::from_slice(json).map_err(ser::Error::custom)?;
    value.serialize(serializer)
}
