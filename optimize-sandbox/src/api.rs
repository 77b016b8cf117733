//! The public REST API.

pub(crate) mod data_export;
mod entities;

use axum::response::Response;
use http::Method;
use percent_encoding::percent_decode_str;

use crate::error::{Failure, unauthorized, unknown_resource};
use crate::server::{Arrived, ready};
use crate::state::State;

/// Answers a request to `resource`, the part of the path after `/api`.
pub(crate) async fn route(state: &State, arrived: &Arrived, resource: &str) -> Response {
    if resource == "/readyz" && arrived.parts.method == Method::GET {
        return ready(state);
    }
    let is_protected = resource.starts_with("/public") || resource.starts_with("/ingestion");
    if is_protected && let Err(problem) = state.gate.check(&state.issuer, arrived, state.clock.now()).await {
        return unauthorized(state.generation, arrived.parts.uri.path(), problem.as_deref());
    }
    let segments: Vec<_> =
        resource.split('/').skip(1).map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    let outcome = match (&arrived.parts.method, segments.as_slice()) {
        (&Method::GET, ["public", "report"]) => entities::list_reports(state, arrived),
        (&Method::GET, ["public", "dashboard"]) => entities::list_dashboards(state, arrived),
        (&Method::GET, ["public", "export", "report", id, "result", "json"]) => data_export::page(state, arrived, id),
        _ => return unknown_resource(state.generation),
    };
    outcome.unwrap_or_else(|failure: Failure| failure.answer(state.generation))
}

/// The first query parameter of this name, decoded.
fn query_parameter(arrived: &Arrived, wanted: &str) -> Option<String> {
    url::form_urlencoded::parse(arrived.query().as_bytes())
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.into_owned())
}
