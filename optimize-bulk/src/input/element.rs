//! Rows as elements: variables and events.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use optimize_api::json_text::JsonText;
use optimize_api::{CloudEvent, Element, ExternalVariable, VariableType};
use serde::de::DeserializeOwned;

use super::mapping::{Field, Mapping, Origin, VariableColumn};
use super::values::{ValueRules, is_rounded};
use super::{Cells, Content, REJECTED, RawRow};
use crate::error::Error;

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// The column or member, if it is one.
    pub column: Option<String>,
    /// The reason, with what to do about it.
    pub reason: String,
}

impl RowProblem {
    fn new(reason: impl Into<String>) -> Self {
        Self { column: None, reason: reason.into() }
    }

    fn of(column: &str, reason: impl Into<String>) -> Self {
        Self { column: Some(column.to_owned()), reason: reason.into() }
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "{column}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

/// An element that can be read from a row.
pub trait Ingestible: Element + DeserializeOwned + Send + 'static {
    /// What the elements are called.
    const NOUN: &'static str;
    /// The names of its fields, the required ones first.
    const FIELDS: &'static [&'static str];
    /// How many are required.
    const REQUIRED: usize;

    /// An element of these fields, in the order of [`FIELDS`](Self::FIELDS); those that are required are there.
    fn of_fields(fields: &mut [Option<Cow<'_, str>>]) -> Result<Self, RowProblem>;

    /// Checks what the server would take and nobody could use, and puts values into the server's form.
    fn settle(&mut self, rules: &ValueRules) -> Result<(), RowProblem>;

    /// Another id.
    fn set_id(&mut self, id: String);

    /// What elements are counted by.
    fn group(&self) -> &str;
}

impl Ingestible for ExternalVariable {
    const NOUN: &'static str = "variables";
    const FIELDS: &'static [&'static str] =
        &["name", "type", "processInstanceId", "processDefinitionKey", "value", "id", "serializationDataFormat"];
    const REQUIRED: usize = 4;

    fn of_fields(fields: &mut [Option<Cow<'_, str>>]) -> Result<Self, RowProblem> {
        let mut take = |place: usize| fields[place].take().map(Cow::into_owned);
        let [name, kind, instance, definition, value, id, format] = [0, 1, 2, 3, 4, 5, 6].map(&mut take);
        let given = |field: Option<String>| field.unwrap_or_default();
        let kind = VariableType::from(given(kind).as_str());
        let mut variable = Self::new(given(definition), given(instance), given(name), kind);
        variable.value = value;
        if let Some(id) = id {
            variable.id = id;
        }
        variable.serialization_data_format = format;
        Ok(variable)
    }

    fn settle(&mut self, rules: &ValueRules) -> Result<(), RowProblem> {
        for (field, id) in [("processInstanceId", &self.process_instance_id), ("id", &self.id)] {
            if is_rounded(id) {
                let reason = format!(
                    "{id:?} is a number that a spreadsheet has rounded: format the column as text, and export again"
                );
                return Err(RowProblem::of(field, reason));
            }
        }
        if let Some(value) = &self.value {
            let settled = rules.settle(&self.variable_type, value).map_err(|reason| RowProblem::of("value", reason))?;
            if let Cow::Owned(settled) = settled {
                self.value = Some(settled);
            }
        }
        Ok(())
    }

    fn set_id(&mut self, id: String) {
        self.id = id;
    }

    fn group(&self) -> &str {
        &self.name
    }
}

impl Ingestible for CloudEvent {
    const NOUN: &'static str = "events";
    const FIELDS: &'static [&'static str] =
        &["id", "source", "type", "traceid", "time", "group", "data", "specversion"];
    const REQUIRED: usize = 4;

    fn of_fields(fields: &mut [Option<Cow<'_, str>>]) -> Result<Self, RowProblem> {
        let mut take = |place: usize| fields[place].take().map(Cow::into_owned);
        let [id, source, kind, trace, time, group, data, _] = [0, 1, 2, 3, 4, 5, 6, 7].map(&mut take);
        let given = |field: Option<String>| field.unwrap_or_default();
        let mut event = Self::new(given(id), given(source), given(kind), given(trace));
        if let Some(time) = time {
            event.time = Some(time.parse().map_err(|error| RowProblem::of("time", format!("{error}")))?);
        }
        event.group = group;
        if let Some(data) = data {
            // Anything else is a text.
            let raw = serde_json::value::RawValue::from_string(data);
            event.data = Some(raw.map_err(|_| RowProblem::of("data", "it is no JSON: a text needs quotes"))?);
        }
        Ok(event)
    }

    fn settle(&mut self, _: &ValueRules) -> Result<(), RowProblem> {
        Ok(())
    }

    fn set_id(&mut self, id: String) {
        self.id = id;
    }

    fn group(&self) -> &str {
        &self.event_type
    }
}

/// Makes elements of rows.
#[derive(Clone, Debug, Default)]
pub struct Converter {
    mapping: Mapping,
    rules: ValueRules,
    /// Of the heading that was seen last.
    plan: Option<(Arc<[String]>, Plan)>,
}

#[derive(Clone, Debug)]
struct Plan {
    origins: Vec<Origin>,
    variables: Vec<VariableColumn>,
}

impl Converter {
    /// One with this mapping and these rules.
    pub fn new(mapping: Mapping, rules: ValueRules) -> Self {
        Self { mapping, rules, plan: None }
    }

    /// Whether a row may be several elements.
    pub fn is_wide(&self) -> bool {
        self.mapping.is_wide()
    }

    /// What decides, beside its text, what a row is.
    pub fn context(&self) -> String {
        format!("{:?} {:?}", self.mapping, self.rules)
    }

    /// Looks whether a file with these columns can be read.
    pub fn check_heading<T: Ingestible>(&self, heading: &[String]) -> Result<(), Error> {
        self.mapping.plan(T::FIELDS, T::REQUIRED, heading).map(drop)
    }

    /// Adds the elements of a row, which get this id if they have none. Without one, the id is made of what names them.
    pub fn convert<T: Ingestible>(
        &mut self,
        row: &RawRow<'_>,
        id: Option<&str>,
        elements: &mut Vec<T>,
    ) -> Result<(), RowProblem> {
        if let Some(problem) = &row.problem {
            return Err(RowProblem::new(problem.clone()));
        }
        let begin = elements.len();
        let converted = match row.content {
            Content::Json(json) => self.of_json(json, id, elements),
            Content::Cells(heading, cells) => self.of_cells(heading, cells, id, elements),
        };
        let settle = |element: &mut T| element.settle(&self.rules).map_err(|problem| self.named(problem, element));
        let converted = converted.and_then(|()| elements[begin..].iter_mut().try_for_each(settle));
        if converted.is_err() {
            // All of a row or nothing.
            elements.truncate(begin);
        }
        converted
    }

    /// With the name that the file has for the field.
    fn named<T: Ingestible>(&self, mut problem: RowProblem, element: &T) -> RowProblem {
        if let Some(column) = &mut problem.column {
            let is_variable = self.mapping.is_wide() && column == "value";
            *column = if is_variable { element.group() } else { self.mapping.name_of(column) }.to_owned();
        }
        problem
    }

    fn of_json<T: Ingestible>(&self, json: &[u8], id: Option<&str>, elements: &mut Vec<T>) -> Result<(), RowProblem> {
        let text = std::str::from_utf8(json).map_err(|error| {
            let byte = json.get(error.valid_up_to()).copied().unwrap_or_default();
            RowProblem::new(format!("the byte {byte:#04X} is not UTF-8: pass --encoding, such as windows-1252"))
        })?;
        let is_as_it_is = self.mapping.is_plain() && id.is_none() && !text.contains(REJECTED);
        if is_as_it_is {
            elements.push(of_json(text)?);
            return Ok(());
        }
        let members = JsonText::object_of(json).ok_or_else(|| not_object(text))?;
        if members.iter().any(|(name, _)| name == "rejected.text") {
            return Err(RowProblem::new(
                "it is a rejected text that was not a row: put the members of a row in its place",
            ));
        }
        let mut fields: Vec<Field<'_>> = Vec::with_capacity(T::FIELDS.len());
        let mut taken = vec![false; members.len()];
        for (number, field) in T::FIELDS.iter().enumerate() {
            let name = self.mapping.name_of(field);
            let is_made = self.mapping.makes(field);
            let found = if is_made { None } else { members.iter().position(|(known, _)| known == name) };
            let value = found.and_then(|place| {
                taken[place] = true;
                verbatim(members[place].1)
            });
            let value = value.or_else(|| self.mapping.constant_of(field).map(Cow::Borrowed));
            if value.is_none() && number < T::REQUIRED && !is_made && !(id.is_some() && *field == "id") {
                return Err(RowProblem::new(format!("missing field `{name}`")));
            }
            fields.push(value);
        }
        let extra = members.iter().zip(&taken).filter(|((name, _), taken)| !**taken && !name.starts_with(REJECTED));
        if self.mapping.is_wide() {
            let variables = extra.map(|((name, value), _)| (name.as_ref(), kind_of(*value), verbatim(*value)));
            return wide(&fields, variables, id, elements);
        }
        if let Some(((name, _), _)) = extra.into_iter().next().filter(|_| !self.mapping.ignores_extra()) {
            return Err(RowProblem::new(format!("unknown field `{name}`, expected one of {}", listed(T::FIELDS))));
        }
        finish(&mut fields, id, elements)
    }

    fn of_cells<T: Ingestible>(
        &mut self,
        heading: &Arc<[String]>,
        cells: &Cells,
        id: Option<&str>,
        elements: &mut Vec<T>,
    ) -> Result<(), RowProblem> {
        if !self.plan.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, heading)) {
            let (origins, variables) = self
                .mapping
                .plan(T::FIELDS, T::REQUIRED, heading)
                .map_err(|error| RowProblem::new(error.to_string()))?;
            self.plan = Some((heading.clone(), Plan { origins, variables }));
        }
        let Some((_, plan)) = &self.plan else { return Ok(()) };
        let cell = |place: usize| {
            let cell = cells.get(place).filter(|cell| !cell.is_empty())?;
            // Rows that are not UTF-8 come with a problem.
            std::str::from_utf8(cell).ok().map(Cow::Borrowed)
        };
        let mut fields: [Field<'_>; MOST_FIELDS] = Default::default();
        let fields = &mut fields[..T::FIELDS.len()];
        for (number, (origin, field)) in plan.origins.iter().zip(T::FIELDS).enumerate() {
            fields[number] = match origin {
                Origin::Column(place) => cell(*place).or_else(|| self.mapping.constant_of(field).map(Cow::Borrowed)),
                Origin::Constant(value) => Some(Cow::Borrowed(value.as_str())),
                Origin::Missing => None,
            };
            let is_made = self.mapping.makes(field);
            if fields[number].is_none() && number < T::REQUIRED && !is_made && !(id.is_some() && *field == "id") {
                return Err(RowProblem::new(format!("missing field `{}`", self.mapping.name_of(field))));
            }
        }
        if self.mapping.is_wide() {
            let variables = plan.variables.iter().filter_map(|variable| {
                let value = cell(variable.place)?;
                Some((variable.name.as_str(), variable.kind.as_deref(), Some(value)))
            });
            return wide(fields, variables, id, elements);
        }
        finish(fields, id, elements)
    }
}

/// No element has more fields.
const MOST_FIELDS: usize = 8;

/// The element that a JSON object with the names of the API is.
fn of_json<T: Ingestible>(json: &str) -> Result<T, RowProblem> {
    if !json.starts_with('{') {
        return Err(not_object(json));
    }
    serde_json::from_str(json).map_err(|error| {
        let text = error.to_string();
        let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
        RowProblem::new(if error.is_data() { problem.to_owned() } else { format!("it is not JSON: {problem}") })
    })
}

/// Why a text is not a JSON object.
fn not_object(text: &str) -> RowProblem {
    match serde_json::from_str::<&serde_json::value::RawValue>(text) {
        Ok(_) => {
            let kind = JsonText::parse(text.as_bytes()).map_or("nothing", JsonText::kind);
            RowProblem::new(format!("it is {kind}, not an object"))
        }
        Err(error) => {
            let text = error.to_string();
            let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
            RowProblem::new(format!("it is not JSON: {problem}"))
        }
    }
}

/// A string without its quotes, nothing for `null`, anything else as the JSON it is.
fn verbatim(value: JsonText<'_>) -> Option<Cow<'_, str>> {
    (value.json() != "null").then(|| value.text())
}

/// The type that a JSON value has by itself.
fn kind_of(value: JsonText<'_>) -> Option<&'static str> {
    match value.json().as_bytes().first()? {
        b't' | b'f' => Some("Boolean"),
        b'{' | b'[' => Some("Json"),
        b'"' | b'n' => None,
        _ if value.json().contains(['.', 'e', 'E']) => Some("Double"),
        _ => Some("Long"),
    }
}

fn listed(fields: &[&str]) -> String {
    fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
}

/// An element for each variable. A constant type is that of all; otherwise each has its own, or is a String.
fn wide<'a, T: Ingestible>(
    fields: &[Field<'_>],
    variables: impl Iterator<Item = (&'a str, Option<&'a str>, Field<'a>)>,
    id: Option<&str>,
    elements: &mut Vec<T>,
) -> Result<(), RowProblem> {
    let place = |name: &str| T::FIELDS.iter().position(|field| *field == name).unwrap_or_default();
    let (name_place, kind_place, value_place, id_place) = (place("name"), place("type"), place("value"), place("id"));
    for (name, kind, value) in variables {
        let mut fields = fields.to_vec();
        fields[name_place] = Some(Cow::Borrowed(name));
        fields[value_place] = value;
        fields[kind_place] = fields[kind_place].take().or(Some(Cow::Borrowed(kind.unwrap_or("String"))));
        // One id for several variables would leave the last one alone.
        fields[id_place] = fields[id_place].take().map(|id| format!("{id}:{name}").into());
        let id = id.map(|id| format!("{id}:{name}"));
        finish(&mut fields, id.as_deref(), elements).map_err(|problem| RowProblem::of(name, problem.to_string()))?;
    }
    Ok(())
}

fn finish<T: Ingestible>(fields: &mut [Field<'_>], id: Option<&str>, elements: &mut Vec<T>) -> Result<(), RowProblem> {
    let place = T::FIELDS.iter().position(|field| *field == "id").unwrap_or_default();
    let is_named = fields[place].as_ref().is_some_and(|id| !id.trim().is_empty());
    let mut element = T::of_fields(fields)?;
    if let (Some(id), false) = (id, is_named) {
        element.set_id(id.to_owned());
    }
    elements.push(element);
    Ok(())
}
