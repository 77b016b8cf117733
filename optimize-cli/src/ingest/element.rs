//! What a row is read as.

use optimize_api::{CloudEvent, Element, ExternalVariable, VariableType};
use serde::Deserialize;
use serde_json::value::RawValue;

/// An element that can be read from a row.
pub(crate) trait Input: Element + Sized + Send + 'static {
    /// What the elements are called.
    const NOUN: &'static str;

    /// The columns of a CSV file, the required ones first and how many those are; none if it is not read from CSV.
    const COLUMNS: (&'static [&'static str], usize);

    /// Reads a JSON object.
    fn from_json(text: &str) -> Result<Self, String>;
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VariableRow<'a> {
    id: Option<String>,
    name: String,
    #[serde(rename = "type")]
    variable_type: String,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    process_instance_id: &'a RawValue,
    process_definition_key: String,
    serialization_data_format: Option<String>,
}

/// A text without its quotes, anything else as the JSON it is: the API wants texts whatever the type.
fn text(value: &RawValue) -> Result<String, String> {
    if value.get().starts_with('"') {
        return serde_json::from_str(value.get()).map_err(|error| message(&error));
    }
    Ok(value.get().to_owned())
}

/// The caller, which knows the file, adds the place.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
    if error.is_data() { problem.to_owned() } else { format!("it is not JSON: {problem}") }
}

impl Input for ExternalVariable {
    const NOUN: &'static str = "variables";

    const COLUMNS: (&'static [&'static str], usize) =
        (&["name", "type", "processInstanceId", "processDefinitionKey", "value", "id", "serializationDataFormat"], 4);

    fn from_json(json: &str) -> Result<Self, String> {
        let row: VariableRow<'_> = serde_json::from_str(json).map_err(|error| message(&error))?;
        let variable_type = VariableType::from(row.variable_type.as_str());
        let instance = text(row.process_instance_id)?;
        let mut variable = Self::new(row.process_definition_key, instance, row.name, variable_type);
        if let Some(id) = row.id {
            variable = variable.with_id(id);
        }
        if let Some(value) = row.value {
            variable = variable.with_value(text(value)?);
        }
        if let Some(format) = row.serialization_data_format {
            variable = variable.with_serialization_data_format(format);
        }
        Ok(variable)
    }
}

/// Other attributes of `CloudEvents` are allowed, and ignored as the server ignores them.
#[derive(Deserialize)]
struct EventRow {
    specversion: Option<String>,
    id: String,
    source: String,
    #[serde(rename = "type")]
    event_type: String,
    traceid: String,
    time: Option<String>,
    group: Option<String>,
    data: Option<Box<RawValue>>,
}

impl Input for CloudEvent {
    const NOUN: &'static str = "events";

    const COLUMNS: (&'static [&'static str], usize) = (&[], 0);

    fn from_json(json: &str) -> Result<Self, String> {
        let row: EventRow = serde_json::from_str(json).map_err(|error| message(&error))?;
        if row.specversion.is_some_and(|version| version != "1.0") {
            return Err("specversion: must be 1.0".to_owned());
        }
        let mut event = Self::new(row.id, row.source, row.event_type, row.traceid);
        if let Some(time) = row.time {
            event = event.with_time(time);
        }
        if let Some(group) = row.group {
            event = event.with_group(group);
        }
        if let Some(data) = row.data {
            event = event.with_data(data);
        }
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> String {
        match ExternalVariable::from_json(json) {
            Ok(variable) => serde_json::to_string(&variable).unwrap(),
            Err(problem) => problem,
        }
    }

    #[test]
    fn values_keep_their_digits_and_ids_are_made() {
        insta::assert_snapshot!(
            read(r#"{"name":"n","type":"double","value":1.000000000000000000010,"processInstanceId":2251799813700042,"processDefinitionKey":"d"}"#),
            @r#"{"id":"2251799813700042:n:Double","name":"n","type":"Double","value":"1.000000000000000000010","processInstanceId":"2251799813700042","processDefinitionKey":"d"}"#
        );
        insta::assert_snapshot!(
            read(r#"{"id":"x","name":"n","type":"Object","value":{"a": [1]},"processInstanceId":"1","processDefinitionKey":"d","serializationDataFormat":"application/json"}"#),
            @r#"{"id":"x","name":"n","type":"Object","value":"{\"a\": [1]}","processInstanceId":"1","processDefinitionKey":"d","serializationDataFormat":"application/json"}"#
        );
        insta::assert_snapshot!(
            read(r#"{"name":"n","type":"String","value":null,"processInstanceId":"1","processDefinitionKey":"d"}"#),
            @r#"{"id":"1:n:String","name":"n","type":"String","value":null,"processInstanceId":"1","processDefinitionKey":"d"}"#
        );
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        insta::assert_snapshot!(read(r#"{"name":"n"}"#), @"missing field `type`");
        insta::assert_snapshot!(read(r#"{"nmae":"n"}"#), @"unknown field `nmae`, expected one of `id`, `name`, `type`, `value`, `processInstanceId`, `processDefinitionKey`, `serializationDataFormat`");
        insta::assert_snapshot!(read("[]"), @"invalid length 0, expected struct VariableRow with 7 elements");
    }
}
