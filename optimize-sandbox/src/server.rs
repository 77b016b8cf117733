//! From a connection to a response: journal, faults, then the issuer or the API.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request as HttpRequest, State as Shared};
use axum::response::Response;
use http::{HeaderValue, header};

use crate::connection::{BreakableListener, Peer};
use crate::fault::{Fault, apply};
use crate::journal::Entry;
use crate::request::Request;
use crate::response::{empty, json_response};
use crate::state::State;
use crate::{api, issuer, web_stack};

/// No request of this API is larger.
const LARGEST_REQUEST: usize = 64 << 20;

pub(crate) async fn serve(listener: BreakableListener, state: Arc<State>) {
    let app = Router::new().fallback(handle).with_state(state).into_make_service_with_connect_info::<Peer>();
    // Serving ends only when the task is aborted.
    let _ = axum::serve(listener, app).await;
}

async fn handle(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: HttpRequest,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else { return empty(413) };
    let under_way = state.count_ingestion(parts.uri.path());
    let ingestions = under_way.as_ref().map_or(0, |under_way| under_way.count);
    let request = Request { parts, body: body.into(), peer, ingestions };
    let full_path = request.parts.uri.path().to_owned();
    if full_path == "/_sandbox/journal" {
        return json_response(200, &serde_json::to_value(&*state.journal()).unwrap_or_default());
    }
    let path = full_path.strip_prefix(&state.context_path).unwrap_or(&full_path);
    let fault = state.faults().take(request.parts.method.as_str(), path, request.query());
    let place = record(&state, &request, path, fault.as_ref());
    if let Some(delay) = fault.as_ref().and_then(Fault::delay) {
        tokio::time::sleep(delay).await;
    }
    let call = Call { state: &state, request: &request, full_path: &full_path, path };
    let mut response = apply::response(fault.as_ref(), call).await;
    if let Ok(date) = HeaderValue::from_str(&state.clock.http_date()) {
        response.headers_mut().insert(header::DATE, date);
    }
    let is_reset = matches!(fault, Some(Fault::ResetBefore | Fault::ResetAfter));
    if is_reset {
        request.peer.break_off();
    }
    if let Some(entry) = state.journal().get_mut(place) {
        entry.status = if is_reset { 0 } else { response.status().as_u16() };
    }
    response
}

fn record(state: &State, request: &Request, path: &str, fault: Option<&Fault>) -> usize {
    let scheme = request.header(header::AUTHORIZATION).and_then(|value| value.split(' ').next());
    let entry = Entry {
        method: request.parts.method.to_string(),
        path: path.to_owned(),
        query: request.query().to_owned(),
        authorization: scheme.map(str::to_owned),
        content_type: request.header(header::CONTENT_TYPE).map(str::to_owned),
        parameters: issuer::journal_parameters(&state.issuer, request),
        status: 0,
        fault: fault.map(Fault::name),
    };
    let mut journal = state.journal();
    journal.push(entry);
    journal.len() - 1
}

/// A request on its way to what handles it.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) state: &'a State,
    pub(crate) request: &'a Request,
    full_path: &'a str,
    /// Without the context path.
    path: &'a str,
}

impl Call<'_> {
    /// The response of the issuer or of the API.
    pub(crate) async fn route(self) -> Response {
        let Self { state, request, full_path, .. } = self;
        if let Some(response) = issuer::route(&state.issuer, state.clock.now(), request, full_path) {
            return response;
        }
        let mut response = match web_stack::refusal(state.release, &request.parts) {
            Some(refusal) => refusal,
            None => self.application().await,
        };
        web_stack::finish(state.release, request.parts.version, &mut response);
        response
    }

    async fn application(self) -> Response {
        let Self { state, request, full_path, path } = self;
        let is_below_context = full_path.len() != path.len() || state.context_path.is_empty();
        match path.strip_prefix("/api") {
            Some(resource) if is_below_context && (resource.is_empty() || resource.starts_with('/')) => {
                api::route(state, request, resource).await
            }
            // Another context path does not belong to the application.
            _ if !is_below_context => web_stack::unknown_context(),
            _ => web_stack::user_interface(state.release),
        }
    }
}
