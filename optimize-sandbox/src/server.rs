//! From a connection to an answer: journal, faults, then the issuer or the API.

use std::io::{self, Write};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use http::{HeaderValue, header};

use crate::arrived::Arrived;
use crate::connection::{BreakableListener, Peer};
use crate::error::{empty, json_answer, text_answer, unauthorized};
use crate::fault::Fault;
use crate::journal::Entry;
use crate::state::State;
use crate::{api, issuer, web_stack};

/// No request of this API is larger.
const LARGEST_REQUEST: usize = 64 << 20;

pub(crate) async fn serve(listener: BreakableListener, state: Arc<State>) {
    let app = Router::new().fallback(handle).with_state(state).into_make_service_with_connect_info::<Peer>();
    // Serving ends only when the task is aborted.
    let _ = axum::serve(listener, app).await;
}

async fn handle(Shared(state): Shared<Arc<State>>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else { return empty(413) };
    let under_way = state.count_ingestion(parts.uri.path());
    let ingestions = under_way.as_ref().map_or(0, |under_way| under_way.count);
    let arrived = Arrived { parts, body: body.into(), peer, ingestions };
    let full_path = arrived.parts.uri.path().to_owned();
    if full_path == "/_sandbox/journal" {
        return json_answer(200, &serde_json::to_value(&*state.journal()).unwrap_or_default());
    }
    let path = full_path.strip_prefix(&state.context_path).unwrap_or(&full_path);
    let fault = state.faults().strike(arrived.parts.method.as_str(), path, arrived.query());
    let place = record(&state, &arrived, path, fault.as_ref());
    if let Some(delay) = fault.as_ref().and_then(Fault::delay) {
        tokio::time::sleep(delay).await;
    }
    let is_below_context = full_path.len() != path.len() || state.context_path.is_empty();
    let mut answer = match &fault {
        Some(Fault::Status { code, retry_after, body, content_type, location, headers: further }) => {
            let content_type = content_type.as_deref().unwrap_or("application/json");
            let mut answer = text_answer(*code, content_type, body.clone());
            let headers = answer.headers_mut();
            if let Some(seconds) = retry_after {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            if let Some(location) = location.as_deref().and_then(|location| HeaderValue::from_str(location).ok()) {
                headers.insert(header::LOCATION, location);
            }
            for (name, value) in further {
                if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), HeaderValue::from_str(value)) {
                    headers.insert(name, value);
                }
            }
            answer
        }
        Some(Fault::Unauthorized) => {
            unauthorized(state.generation, arrived.header(header::HOST), Some("the token was revoked"))
        }
        Some(Fault::ResetBefore) => empty(500),
        Some(Fault::LostPage) => {
            // The first of the two pages is made, so that the cursor moves, and thrown away.
            drop(route(&state, &arrived, &full_path, path, is_below_context).await);
            route(&state, &arrived, &full_path, path, is_below_context).await
        }
        Some(Fault::Flood { megabytes, gzip }) => flood(*megabytes, *gzip),
        Some(Fault::HeaderFlood { count }) => {
            let mut answer = route(&state, &arrived, &full_path, path, is_below_context).await;
            for number in 0..*count {
                if let Ok(name) = header::HeaderName::try_from(format!("x-flood-{number}")) {
                    answer.headers_mut().insert(name, HeaderValue::from(number));
                }
            }
            answer
        }
        Some(Fault::CutBody) => cut(route(&state, &arrived, &full_path, path, is_below_context).await).await,
        Some(Fault::ResetAfter | Fault::Delay { .. }) | None => {
            route(&state, &arrived, &full_path, path, is_below_context).await
        }
    };
    if let Ok(date) = HeaderValue::from_str(&state.clock.http_date()) {
        answer.headers_mut().insert(header::DATE, date);
    }
    let is_reset = matches!(fault, Some(Fault::ResetBefore | Fault::ResetAfter));
    if is_reset {
        arrived.peer.break_off();
    }
    if let Some(entry) = state.journal().get_mut(place) {
        entry.status = if is_reset { 0 } else { answer.status().as_u16() };
    }
    answer
}

/// The answer with its whole length announced and half of it sent.
async fn cut(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = stream::iter([Ok(body.slice(..body.len() / 2)), Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    Response::from_parts(parts, Body::from_stream(half))
}

/// A string of this many MiB without an end, made as it is sent.
fn flood(megabytes: u32, gzip: bool) -> Response {
    let piece = Bytes::from(vec![b' '; 1 << 20]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let pieces = (1..=megabytes).map(move |number| {
        if !gzip {
            return Ok(piece.clone());
        }
        encoder.write_all(&piece)?;
        if number == megabytes {
            encoder.try_finish()?;
        }
        Ok::<_, io::Error>(std::mem::take(encoder.get_mut()).into())
    });
    let mut answer = text_answer(200, "application/json", Body::from_stream(stream::iter(pieces)));
    if gzip {
        answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}

fn record(state: &State, arrived: &Arrived, path: &str, fault: Option<&Fault>) -> usize {
    let scheme = arrived.header(header::AUTHORIZATION).and_then(|value| value.split(' ').next());
    let entry = Entry {
        method: arrived.parts.method.to_string(),
        path: path.to_owned(),
        query: arrived.query().to_owned(),
        authorization: scheme.map(str::to_owned),
        content_type: arrived.header(header::CONTENT_TYPE).map(str::to_owned),
        parameters: issuer::journal_parameters(&state.issuer, arrived),
        status: 0,
        fault: fault.map(Fault::name),
    };
    let mut journal = state.journal();
    journal.push(entry);
    journal.len() - 1
}

async fn route(state: &State, arrived: &Arrived, full_path: &str, path: &str, is_below_context: bool) -> Response {
    if let Some(answer) = issuer::route(&state.issuer, state.clock.now(), arrived, full_path) {
        return answer;
    }
    if let Some(mut answer) = web_stack::refusal(state.generation, &arrived.parts) {
        web_stack::finish(state.generation, arrived.parts.version, &mut answer);
        return answer;
    }
    let mut answer = of_application(state, arrived, path, is_below_context).await;
    web_stack::finish(state.generation, arrived.parts.version, &mut answer);
    answer
}

async fn of_application(state: &State, arrived: &Arrived, path: &str, is_below_context: bool) -> Response {
    match path.strip_prefix("/api") {
        Some(resource) if is_below_context && (resource.is_empty() || resource.starts_with('/')) => {
            api::route(state, arrived, resource).await
        }
        // Another context path does not belong to the application.
        _ if !is_below_context => web_stack::unknown_context(),
        _ => web_stack::user_interface(state.generation),
    }
}
