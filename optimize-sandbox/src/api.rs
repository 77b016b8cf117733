//! The public REST API.

mod agentic;
mod collections;
mod data_export;
mod definitions;
mod entities;
mod imports;
mod ingestion;
mod labels;
mod process_definitions;
mod request;

use std::sync::atomic::Ordering;

use axum::response::Response;
use http::Method;
use percent_encoding::percent_decode_str;

use crate::arrived::Arrived;
use crate::error::{Failure, empty, unauthorized, unknown_resource, void};
use crate::generation::Generation;
use crate::state::State;
use definitions::Kind;

/// Answers a request to `resource`, the part of the path after `/api`.
pub(crate) async fn route(state: &State, arrived: &Arrived, resource: &str) -> Response {
    if resource == "/readyz" && arrived.parts.method == Method::GET {
        return empty(if state.ready.load(Ordering::Relaxed) { 200 } else { 503 });
    }
    let is_protected = resource.starts_with("/public") || resource.starts_with("/ingestion");
    if is_protected && let Err(problem) = state.gate.check(&state.issuer, arrived, state.clock.now()).await {
        return unauthorized(state.generation, arrived.parts.uri.path(), problem.as_deref());
    }
    let segments: Vec<_> =
        resource.split('/').skip(1).map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    let outcome = match (&arrived.parts.method, segments.as_slice()) {
        (&Method::GET, ["public", "report"]) => entities::list(state, arrived, Kind::Report),
        (&Method::GET, ["public", "dashboard"]) => entities::list(state, arrived, Kind::Dashboard),
        (&Method::GET, ["public", "export", "report", id, "result", "json"]) => data_export::page(state, arrived, id),
        (&Method::DELETE, ["public", "report", id]) => definitions::delete(state, id, Kind::Report),
        (&Method::DELETE, ["public", "dashboard", id]) => definitions::delete(state, id, Kind::Dashboard),
        (&Method::POST, ["public", "export", "report", "definition", "json"]) => {
            definitions::export(state, arrived, Kind::Report)
        }
        (&Method::POST, ["public", "export", "dashboard", "definition", "json"]) => {
            definitions::export(state, arrived, Kind::Dashboard)
        }
        (&Method::POST, ["public", "import"]) => imports::import(state, arrived),
        (&Method::POST, ["public", "variables", "labels"]) => labels::set(state, arrived),
        (&Method::POST, ["public", "share", word @ ("enable" | "disable")]) => {
            state.world().is_sharing_enabled = *word == "enable";
            Ok(void(state.generation))
        }
        (&Method::POST, ["ingestion", "variable"]) => ingestion::variables(state, arrived),
        // Camunda 7 alone, whose servers are of the second generation.
        (&Method::POST, ["ingestion", "event", "batch"]) if state.generation == Generation::G2 => {
            ingestion::events(state, arrived)
        }
        // What came later.
        _ if state.generation == Generation::G2 => return unknown_resource(state.generation),
        (&Method::GET, ["public", "collection"]) => Ok(collections::list(state)),
        (&Method::POST, ["public", "collection", "create"]) => collections::create(state, arrived),
        (&Method::GET, ["public", "collection", id]) => collections::get(state, id),
        (&Method::PUT, ["public", "collection", id, "scope"]) => collections::set_scope(state, arrived, id),
        _ if state.generation != Generation::G4 => return unknown_resource(state.generation),
        (&Method::DELETE, ["public", "process-definition", key]) => process_definitions::delete(state, key),
        (&Method::GET, ["public", "dashboard", "agentic"]) => Ok(agentic::dashboard()),
        (&Method::POST, ["public", "dashboard", "agentic", "report", id, "evaluate"]) => {
            agentic::evaluate(state, arrived, id)
        }
        _ => return unknown_resource(state.generation),
    };
    outcome.unwrap_or_else(|failure: Failure| failure.answer(state.generation, state.is_before_fixes()))
}
