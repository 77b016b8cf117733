//! Variables and events from outside.

use axum::response::Response;
use http::header;
use serde_json::{Value, json};

use super::input::{elements, json_body};
use crate::failure::Failure;
use crate::request::Request;
use crate::response::void;
use crate::state::State;

/// The types of variables.
pub(super) const TYPES: [&str; 9] =
    ["String", "Short", "Long", "Double", "Integer", "Boolean", "Date", "Object", "Json"];

/// A field and what is wrong with it.
type Problem = (&'static str, &'static str);

pub(super) fn variables(state: &State, request: &Request) -> Result<Response, Failure> {
    let elements = valid_elements(state, request, |element| {
        let mut problems = blanks(element, &["id", "name", "processInstanceId", "processDefinitionKey"]);
        let is_typed =
            element["type"].as_str().is_some_and(|word| TYPES.iter().any(|known| known.eq_ignore_ascii_case(word)));
        problems.extend((!is_typed).then_some(("type", "must be a supported type")));
        problems
    })?;
    state.store().variables.keep(elements, visible_from(state));
    Ok(void(state.release))
}

pub(super) fn events(state: &State, request: &Request) -> Result<Response, Failure> {
    let elements = valid_elements(state, request, |element| {
        let mut problems = blanks(element, &["id", "source", "type", "traceid"]);
        problems.extend((element["specversion"] != "1.0").then_some(("specversion", "must be 1.0")));
        let is_own = element["source"].as_str().is_some_and(|source| source.eq_ignore_ascii_case("camunda"));
        problems.extend(is_own.then_some(("source", "must not be camunda")));
        problems
    })?;
    state.store().events.keep(elements, visible_from(state));
    Ok(void(state.release))
}

/// All or nothing: one invalid element rejects the batch.
fn valid_elements(
    state: &State,
    request: &Request,
    problems_of: impl Fn(&Value) -> Vec<Problem>,
) -> Result<Vec<Value>, Failure> {
    check_limits(state, request)?;
    let body = json_body(state, request)?;
    if body.is_null() {
        return Err(Failure::Elements(vec![json!({ "property": "variables", "errorMessage": "must not be null" })]));
    }
    let elements = elements(body);
    if elements.iter().any(|element| element["value"].is_object() || element["value"].is_array()) {
        return Err(Failure::MalformedJson);
    }
    let problems: Vec<_> = elements
        .iter()
        .enumerate()
        .flat_map(|(index, element)| {
            let complaint = move |(name, problem)| json!({ "property": format!("element[{index}].{name}"), "errorMessage": problem });
            problems_of(element).into_iter().map(complaint)
        })
        .collect();
    if problems.is_empty() { Ok(elements) } else { Err(Failure::Elements(problems)) }
}

/// What servers before 8.8 have against a request before they look into it.
fn check_limits(state: &State, request: &Request) -> Result<(), Failure> {
    if !state.release.is_jersey() {
        return Ok(());
    }
    if request.header(header::CONTENT_LENGTH).is_none() {
        return Err(Failure::Limit(411, "the length of the request must be stated".to_owned()));
    }
    if request.ingestions > state.ingestion_requests {
        return Err(Failure::Busy);
    }
    let (size, most) = (request.body.len(), state.ingestion_bytes);
    if size > most {
        return Err(Failure::Limit(413, format!("the request has {size} bytes, more than {most}")));
    }
    Ok(())
}

fn blanks(element: &Value, names: &[&'static str]) -> Vec<Problem> {
    let is_blank = |name: &&&'static str| element[**name].as_str().is_none_or(|text| text.trim().is_empty());
    names.iter().filter(is_blank).map(|name| (*name, "must not be blank")).collect()
}

/// 2xx is acceptance; data appears after an import round.
fn visible_from(state: &State) -> i64 {
    state.clock.now().saturating_add(state.ingestion_delay)
}
