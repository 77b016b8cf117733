//! The public REST API.

mod agentic;
mod collections;
mod data_export;
mod definitions;
mod entities;
mod imports;
mod ingestion;
mod input;
mod labels;
mod process_definitions;

use std::sync::atomic::Ordering;

use axum::response::Response;
use http::{HeaderValue, Method, header};
use percent_encoding::percent_decode_str;

use crate::authorization::Refusal;
use crate::release::Release;
use crate::request::Request;
use crate::response::{empty, optimize_error, text_response, unauthorized, unknown_resource, void};
use crate::state::State;
use crate::web_stack;
use definitions::Kind;

/// Handles a request to `resource`, the part of the path after `/api`.
pub(crate) async fn route(state: &State, request: &Request, resource: &str) -> Response {
    if resource == "/readyz" && request.parts.method == Method::GET {
        return empty(if state.ready.load(Ordering::Relaxed) { 200 } else { 503 });
    }
    let path = request.parts.uri.path();
    let takes_events = state.release == Release::V8_6;
    let is_public = resource == "/public" || resource.starts_with("/public/");
    let is_ingestion = resource == "/ingestion/variable" || (takes_events && resource == "/ingestion/event/batch");
    if !is_public && !is_ingestion {
        return web_stack::closed_to_tokens(state.release);
    }
    match state.authorization.check(&state.issuer, request, state.clock.now()).await {
        Ok(()) => {}
        Err(Refusal::NoToken) => return unauthorized(state.release, request.header(header::HOST), None),
        Err(Refusal::Token(problem)) => {
            return unauthorized(state.release, request.header(header::HOST), Some(&problem));
        }
        Err(Refusal::NoKeys) => return web_stack::without_keys(state.release, path),
    }
    // Jersey takes a path with a slash at its end for the same.
    let resource = if state.release.is_jersey() { resource.trim_end_matches('/') } else { resource };
    let segments: Vec<_> =
        resource.split('/').skip(1).map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    let methods = methods_of(state.release, &segments);
    let method = match &request.parts.method {
        &Method::HEAD if methods.contains(&Method::GET) => &Method::GET,
        &Method::OPTIONS if !methods.is_empty() => return options(state.release, methods),
        method => method,
    };
    if !methods.contains(method) {
        return unknown_resource(state.release, method, path, !methods.is_empty());
    }
    // Jersey looks at this first, Spring when it writes the response.
    if state.release.is_jersey() && !accepts_json(request) {
        return unacceptable();
    }
    let outcome = match (method, segments.as_slice()) {
        (&Method::GET, ["public", "report"]) => entities::list(state, request, Kind::Report),
        (&Method::GET, ["public", "dashboard"]) => entities::list(state, request, Kind::Dashboard),
        (&Method::GET, ["public", "export", "report", id, "result", "json"]) => data_export::page(state, request, id),
        (&Method::DELETE, ["public", "report", id]) => definitions::delete(state, id, Kind::Report),
        (&Method::DELETE, ["public", "dashboard", id]) => definitions::delete(state, id, Kind::Dashboard),
        (&Method::POST, ["public", "export", "report", "definition", "json"]) => {
            definitions::export(state, request, Kind::Report)
        }
        (&Method::POST, ["public", "export", "dashboard", "definition", "json"]) => {
            definitions::export(state, request, Kind::Dashboard)
        }
        (&Method::POST, ["public", "import"]) => imports::import(state, request),
        (&Method::POST, ["public", "variables", "labels"]) => labels::set(state, request),
        (&Method::POST, ["public", "share", word @ ("enable" | "disable")]) => {
            state.store().is_sharing_enabled = *word == "enable";
            Ok(void(state.release))
        }
        (&Method::POST, ["ingestion", "variable"]) => ingestion::variables(state, request),
        (&Method::POST, ["ingestion", "event", "batch"]) => ingestion::events(state, request),
        (&Method::GET, ["public", "collection"]) => Ok(collections::list(state)),
        (&Method::POST, ["public", "collection", "create"]) => collections::create(state, request),
        (&Method::GET, ["public", "collection", id]) => collections::get(state, id),
        (&Method::PUT, ["public", "collection", id, "scope"]) => collections::set_scope(state, request, id),
        (&Method::DELETE, ["public", "process-definition", key]) => process_definitions::delete(state, key),
        (&Method::GET, ["public", "dashboard", "agentic"]) => Ok(agentic::dashboard()),
        (&Method::POST, ["public", "dashboard", "agentic", "report", id, "evaluate"]) => {
            agentic::evaluate(state, request, id)
        }
        _ => return unknown_resource(state.release, method, path, false),
    };
    match outcome {
        Ok(response) if accepts_json(request) || !response.headers().contains_key(header::CONTENT_TYPE) => response,
        Ok(_) => unacceptable(),
        Err(failure) => failure.response(state.release, state.is_unpatched()),
    }
}

/// The methods of a path, as far as the release has it.
fn methods_of(release: Release, segments: &[&str]) -> &'static [Method] {
    const GET: &[Method] = &[Method::GET];
    const POST: &[Method] = &[Method::POST];
    const PUT: &[Method] = &[Method::PUT];
    const DELETE: &[Method] = &[Method::DELETE];
    let has_collections = release != Release::V8_6;
    let is_latest = release == Release::V8_10;
    if segments.iter().any(|segment| segment.is_empty()) {
        return &[];
    }
    match segments {
        ["public", "report" | "dashboard"] | ["public", "export", "report", _, "result", "json"] => GET,
        ["public", "dashboard", "agentic"] if is_latest => GET,
        ["public", "report" | "dashboard", _] => DELETE,
        ["public", "export", "report" | "dashboard", "definition", "json"]
        | ["public", "import"]
        | ["public", "variables", "labels"]
        | ["public", "share", "enable" | "disable"]
        | ["ingestion", "variable"]
        | ["ingestion", "event", "batch"] => POST,
        ["public", "collection", "create"] if has_collections => POST,
        ["public", "collection"] | ["public", "collection", _] if has_collections => GET,
        ["public", "collection", _, "scope"] if has_collections => PUT,
        ["public", "process-definition", _] if is_latest => DELETE,
        ["public", "dashboard", "agentic", "report", _, "evaluate"] if is_latest => POST,
        _ => &[],
    }
}

fn options(release: Release, methods: &[Method]) -> Response {
    let further = if methods.contains(&Method::GET) { ",HEAD,OPTIONS" } else { ",OPTIONS" };
    let allowed = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(",") + further;
    let mut response = if release.is_jersey() { text_response(200, "text/plain", allowed.clone()) } else { empty(200) };
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

fn unacceptable() -> Response {
    optimize_error(500, "serverError", "No acceptable representation")
}

/// Whether the caller takes JSON. What cannot be read takes none.
fn accepts_json(request: &Request) -> bool {
    let Some(accept) = request.header(header::ACCEPT) else { return true };
    let mut types = accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    types.any(|media_type| matches!(media_type, "*/*" | "application/*" | "application/json"))
}
