//! Lists of what a collection holds.

use axum::response::Response;
use serde_json::{Value, json};

use super::definitions::Kind;
use super::input::collection_id;
use crate::failure::Failure;
use crate::request::Request;
use crate::response::json_response;
use crate::state::State;

pub(super) fn list(state: &State, request: &Request, kind: Kind) -> Result<Response, Failure> {
    let collection = collection_id(request)?;
    let store = state.store();
    let members = store
        .entities
        .iter()
        .filter(|(_, entity)| entity.collection.as_deref() == Some(&*collection) && kind.is_of(entity));
    Ok(json_response(200, &members.map(|(id, _)| json!({ "id": id })).collect::<Value>()))
}
