//! The agentic dashboard, which is undocumented: as much of it as the contract describes.

use axum::response::Response;
use serde_json::{Value, json};

use super::input::json_body;
use crate::failure::Failure;
use crate::request::Request;
use crate::response::json_response;
use crate::state::State;

/// The reports on the dashboard.
pub(super) const REPORTS: [&str; 2] = ["agentic-runs", "agentic-tokens"];

pub(super) fn dashboard() -> Response {
    let tiles = REPORTS.map(|id| json!({ "id": id, "type": "optimize_report" }));
    let definition = json!({ "id": "agentic", "name": "Agents", "tiles": tiles, "availableFilters": [] });
    json_response(200, &json!({ "currentUserRole": "viewer", "dashboardDefinition": definition }))
}

pub(super) fn evaluate(state: &State, request: &Request, report: &str) -> Result<Response, Failure> {
    let body = if request.body.is_empty() { Value::Null } else { json_body(state, request)? };
    if body["endDateRollingValue"].is_null() != body["endDateRollingUnit"].is_null() {
        return Err(Failure::BadRequest("endDateRollingValue and endDateRollingUnit go together".to_owned()));
    }
    if !REPORTS.contains(&report) {
        return Err(Failure::BadRequest(format!("{report} is not on the dashboard")));
    }
    let number = |name| request.query_parameter(name).and_then(|text| text.parse::<u64>().ok());
    let pagination = json!({ "limit": number("limit"), "offset": number("offset") });
    Ok(json_response(
        200,
        &json!({ "reportDefinition": { "id": report }, "result": { "measures": [], "pagination": pagination } }),
    ))
}
