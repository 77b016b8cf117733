//! Labels of variables.

use std::collections::BTreeSet;

use axum::response::Response;
use serde_json::Value;

use super::ingestion::TYPES;
use super::input::{elements, json_body};
use crate::failure::Failure;
use crate::request::Request;
use crate::response::void;
use crate::state::State;

pub(super) fn set(state: &State, request: &Request) -> Result<Response, Failure> {
    if state.is_unpatched() {
        return Err(Failure::Server("definitionKey: must not be blank".to_owned()));
    }
    let body = json_body(state, request)?;
    if body.is_null() {
        return Err(Failure::Server("the body is null".to_owned()));
    }
    if !body.is_object() {
        return Err(Failure::MalformedJson);
    }
    let blank = |value: &Value| value.as_str().is_none_or(|text| text.trim().is_empty());
    let constraint = |parameter, message: &str| Failure::Constraint { parameter, message: message.to_owned() };
    if blank(&body["definitionKey"]) {
        return Err(constraint("definitionKey", "must not be blank"));
    }
    let key = body["definitionKey"].as_str().unwrap_or_default();
    if body["labels"].is_null() {
        return Err(Failure::Server("labels is null".to_owned()));
    }
    let labels = elements(body["labels"].clone());
    let mut seen = BTreeSet::new();
    for label in &labels {
        if blank(&label["variableName"]) {
            return Err(constraint("variableName", "must not be blank"));
        }
        if label["variableType"].is_null() {
            return Err(constraint("variableType", "must not be null"));
        }
        let named = |known: &&str| label["variableType"].as_str().is_some_and(|word| word.eq_ignore_ascii_case(known));
        if !TYPES.iter().any(named) {
            return Err(Failure::MalformedJson);
        }
        if !seen.insert((label["variableName"].to_string(), label["variableType"].to_string())) {
            return Err(Failure::BadRequest("a variable is named twice".to_owned()));
        }
    }
    let mut store = state.store();
    if store.versions("process", key).is_none() {
        return Err(Failure::NotFound(format!("there is no definition {key}")));
    }
    for label in &labels {
        let text = |name: &str| label[name].as_str().unwrap_or_default().to_owned();
        let place = (key.to_owned(), text("variableName"), text("variableType"));
        if blank(&label["variableLabel"]) {
            store.labels.remove(&place);
        } else {
            store.labels.insert(place, text("variableLabel"));
        }
    }
    Ok(void(state.release))
}
