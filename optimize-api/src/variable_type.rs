//! The types of variables.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The type of a variable, in the server's spelling.
///
/// ```
/// use optimize_api::VariableType;
///
/// assert_eq!(VariableType::from("Double"), VariableType::Double);
/// assert_eq!(VariableType::Double.as_str(), "Double");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VariableType {
    /// Text.
    String,
    /// A 16-bit integer.
    Short,
    /// A 64-bit integer.
    Long,
    /// A floating-point number.
    Double,
    /// A 32-bit integer.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// `2024-03-05T14:07:09.120+0000`.
    Date,
    /// An object, serialized as `serializationDataFormat` says.
    Object,
    /// JSON.
    Json,
    /// A type of a later release.
    Other(String),
}

impl VariableType {
    const KNOWN: [Self; 9] = [
        Self::String,
        Self::Short,
        Self::Long,
        Self::Double,
        Self::Integer,
        Self::Boolean,
        Self::Date,
        Self::Object,
        Self::Json,
    ];

    /// Those that every release knows.
    pub fn known() -> [Self; 9] {
        Self::KNOWN
    }

    /// The word the server has for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::String => "String",
            Self::Short => "Short",
            Self::Long => "Long",
            Self::Double => "Double",
            Self::Integer => "Integer",
            Self::Boolean => "Boolean",
            Self::Date => "Date",
            Self::Object => "Object",
            Self::Json => "Json",
            Self::Other(word) => word,
        }
    }
}

impl<'de> Deserialize<'de> for VariableType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|word| Self::from(word.as_str()))
    }
}

impl From<&str> for VariableType {
    /// Case does not matter for the known ones.
    fn from(word: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(word));
        known.unwrap_or_else(|| Self::Other(word.to_owned()))
    }
}

impl FromStr for VariableType {
    type Err = std::convert::Infallible;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(word.into())
    }
}

impl fmt::Display for VariableType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for VariableType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
