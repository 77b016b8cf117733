//! External variables.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

use super::batcher::Element;
use super::batcher::sealed::Sealed;
use crate::variable_type::VariableType;

/// A variable of a process instance, or a new value of it.
///
/// It is read from a JSON object with the names of the API: without an id it gets the one of [`new`](Self::new), the word of a
/// type may have any case, and a value or an instance that is not a string is taken as it is written, with all its digits.
///
/// ```
/// use optimize_api::{ExternalVariable, VariableType};
///
/// let variable = ExternalVariable::new("order-process", "2251799813700042", "amount", VariableType::Double).with_value("12.5");
/// assert_eq!(variable.value.as_deref(), Some("12.5"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "Written")]
#[non_exhaustive]
pub struct ExternalVariable {
    /// Names this update. The same id again is a newer version of the same update.
    pub id: String,
    /// The name of the variable.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub variable_type: VariableType,
    /// Its value, a string whatever the type; dates as a [`Date`](crate::Date) has it.
    pub value: Option<String>,
    /// The process instance.
    pub process_instance_id: String,
    /// The BPMN process id of its definition.
    pub process_definition_key: String,
    /// How an `Object` is written, for example `application/json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serialization_data_format: Option<String>,
}

impl ExternalVariable {
    /// A variable without a value.
    ///
    /// Its id is made of the process instance, the name and the type, so that sending it again replaces what was sent
    /// before and doubles nothing.
    pub fn new(
        process_definition_key: impl Into<String>,
        process_instance_id: impl Into<String>,
        name: impl Into<String>,
        variable_type: VariableType,
    ) -> Self {
        let (process_instance_id, name) = (process_instance_id.into(), name.into());
        Self {
            id: [process_instance_id.as_str(), &name, &variable_type.to_string()].map(escaped).join(":"),
            name,
            variable_type,
            value: None,
            process_instance_id,
            process_definition_key: process_definition_key.into(),
            serialization_data_format: None,
        }
    }

    /// A custom id.
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// The value.
    pub fn with_value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// How an object is written.
    pub fn with_serialization_data_format(mut self, format: impl Into<String>) -> Self {
        self.serialization_data_format = Some(format.into());
        self
    }
}

/// A variable as people write it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a JSON object")]
struct Written {
    id: Option<String>,
    name: String,
    #[serde(rename = "type")]
    variable_type: VariableType,
    value: Option<Verbatim>,
    process_instance_id: Verbatim,
    process_definition_key: String,
    serialization_data_format: Option<String>,
}

/// A string without its quotes, anything else as the JSON it is: the API expects strings whatever the type.
struct Verbatim(String);

impl<'de> Deserialize<'de> for Verbatim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        if json.get().starts_with('"') {
            return serde_json::from_str(json.get()).map(Self).map_err(de::Error::custom);
        }
        Ok(Self(Box::<str>::from(json).into()))
    }
}

impl From<Written> for ExternalVariable {
    fn from(written: Written) -> Self {
        let Verbatim(instance) = written.process_instance_id;
        let mut variable = Self::new(written.process_definition_key, instance, written.name, written.variable_type);
        if let Some(id) = written.id {
            variable.id = id;
        }
        variable.value = written.value.map(|Verbatim(value)| value);
        variable.serialization_data_format = written.serialization_data_format;
        variable
    }
}

/// A part of an id that is made of several: two different variables never have the same id.
fn escaped(part: &str) -> String {
    part.replace('%', "%25").replace(':', "%3A")
}

impl Sealed for ExternalVariable {}

impl Element for ExternalVariable {
    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), String> {
        for (name, value) in [
            ("id", &self.id),
            ("name", &self.name),
            ("processInstanceId", &self.process_instance_id),
            ("processDefinitionKey", &self.process_definition_key),
        ] {
            if value.trim().is_empty() {
                return Err(format!("{name}: must not be blank"));
            }
        }
        match &self.variable_type {
            VariableType::Other(word) => Err(format!("type: the server knows no type {word:?}")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_written_as_the_contract_has_it() {
        let variable =
            ExternalVariable::new("parcelRouting", "2251799813700042", "customsCleared", VariableType::Boolean);
        let written = serde_json::to_string(&[variable.with_id("upd-0001").with_value("true")]).unwrap();
        insta::assert_snapshot!(written, @r#"[{"id":"upd-0001","name":"customsCleared","type":"Boolean","value":"true","processInstanceId":"2251799813700042","processDefinitionKey":"parcelRouting"}]"#);
    }

    #[test]
    fn two_variables_never_share_an_id_that_was_made() {
        let id = |instance: &str, name: &str| {
            ExternalVariable::new("d", instance, name, VariableType::String).id().to_owned()
        };
        assert_eq!(id("a:b", "c"), "a%3Ab:c:String");
        assert_ne!(id("a:b", "c"), id("a", "b:c"));
        assert_ne!(id("a%3Ab", "c"), id("a:b", "c"));
        assert_eq!(id("2251799813700042", "amount"), "2251799813700042:amount:String");
    }

    #[test]
    fn what_the_server_would_refuse_is_an_error() {
        let variable = ExternalVariable::new("d", "i", " ", VariableType::String);
        assert_eq!(variable.check().unwrap_err(), "name: must not be blank");
        let variable = ExternalVariable::new("d", "i", "n", VariableType::from("blob"));
        assert_eq!(variable.check().unwrap_err(), "type: the server knows no type \"blob\"");
        assert!(ExternalVariable::new("d", "i", "n", VariableType::from("double")).check().is_ok());
    }
}
