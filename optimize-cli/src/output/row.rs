//! A row's members, as the texts the server sent.

use std::fmt;
use std::io;

use crate::json_text::JsonText;

/// Why a batch could not be rendered.
#[derive(Debug)]
pub(crate) enum RenderError {
    Write(io::Error),
    /// A temporary file failed.
    Spool(io::Error),
    /// A row is not JSON.
    Row,
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
            Self::Row => f.write_str("a row is not JSON"),
        }
    }
}

/// Where in a row a cell comes from. It identifies a column; the heading does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Column {
    /// A member of the row.
    Member(String),
    /// A variable: the heading's prefix and the variable's name.
    Variable(&'static str, String),
}

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

/// The cells of a row in their order, variables each in a column of its own. A row that is not an object is one cell.
pub(crate) fn cells(row: &[u8]) -> Result<Vec<(Column, JsonText<'_>)>, RenderError> {
    let Some(members) = JsonText::object_of(row) else {
        let row = JsonText::parse(row).ok_or(RenderError::Row)?;
        return Ok(vec![(Column::Member("value".to_owned()), row)]);
    };
    let mut cells = Vec::with_capacity(members.len());
    for (name, value) in members {
        let variables = VARIABLES.into_iter().find(|(member, _)| *member == name);
        match variables.and_then(|(_, prefix)| Some((prefix, value.object()?))) {
            Some((prefix, variables)) => {
                for (name, value) in variables {
                    cells.push((Column::Variable(prefix, name.into_owned()), variable_value(value)));
                }
            }
            None => cells.push((Column::Member(name.into_owned()), value)),
        }
    }
    Ok(cells)
}

/// A decision's variable is an object around its value or, for an output, around an array of values.
fn variable_value(variable: JsonText<'_>) -> JsonText<'_> {
    if let Some(value) = variable.member("value") {
        return value;
    }
    let Some(values) = variable.member("values") else { return variable };
    match values.elements().as_deref() {
        Some([only]) => *only,
        _ => values,
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
