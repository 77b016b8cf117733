//! A row's members, as the texts the server sent.

use std::borrow::Cow;
use std::fmt;
use std::io;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Why a batch could not be rendered.
#[derive(Debug)]
pub(crate) enum RenderError {
    Write(io::Error),
    /// A temporary file failed.
    Spool(io::Error),
    Row(serde_json::Error),
}

impl From<io::Error> for RenderError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(error) | Self::Spool(error) => error.fmt(f),
            Self::Row(error) => error.fmt(f),
        }
    }
}

/// Where in a row a cell comes from. Columns are told apart by this, not by their headings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Column {
    /// A member of the row.
    Member(String),
    /// A variable: the heading's prefix and the variable's name.
    Variable(&'static str, String),
}

/// One cell of a row: JSON text, or nothing for `null`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a>(&'a str);

/// The members that hold variables by name, with the prefix their columns get. Decisions have two of them.
const VARIABLES: [(&str, &str); 3] =
    [("variables", "variable"), ("inputVariables", "inputVariable"), ("outputVariables", "outputVariable")];

impl Column {
    pub(crate) fn heading(&self) -> String {
        match self {
            Self::Member(name) => name.clone(),
            Self::Variable(prefix, name) => format!("{prefix}:{name}"),
        }
    }

    /// The column of a heading.
    pub(crate) fn named(heading: &str) -> Self {
        let variable = heading.split_once(':').and_then(|(prefix, name)| {
            let (_, prefix) = VARIABLES.into_iter().find(|(_, known)| *known == prefix)?;
            Some(Self::Variable(prefix, name.to_owned()))
        });
        variable.unwrap_or_else(|| Self::Member(heading.to_owned()))
    }
}

impl<'a> Cell<'a> {
    /// What a person reads: a text without its quotes, nothing for `null`, anything else as JSON.
    pub(crate) fn text(self) -> Cow<'a, str> {
        match self.0.as_bytes().first() {
            Some(b'"') => serde_json::from_str(self.0).unwrap_or(Cow::Borrowed(self.0)),
            Some(b'n') => Cow::Borrowed(""),
            _ => Cow::Borrowed(self.0),
        }
    }

    /// The JSON text.
    pub(crate) fn json(self) -> &'a str {
        self.0
    }

    pub(crate) fn is_text(self) -> bool {
        self.0.starts_with('"')
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == "null" || self.0 == "\"\""
    }

    pub(crate) fn is_nested(self) -> bool {
        self.0.starts_with(['{', '['])
    }

    /// The value inside an object that a path of member names leads to. A name may hold dots too.
    pub(crate) fn at(self, path: &str) -> Option<Self> {
        self.members().into_iter().find_map(|(name, value)| {
            let rest = path.strip_prefix(name.as_ref())?;
            let cell = Self(value.get());
            if rest.is_empty() { Some(cell) } else { cell.at(rest.strip_prefix('.')?) }
        })
    }

    /// The names of an object's members.
    pub(crate) fn member_names(self) -> impl Iterator<Item = Cow<'a, str>> {
        self.members().into_iter().map(|(name, _)| name)
    }

    /// The members of an object; none of anything else.
    fn members(self) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        let is_object = self.0.starts_with('{');
        let members = is_object.then(|| serde_json::from_str(self.0).ok()).flatten();
        members.map_or_else(Vec::new, |Members(members)| members)
    }
}

/// The cells of a row in their order, variables each in a column of its own. A row that is no object is one cell.
pub(crate) fn cells(row: &[u8]) -> Result<Vec<(Column, Cell<'_>)>, RenderError> {
    let Ok(Members(members)) = serde_json::from_slice(row) else {
        let row: &RawValue = serde_json::from_slice(row).map_err(RenderError::Row)?;
        return Ok(vec![(Column::Member("value".to_owned()), Cell(row.get()))]);
    };
    let mut cells = Vec::with_capacity(members.len());
    for (name, value) in members {
        let variables = VARIABLES.into_iter().find(|(member, _)| *member == name).and_then(|(_, prefix)| {
            let Members(variables) = serde_json::from_str(value.get()).ok()?;
            Some((prefix, variables))
        });
        match variables {
            Some((prefix, variables)) => {
                for (name, value) in variables {
                    cells.push((Column::Variable(prefix, name.into_owned()), Cell(variable_value(value.get()))));
                }
            }
            None => cells.push((Column::Member(name.into_owned()), Cell(value.get()))),
        }
    }
    Ok(cells)
}

/// A decision's variable is an object around its value or, for an output, around an array of values.
fn variable_value(text: &str) -> &str {
    let Ok(Members(members)) = serde_json::from_str(text) else { return text };
    let member = |wanted: &str| members.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.get());
    if let Some(value) = member("value") {
        return value;
    }
    let Some(values) = member("values") else { return text };
    match serde_json::from_str::<Vec<&RawValue>>(values).as_deref() {
        Ok([only]) => only.get(),
        _ => values,
    }
}

/// An object's members in their order, undecoded.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A name that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
