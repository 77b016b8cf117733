//! The agentic dashboard of servers in development. It is not documented and changes, so it is raw JSON.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::Error;
use crate::ids::ReportId;
use crate::operation;
use crate::transport::decode;
use crate::transport::spec::RequestSpec;

/// What an evaluation is about. All is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgenticFilter {
    /// The keys of process definitions; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub process_definition_keys: Vec<String>,
    /// How far back from now, with a unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date_rolling_value: Option<u32>,
    /// The unit, for example `days`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date_rolling_unit: Option<String>,
}

impl AgenticFilter {
    /// These process definitions alone.
    pub fn with_process_definition_keys<S: Into<String>>(mut self, keys: impl IntoIterator<Item = S>) -> Self {
        self.process_definition_keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// How far back from now, with its unit, for example 7 `days`.
    pub fn with_rolling_end_date(mut self, value: u32, unit: impl Into<String>) -> Self {
        self.end_date_rolling_value = Some(value);
        self.end_date_rolling_unit = Some(unit.into());
        self
    }
}

/// Operations on the agentic dashboard.
#[derive(Clone, Debug)]
pub struct AgenticDashboard {
    pub(crate) client: Client,
}

impl AgenticDashboard {
    /// The agentic dashboard, as JSON. `GET /api/public/dashboard/agentic`, since 8.10 in development.
    /// [`Idempotent`](crate::Retry::Idempotent).
    pub async fn get(&self) -> Result<Bytes, Error> {
        self.client.transport.send(&RequestSpec::new(&operation::AGENTIC_DASHBOARD), object).await
    }

    /// The result of one of its reports, as JSON.
    /// `POST /api/public/dashboard/agentic/report/{id}/evaluate`, since 8.10 in development. [`Idempotent`](crate::Retry::Idempotent).
    ///
    /// Fails with [`InvalidInput`](crate::ErrorKind::InvalidInput) if of the rolling value and its unit only one is there.
    pub async fn evaluate(&self, report: impl Into<ReportId>, filter: &AgenticFilter) -> Result<Bytes, Error> {
        self.client.transport.send(&evaluate(&report.into(), filter)?, object).await
    }
}

/// The body if it is a JSON object; its inside is not documented.
fn object(body: Bytes) -> Result<Bytes, Error> {
    decode::json::<Map<String, Value>>(&operation::AGENTIC_DASHBOARD, &body).map(|_| body)
}

fn evaluate(report: &ReportId, filter: &AgenticFilter) -> Result<RequestSpec, Error> {
    let operation = &operation::AGENTIC_EVALUATE;
    if filter.end_date_rolling_value.is_some() != filter.end_date_rolling_unit.is_some() {
        return Err(Error::invalid_input(operation, "the rolling value and its unit go together"));
    }
    RequestSpec::with_id(operation, report.as_str())?.with_json(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_and_unit_go_together() {
        let filter = AgenticFilter { end_date_rolling_value: Some(7), ..AgenticFilter::default() };
        assert!(evaluate(&"r".into(), &filter).is_err());
        let filter = AgenticFilter { end_date_rolling_unit: Some("days".to_owned()), ..filter };
        insta::assert_snapshot!(evaluate(&"r".into(), &filter).unwrap().wire_form(), @r#"
        POST /api/public/dashboard/agentic/report/r/evaluate
        {"endDateRollingValue":7,"endDateRollingUnit":"days"}
        "#);
    }
}
