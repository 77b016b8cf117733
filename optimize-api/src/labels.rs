//! Labels of variables.

use serde::{Deserialize, Deserializer, Serialize};

use crate::client::Client;
use crate::error::Error;
use crate::operation;
use crate::transport::spec::RequestSpec;
use crate::variable_type::VariableType;

/// The label of one variable. An empty one removes the label there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a JSON object")]
#[non_exhaustive]
pub struct VariableLabel {
    /// The name of the variable; case matters.
    pub variable_name: String,
    /// The type of the variable.
    pub variable_type: VariableType,
    /// The name that people see. Null is read as an empty one.
    #[serde(default, deserialize_with = "or_empty")]
    pub variable_label: String,
}

fn or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl VariableLabel {
    /// The label `label` for the variable of this name and type.
    pub fn new(name: impl Into<String>, variable_type: VariableType, label: impl Into<String>) -> Self {
        Self { variable_name: name.into(), variable_type, variable_label: label.into() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    definition_key: &'a str,
    labels: &'a [VariableLabel],
}

/// Operations on labels of variables.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// use optimize_api::{VariableLabel, VariableType};
///
/// let label = VariableLabel::new("amount", VariableType::Double, "Amount in euros");
/// client.labels().set("order-process", &[label]).await?;
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Labels {
    pub(crate) client: Client,
}

impl Labels {
    /// Sets labels of the variables of a process definition, given by its key; others stay as they are.
    /// `POST /api/public/variables/labels`, since 8.0 and C7 3.7. [`Idempotent`](crate::Retry::Idempotent).
    ///
    /// Fails with [`InvalidInput`](crate::ErrorKind::InvalidInput) before anything is sent if a name is blank or a
    /// variable is named twice, which the server would refuse as a whole.
    pub async fn set(&self, definition_key: &str, labels: &[VariableLabel]) -> Result<(), Error> {
        self.client.transport.send_void(&set(definition_key, labels)?).await
    }
}

fn set(definition_key: &str, labels: &[VariableLabel]) -> Result<RequestSpec, Error> {
    let operation = &operation::LABELS;
    if definition_key.trim().is_empty() {
        return Err(Error::invalid_input(operation, "the definition key is empty"));
    }
    for (index, label) in labels.iter().enumerate() {
        let refuse = |why: &str| {
            Err(Error::invalid_input(operation, format!("{why} (entry {index}): {:?}", label.variable_name)))
        };
        if label.variable_name.trim().is_empty() {
            return refuse("empty variable name");
        }
        let same = |other: &VariableLabel| {
            other.variable_name == label.variable_name && other.variable_type == label.variable_type
        };
        if labels[..index].iter().any(same) {
            return refuse("duplicate label for variable");
        }
    }
    RequestSpec::new(operation).with_json(&Request { definition_key, labels })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sent_as_the_contract_has_them() {
        let labels = [
            VariableLabel::new("weightKg", VariableType::Double, "Weight in kg"),
            VariableLabel::new("x", VariableType::String, ""),
        ];
        insta::assert_snapshot!(set("parcelRouting", &labels).unwrap().wire_form(), @r#"
        POST /api/public/variables/labels
        {"definitionKey":"parcelRouting","labels":[{"variableName":"weightKg","variableType":"Double","variableLabel":"Weight in kg"},{"variableName":"x","variableType":"String","variableLabel":""}]}
        "#);
    }

    #[test]
    fn what_the_server_would_refuse_is_refused_before_it_is_sent() {
        let label = |name: &str| VariableLabel::new(name, VariableType::String, "l");
        let message = |key: &str, labels: &[VariableLabel]| set(key, labels).unwrap_err().to_string();
        insta::assert_snapshot!(message(" ", &[]), @"failed to set variable labels: the definition key is empty");
        insta::assert_snapshot!(message("k", &[label("")]), @r#"failed to set variable labels: empty variable name (entry 0): """#);
        insta::assert_snapshot!(message("k", &[label("a"), label("a")]), @r#"failed to set variable labels: duplicate label for variable (entry 1): "a""#);
        assert!(set("k", &[]).is_ok());
    }
}
