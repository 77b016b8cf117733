//! What several resources read from a request.

use crate::arrived::Arrived;
use crate::error::Failure;
use crate::state::State;

/// The JSON of a request's body.
pub(super) fn json_body(state: &State, arrived: &Arrived) -> Result<serde_json::Value, Failure> {
    let content_type = arrived.header(http::header::CONTENT_TYPE).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !matches!(media_type, "application/json" | "application/cloudevents-batch+json") {
        return Err(Failure::MediaType(state.generation));
    }
    serde_json::from_slice(&arrived.body).map_err(|_| Failure::MalformedJson)
}

/// The collection that a request must name; an empty id is one that does not exist.
pub(super) fn collection_id(arrived: &Arrived) -> Result<String, Failure> {
    arrived
        .query_parameter("collectionId")
        .ok_or_else(|| Failure::BadRequest("collectionId must not be null".to_owned()))
}
