//! Lists of what a collection holds.

use axum::response::Response;
use serde_json::{Value, json};

use super::definitions::Kind;
use super::request::collection_id;
use crate::arrived::Arrived;
use crate::error::{Failure, json_answer};
use crate::state::State;

pub(super) fn list(state: &State, arrived: &Arrived, kind: Kind) -> Result<Response, Failure> {
    let collection = collection_id(arrived)?;
    let world = state.world();
    let members = world
        .entities
        .iter()
        .filter(|(_, entity)| entity.collection.as_deref() == Some(&*collection) && kind.is_of(entity));
    Ok(json_answer(200, &members.map(|(id, _)| json!({ "id": id })).collect::<Value>()))
}
