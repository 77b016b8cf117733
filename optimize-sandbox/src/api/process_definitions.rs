//! Deleting the data of process definitions: a job is queued, and carried out whenever the test says so.

use axum::response::Response;

use crate::failure::Failure;
use crate::response::empty;
use crate::state::State;

pub(super) fn delete(state: &State, key: &str) -> Result<Response, Failure> {
    let number: i64 = key.parse().map_err(|_| Failure::BadRequest(format!("{key} is not a 64-bit integer")))?;
    let mut store = state.store();
    if !store.process_definitions.contains(&number) {
        return Err(Failure::NotFound(format!("there is no process definition {number}")));
    }
    if !store.queued_deletions.insert(number) {
        let detail = format!("the deletion of {number} is queued");
        return Err(Failure::Detailed {
            status: 409,
            code: "conflict",
            detail,
            member: "conflictedItems",
            value: Box::new(serde_json::json!([])),
        });
    }
    Ok(empty(202))
}
