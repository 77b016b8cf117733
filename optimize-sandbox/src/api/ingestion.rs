//! Variables and events from outside.

use axum::response::Response;
use http::header;
use serde_json::{Value, json};

use super::json_body;
use crate::error::{Failure, json_answer, void};
use crate::generation::Generation;
use crate::server::Arrived;
use crate::state::State;

/// The types of variables.
pub(super) const TYPES: [&str; 9] =
    ["String", "Short", "Long", "Double", "Integer", "Boolean", "Date", "Object", "Json"];

pub(super) fn variables(state: &State, arrived: &Arrived) -> Result<Response, Failure> {
    if let Some(refusal) = limits(state, arrived) {
        return Ok(refusal);
    }
    let elements = elements(state, arrived)?;
    let problems = elements.iter().enumerate().flat_map(|(index, element)| {
        let blank = ["id", "name", "processInstanceId", "processDefinitionKey"]
            .into_iter()
            .filter(|name| is_blank(element, name));
        let is_typed =
            element["type"].as_str().is_some_and(|word| TYPES.iter().any(|known| known.eq_ignore_ascii_case(word)));
        let untyped = (!is_typed).then_some(("type", "must be a supported type"));
        blank
            .map(|name| (name, "must not be blank"))
            .chain(untyped)
            .map(move |(name, problem)| complaint(index, name, problem))
    });
    check(problems.collect())?;
    let mut world = state.world();
    for element in elements {
        world.variables.insert(element["id"].as_str().unwrap_or_default().to_owned(), element);
    }
    Ok(void(state.generation))
}

pub(super) fn events(state: &State, arrived: &Arrived) -> Result<Response, Failure> {
    if let Some(refusal) = limits(state, arrived) {
        return Ok(refusal);
    }
    let elements = elements(state, arrived)?;
    let problems = elements.iter().enumerate().flat_map(|(index, element)| {
        let blank = ["id", "source", "type", "traceid"].into_iter().filter(|name| is_blank(element, name));
        let version = (element["specversion"] != "1.0").then_some(("specversion", "must be 1.0"));
        let own = element["source"].as_str().is_some_and(|source| source.eq_ignore_ascii_case("camunda"));
        let own = own.then_some(("source", "must not be camunda"));
        blank
            .map(|name| (name, "must not be blank"))
            .chain(version)
            .chain(own)
            .map(move |(name, problem)| complaint(index, name, problem))
    });
    check(problems.collect())?;
    let mut world = state.world();
    for element in elements {
        world.events.insert(element["id"].as_str().unwrap_or_default().to_owned(), element);
    }
    Ok(void(state.generation))
}

/// What servers before 8.8 have against a request before they look into it.
fn limits(state: &State, arrived: &Arrived) -> Option<Response> {
    if state.generation != Generation::G2 {
        return None;
    }
    let refusal = |status, message: String| json_answer(status, &json!({ "errorMessage": message }));
    if arrived.header(header::CONTENT_LENGTH).is_none() {
        return Some(refusal(411, "the length of the request must be stated".to_owned()));
    }
    let (size, most) = (arrived.body.len(), state.ingestion_bytes);
    (size > most).then(|| refusal(413, format!("the request has {size} bytes, more than {most}")))
}

fn elements(state: &State, arrived: &Arrived) -> Result<Vec<Value>, Failure> {
    let body = json_body(state, arrived)?;
    body.as_array().cloned().ok_or(Failure::MalformedJson)
}

fn is_blank(element: &Value, name: &str) -> bool {
    element[name].as_str().is_none_or(|text| text.trim().is_empty())
}

fn complaint(index: usize, name: &str, problem: &str) -> Value {
    json!({ "property": format!("element[{index}].{name}"), "errorMessage": problem })
}

/// All or nothing: one invalid element rejects the batch.
fn check(problems: Vec<Value>) -> Result<(), Failure> {
    if problems.is_empty() { Ok(()) } else { Err(Failure::Elements(problems)) }
}
