//! A row's members, as the texts the server sent.

use std::borrow::Cow;

use optimize_api::json_text::JsonText;

use crate::cell::Cell;

/// Where in a row a cell comes from. It identifies a column; the heading does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column<'a> {
    /// A member of the row.
    Member(Cow<'a, str>),
    /// A member of a member that is an object: both names.
    Part(Cow<'a, str>, Cow<'a, str>),
    /// A variable, or what else has names of its own: the heading's prefix and the name.
    Variable(&'static str, Cow<'a, str>),
}

/// The members that hold variables by name, with the prefix their columns get. Decisions have two of them.
const VARIABLES: [(&str, &str); 3] =
    [("variables", "variable"), ("inputVariables", "inputVariable"), ("outputVariables", "outputVariable")];

/// The prefix of the durations of flow nodes, by their ids.
pub(crate) const NODE_DURATION: &str = "flowNodeDuration";

impl Column<'_> {
    /// The name of the column.
    pub fn heading(&self) -> String {
        match self {
            Self::Member(name) => name.clone().into_owned(),
            Self::Part(member, name) => format!("{member}.{name}"),
            Self::Variable(prefix, name) => format!("{prefix}:{name}"),
        }
    }

    /// The column of a heading.
    pub fn named(heading: &str) -> Column<'static> {
        let variable = heading.split_once(':').and_then(|(prefix, name)| {
            let prefixes = VARIABLES.into_iter().map(|(_, prefix)| prefix).chain([NODE_DURATION]);
            let prefix = prefixes.into_iter().find(|known| *known == prefix)?;
            Some(Column::Variable(prefix, name.to_owned().into()))
        });
        variable.unwrap_or_else(|| Column::Member(heading.to_owned().into()))
    }

    /// The same, without what it borrows.
    pub fn into_owned(self) -> Column<'static> {
        match self {
            Self::Member(name) => Column::Member(name.into_owned().into()),
            Self::Part(member, name) => Column::Part(member.into_owned().into(), name.into_owned().into()),
            Self::Variable(prefix, name) => Column::Variable(prefix, name.into_owned().into()),
        }
    }
}

/// The cells of a row in their order, variables each in a column of its own. A row that is not an object is one cell.
/// `None` if it is not JSON.
pub fn cells(row: &[u8]) -> Option<Vec<(Column<'_>, Cell<'_>)>> {
    let Some(members) = JsonText::object_of(row) else {
        let row = JsonText::parse(row)?;
        return Some(vec![(Column::Member("value".into()), Cell::Json(row))]);
    };
    let mut cells = Vec::with_capacity(members.len() + 8);
    for (name, value) in members {
        let variables = VARIABLES.into_iter().find(|(member, _)| *member == name);
        match variables.and_then(|(_, prefix)| Some((prefix, value.object()?))) {
            Some((prefix, variables)) => {
                for (name, value) in variables {
                    cells.push((Column::Variable(prefix, name), Cell::Json(variable_value(value))));
                }
            }
            None => cells.push((Column::Member(name), Cell::Json(value))),
        }
    }
    Some(cells)
}

/// A decision's variable is an object around its value or, for an output, around an array of values.
fn variable_value(variable: JsonText<'_>) -> JsonText<'_> {
    if !variable.is_object() {
        return variable;
    }
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
