//! Lists of what a collection holds.

use axum::response::Response;
use serde_json::{Value, json};

use super::query_parameter;
use crate::error::{Failure, json_answer};
use crate::server::Arrived;
use crate::state::State;

pub(super) fn list_reports(state: &State, arrived: &Arrived) -> Result<Response, Failure> {
    let collection = collection(arrived)?;
    Ok(ids(state.demo.reports().iter().filter(|report| report.collection == collection).map(|report| report.id)))
}

pub(super) fn list_dashboards(state: &State, arrived: &Arrived) -> Result<Response, Failure> {
    let collection = collection(arrived)?;
    Ok(ids(state.demo.dashboards().iter().filter(|(_, place)| *place == collection).map(|(id, _)| *id)))
}

fn collection(arrived: &Arrived) -> Result<String, Failure> {
    query_parameter(arrived, "collectionId")
        .ok_or_else(|| Failure::BadRequest("collectionId must not be null".to_owned()))
}

fn ids<'a>(ids: impl Iterator<Item = &'a str>) -> Response {
    json_answer(200, &Value::Array(ids.map(|id| json!({ "id": id })).collect()))
}
