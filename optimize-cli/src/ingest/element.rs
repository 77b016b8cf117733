//! What a row is read as.

use optimize_api::{CloudEvent, Element, ExternalVariable};
use serde::de::DeserializeOwned;

/// An element that can be read from a row.
pub(crate) trait Input: Element + DeserializeOwned + Send + 'static {
    /// What the elements are called.
    const NOUN: &'static str;

    /// The columns of a CSV file, the required ones first and how many those are; none if it is not read from CSV.
    const COLUMNS: (&'static [&'static str], usize);

    /// Reads a JSON object. The caller, which knows the file, adds the place to an error.
    fn from_json(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| {
            let text = error.to_string();
            let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
            if error.is_data() { problem.to_owned() } else { format!("it is not JSON: {problem}") }
        })
    }
}

impl Input for ExternalVariable {
    const NOUN: &'static str = "variables";

    const COLUMNS: (&'static [&'static str], usize) =
        (&["name", "type", "processInstanceId", "processDefinitionKey", "value", "id", "serializationDataFormat"], 4);
}

impl Input for CloudEvent {
    const NOUN: &'static str = "events";

    const COLUMNS: (&'static [&'static str], usize) = (&[], 0);
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
        insta::assert_snapshot!(read("[]"), @"invalid length 0, expected a JSON object");
    }
}
