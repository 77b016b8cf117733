//! Which column of a file is which field of an element.

use std::borrow::Cow;

use super::REJECTED;
use crate::error::Error;

/// Which column or member of a file is which field of an element, and fields that are the same in every row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mapping {
    /// Fields, each with the name of its column.
    columns: Vec<(String, String)>,
    /// Fields, each with its value.
    constants: Vec<(String, String)>,
    ignores_extra: bool,
    /// The column of the process instance, where every other column is a variable.
    wide: Option<String>,
}

/// What a field's value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Column(usize),
    Constant(String),
    Missing,
}

/// A column that is a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VariableColumn {
    pub(super) place: usize,
    pub(super) name: String,
    /// The word of its type, if the heading has it.
    pub(super) kind: Option<String>,
}

impl Mapping {
    /// The column of this name is this field.
    pub fn column(mut self, field: impl Into<String>, column: impl Into<String>) -> Self {
        self.columns.push((field.into(), column.into()));
        self
    }

    /// This field has this value in every row; a column of the field overrides it.
    pub fn constant(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.constants.push((field.into(), value.into()));
        self
    }

    /// Columns that are no field are left out; otherwise they are an error.
    pub fn ignore_extra(mut self) -> Self {
        self.ignores_extra = true;
        self
    }

    /// Each column is a variable, besides this one, which has the process instances, and those that are fields by
    /// [`column`](Self::column). The type of a variable stands behind its name (`amount:Double`), is a constant, or is String.
    pub fn wide(mut self, column: impl Into<String>) -> Self {
        self.wide = Some(column.into());
        self
    }

    /// Whether every row is taken as it is.
    pub(super) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn ignores_extra(&self) -> bool {
        self.ignores_extra
    }

    pub(super) fn is_wide(&self) -> bool {
        self.wide.is_some()
    }

    /// Whether every field that is named is one of these.
    pub fn check(&self, fields: &[&str]) -> Result<(), Error> {
        let named = self.columns.iter().chain(&self.constants).map(|(field, _)| field);
        for field in named {
            if !fields.contains(&field.as_str()) {
                return Err(Error::Input(format!("{field:?} is no field; the fields are {}", fields.join(", "))));
            }
        }
        Ok(())
    }

    /// The names of the columns that were said to be fields.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(_, column)| column.as_str())
    }

    /// Whether a field is made of a variable's own column, its name and its heading.
    pub(super) fn makes(&self, field: &str) -> bool {
        self.is_wide() && ["name", "value", "type"].contains(&field)
    }

    /// The name that a field has in a file.
    pub(super) fn name_of<'a>(&'a self, field: &'a str) -> &'a str {
        let named = self.columns.iter().find(|(known, _)| known == field);
        match (&self.wide, named) {
            (_, Some((_, column))) => column,
            (Some(column), None) if field == "processInstanceId" => column,
            (_, None) => field,
        }
    }

    pub(super) fn constant_of(&self, field: &str) -> Option<&str> {
        self.constants.iter().find(|(known, _)| known == field).map(|(_, value)| value.as_str())
    }

    /// Where each field comes from in a file with these columns, and which columns are variables. `required` fields come first.
    pub(super) fn plan(
        &self,
        fields: &[&'static str],
        required: usize,
        heading: &[String],
    ) -> Result<(Vec<Origin>, Vec<VariableColumn>), Error> {
        let place_of = |name: &str| heading.iter().position(|known| known == name);
        let mut origins = Vec::with_capacity(fields.len());
        let mut taken = vec![false; heading.len()];
        for (number, field) in fields.iter().enumerate() {
            let name = self.name_of(field);
            // In the wide form a variable may be called like a field.
            let is_variable = self.is_wide() && name == *field && !self.columns.iter().any(|(known, _)| known == field);
            let place = if is_variable { None } else { place_of(name) };
            origins.push(match (place, self.constant_of(field)) {
                (Some(place), _) => {
                    taken[place] = true;
                    Origin::Column(place)
                }
                (None, Some(value)) => Origin::Constant(value.to_owned()),
                (None, None) if number >= required || self.makes(field) => Origin::Missing,
                (None, None) => return Err(Self::missing(field, name, heading)),
            });
        }
        let rest = heading.iter().enumerate().filter(|(place, name)| !taken[*place] && !name.starts_with(REJECTED));
        if !self.is_wide() {
            if let Some((_, name)) = rest.clone().next().filter(|_| !self.ignores_extra) {
                return Err(Error::Column {
                    name: name.clone(),
                    known: fields.iter().map(|field| (*field).to_owned()).collect(),
                });
            }
            return Ok((origins, Vec::new()));
        }
        let variables = rest.filter(|(_, name)| !name.is_empty()).map(|(place, name)| match name.rsplit_once(':') {
            Some((name, kind)) if is_type(kind) => {
                VariableColumn { place, name: name.to_owned(), kind: Some(kind.to_owned()) }
            }
            _ => VariableColumn { place, name: name.clone(), kind: None },
        });
        Ok((origins, variables.collect()))
    }

    fn missing(field: &str, name: &str, heading: &[String]) -> Error {
        let there = heading.join(", ");
        let near = optimize_auth::nearest(name, heading.iter().map(String::as_str));
        let near = near.map(|near| format!(" (is it {near:?}?)")).unwrap_or_default();
        let mapped = if field == name { String::new() } else { format!(", which is to be {field}") };
        Error::Input(format!(
            "there is no column {name:?}{near}{mapped}; the columns are {there} (--map {field}=COLUMN names another one, --set \
             {field}=VALUE is for all rows)"
        ))
    }
}

/// Whether a word is a type of variables.
fn is_type(word: &str) -> bool {
    !matches!(optimize_api::VariableType::from(word), optimize_api::VariableType::Other(_))
}

/// A field of a row.
pub(super) type Field<'a> = Option<Cow<'a, str>>;
