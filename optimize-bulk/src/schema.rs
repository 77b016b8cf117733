//! Which columns a file has, and of which types.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::types::ColumnType;

/// The columns of a file, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The columns.
    pub columns: Vec<Field>,
}

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Field {
    /// Its heading.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// What a number counts, such as `ms` or `%`; absent if it has no unit, or an unknown one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The most digits of a number that were seen; 0 if nothing was looked at.
    #[serde(skip)]
    pub(crate) digits: usize,
    /// The longest value in characters, up to a limit.
    #[serde(skip)]
    pub(crate) width: usize,
}

impl Field {
    /// A column without a unit.
    pub fn new(name: impl Into<String>, kind: ColumnType) -> Self {
        Self { name: name.into(), kind, unit: None, digits: 0, width: 0 }
    }

    /// What is wrong with a value that is not of the type; a long one is cut.
    pub(crate) fn unfit(&self, text: &str) -> String {
        let shown: String = text.chars().take(40).collect();
        format!("the column {} is of type {}, and {shown:?} does not fit", self.name, self.kind)
    }
}

impl Schema {
    /// Reads `{"columns":[{"name":"orderTotal","type":"decimal(10,2)"}]}`. The same column twice is an error.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = |problem: String| Error::Input(format!("read {}: {problem}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let schema: Self = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
        for (place, field) in schema.columns.iter().enumerate() {
            if schema.columns[..place].iter().any(|other| other.name == field.name) {
                return Err(failed(format!("the column {} is there twice", field.name)));
            }
        }
        if schema.columns.is_empty() {
            return Err(failed("it has no columns".to_owned()));
        }
        Ok(schema)
    }

    /// The text of a schema file.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}
