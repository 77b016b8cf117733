//! Models of the rows of report data, for [`DataExport::rows_as`](crate::DataExport::rows_as).
//!
//! They read what every release sends: each member may be missing, and what a model does not know is kept in `rest`.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::date::Date;
use crate::variable_type::VariableType;

/// A row of a raw-data process report: one process instance.
///
/// ```
/// use optimize_api::ProcessInstanceRow;
///
/// let row: ProcessInstanceRow = serde_json::from_str(
///     r#"{"processInstanceId": "22517998", "endDate": null, "variables": {"amount": "12.5", "region": ""}}"#,
/// )?;
/// assert_eq!(row.variable("amount"), Some("12.5"));
/// assert_eq!(row.variable_as::<f64>("amount")?, Some(12.5));
/// assert_eq!(row.variable("region"), None, "an empty text stands for a variable that the instance does not have");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ProcessInstanceRow {
    /// The BPMN process id.
    pub process_definition_key: Option<String>,
    /// The id of the version of the process.
    pub process_definition_id: Option<String>,
    /// The id of the instance.
    pub process_instance_id: Option<String>,
    /// The business key; Camunda 7 alone.
    pub business_key: Option<String>,
    /// When the instance started.
    pub start_date: Option<Date>,
    /// When it ended; `None` while it runs.
    pub end_date: Option<Date>,
    /// How long it took, in milliseconds; `None` while it runs.
    pub duration: Option<f64>,
    /// The engine of Camunda 7, or the data source of Camunda 8.
    pub engine_name: Option<String>,
    /// The tenant.
    pub tenant_id: Option<String>,
    /// How many incidents and user tasks there are; newer releases alone.
    pub counts: Option<InstanceCounts>,
    /// How long each flow node took, by its id; newer releases alone.
    pub flow_node_durations: Option<BTreeMap<String, FlowNodeDuration>>,
    /// The instances of flow nodes.
    pub flow_node_instances: Option<Vec<FlowNodeInstance>>,
    /// The variables by name. Values are texts, whatever their type; those of objects can be lists of texts.
    #[serde(deserialize_with = "or_default")]
    pub variables: BTreeMap<String, Value>,
    /// What this model does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Counts of a process instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct InstanceCounts {
    /// All incidents.
    pub incidents: Option<u64>,
    /// Incidents that are open.
    pub open_incidents: Option<u64>,
    /// User tasks.
    pub user_tasks: Option<u64>,
    /// What this model does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// How long a flow node took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct FlowNodeDuration {
    /// The name of the flow node.
    pub name: Option<String>,
    /// In milliseconds.
    pub value: Option<f64>,
    /// What this model does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An instance of a flow node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct FlowNodeInstance {
    /// The id of the instance.
    pub id: Option<String>,
    /// The name of the flow node, or its id if it has none.
    pub name: Option<String>,
    /// When it started.
    pub start_date: Option<Date>,
    /// When it ended.
    pub end_date: Option<Date>,
    /// What this model does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A row of a raw-data decision report: one evaluation of a decision.
///
/// ```
/// use optimize_api::DecisionInstanceRow;
///
/// let row: DecisionInstanceRow = serde_json::from_str(
///     r#"{"decisionInstanceId": "7", "outputVariables": {"o1": {"name": "risk", "values": ["high", "fraud"]}}}"#,
/// )?;
/// assert_eq!(row.output_variables["o1"].values.as_ref().map(Vec::len), Some(2));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DecisionInstanceRow {
    /// The DMN decision id.
    pub decision_definition_key: Option<String>,
    /// The id of the version of the decision.
    pub decision_definition_id: Option<String>,
    /// The id of the evaluation.
    pub decision_instance_id: Option<String>,
    /// The process instance that asked for it, if one did.
    pub process_instance_id: Option<String>,
    /// When it was evaluated.
    pub evaluation_date_time: Option<Date>,
    /// The engine of Camunda 7, or the data source of Camunda 8.
    pub engine_name: Option<String>,
    /// The tenant.
    pub tenant_id: Option<String>,
    /// The inputs, by the ids of their clauses.
    #[serde(deserialize_with = "or_default")]
    pub input_variables: BTreeMap<String, DecisionVariable>,
    /// The outputs, by the ids of their clauses.
    #[serde(deserialize_with = "or_default")]
    pub output_variables: BTreeMap<String, DecisionVariable>,
    /// What this model does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An input or an output of a decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DecisionVariable {
    /// The id of its clause.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub variable_type: Option<VariableType>,
    /// The value of an input.
    pub value: Option<Value>,
    /// The values of an output, of which there are several if several rules fire.
    pub values: Option<Vec<Value>>,
    /// What this model does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A row of a report that groups: one group with its number.
///
/// ```
/// use optimize_api::GroupedRow;
///
/// let row: GroupedRow = serde_json::from_str(r#"{"key": "2024-03-01T00:00:00.000+0000", "label": "March", "value": 3.0}"#)?;
/// assert_eq!(row.value, Some(3.0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct GroupedRow {
    /// The key of the group; that of a group by date is a [`Date`].
    pub key: String,
    /// Its name; the key if there is no nicer one.
    pub label: Option<String>,
    /// Its number, for durations in milliseconds. `None` if there is nothing to compute.
    pub value: Option<f64>,
    /// What this model does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A row of a report that groups and distributes: one group with a number for each part.
///
/// ```
/// use optimize_api::HyperMapRow;
///
/// let row: HyperMapRow = serde_json::from_str(r#"{"key": "north", "value": [{"key": "high", "value": 2.0}]}"#)?;
/// assert_eq!(row.value[0].key, "high");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct HyperMapRow {
    /// The key of the group; that of a group by date is a [`Date`].
    pub key: String,
    /// Its name; the key if there is no nicer one.
    pub label: Option<String>,
    /// Its parts.
    #[serde(deserialize_with = "or_default")]
    pub value: Vec<GroupedRow>,
    /// What this model does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl ProcessInstanceRow {
    /// The text of a variable; `None` if the instance does not have it, or if it is a list of texts.
    ///
    /// Every row of a page has the variables of all its rows, with an empty text where the instance has none; so an empty
    /// text counts as none.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// The value of a variable as `T`: a number, `bool`, [`Date`] or any other type with `FromStr`.
    pub fn variable_as<T: FromStr>(&self, name: &str) -> Result<Option<T>, VariableError>
    where
        T::Err: fmt::Display,
    {
        let parse = |text: &str| {
            text.parse().map_err(|error: T::Err| VariableError { name: name.to_owned(), problem: error.to_string() })
        };
        self.variable(name).map(parse).transpose()
    }
}

/// A variable whose text is not of the type it is read as. It does not repeat the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableError {
    name: String,
    problem: String,
}

impl fmt::Display for VariableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the variable `{}` is of another type: {}", self.name, self.problem)
    }
}

impl StdError for VariableError {}

/// `null` counts as missing.
fn or_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
