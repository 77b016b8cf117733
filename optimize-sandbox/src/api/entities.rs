//! Lists of what a collection holds.

use axum::response::Response;
use serde_json::{Value, json};

use super::query_parameter;
use crate::error::{Failure, json_answer};
use crate::server::Arrived;
use crate::state::State;

pub(super) fn list_reports(state: &State, arrived: &Arrived) -> Result<Response, Failure> {
    let collection = collection(arrived)?;
    Ok(ids(state, &collection, false))
}

pub(super) fn list_dashboards(state: &State, arrived: &Arrived) -> Result<Response, Failure> {
    let collection = collection(arrived)?;
    Ok(ids(state, &collection, true))
}

fn collection(arrived: &Arrived) -> Result<String, Failure> {
    query_parameter(arrived, "collectionId")
        .ok_or_else(|| Failure::BadRequest("collectionId must not be null".to_owned()))
}

fn ids(state: &State, collection: &str, dashboards: bool) -> Response {
    let world = state.world();
    let members = world
        .entities
        .iter()
        .filter(|(_, entity)| entity.collection.as_deref() == Some(collection) && entity.is_dashboard() == dashboards);
    json_answer(200, &members.map(|(id, _)| json!({ "id": id })).collect::<Value>())
}
