//! Collections.

use std::collections::BTreeMap;

use axum::response::Response;
use serde_json::{Value, json};

use super::input::json_body;
use crate::failure::Failure;
use crate::request::Request;
use crate::response::{json_response, void};
use crate::state::State;
use crate::store::Collection;

pub(super) fn list(state: &State) -> Response {
    let store = state.store();
    let ids = store.collections.keys().map(|id| json!({ "id": id }));
    json_response(200, &ids.collect::<Value>())
}

pub(super) fn get(state: &State, id: &str) -> Result<Response, Failure> {
    let store = state.store();
    let collection = store.collections.get(id).ok_or_else(|| not_found(id))?;
    let time = "2024-03-05T14:07:09.120+0000";
    let body = json!({
        "id": id, "name": collection.name, "created": time, "lastModified": time, "owner": collection.owner,
        "lastModifier": collection.owner, "automaticallyCreated": false,
        "data": { "configuration": {}, "roles": [], "scope": collection.scope.values().collect::<Vec<_>>() },
    });
    Ok(json_response(200, &body))
}

pub(super) fn create(state: &State, request: &Request) -> Result<Response, Failure> {
    let body = json_body(state, request)?;
    let name = body["name"].as_str().filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| Failure::BadRequest("the name is invalid".to_owned()))?.to_owned();
    let owner = body["ownerId"].as_str().unwrap_or_default().to_owned();
    let mut store = state.store();
    let id = store.new_id();
    store.collections.insert(id.clone(), Collection { name, owner, scope: BTreeMap::new() });
    Ok(json_response(200, &json!({ "id": id })))
}

pub(super) fn set_scope(state: &State, request: &Request, id: &str) -> Result<Response, Failure> {
    let body = json_body(state, request)?;
    let entries = body.as_array().filter(|entries| entries.iter().all(Value::is_object));
    let entries = entries.ok_or(Failure::MalformedJson)?;
    let mut store = state.store();
    let collection = store.collections.get_mut(id).ok_or_else(|| not_found(id))?;
    for entry in entries {
        let text = |name: &str| entry[name].as_str().unwrap_or_default();
        let id = format!("{}:{}", text("definitionType"), text("definitionKey"));
        let mut entry = entry.clone();
        entry["id"] = id.as_str().into();
        if entry["tenants"].is_null() {
            entry["tenants"] = json!([null]);
        }
        collection.scope.insert(id, entry);
    }
    Ok(void(state.release))
}

fn not_found(id: &str) -> Failure {
    Failure::NotFound(format!("collection {id} does not exist"))
}
