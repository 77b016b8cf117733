//! Exporting and deleting definitions.

use std::collections::BTreeSet;

use axum::response::Response;
use serde_json::Value;

use super::agentic;
use super::input::{elements, json_body};
use crate::failure::Failure;
use crate::request::Request;
use crate::response::{json_response, void};
use crate::state::State;
use crate::store::{Entity, Store};

/// A report that the server has made for itself; no collection lists it.
const GENERATED_REPORT: &str = "management-process-instances";

/// Which kind of entity a request is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Report,
    Dashboard,
}

impl Kind {
    pub(super) fn is_of(self, entity: &Entity) -> bool {
        entity.is_dashboard() == (self == Self::Dashboard)
    }
}

pub(super) fn export(state: &State, request: &Request, kind: Kind) -> Result<Response, Failure> {
    let body = json_body(state, request)?;
    let mut ids = BTreeSet::new();
    for id in elements(body) {
        ids.insert(match id {
            Value::String(id) => id,
            Value::Number(number) => number.to_string(),
            Value::Bool(word) => word.to_string(),
            Value::Null => return Err(Failure::Server("an id is null".to_owned())),
            _ => return Err(Failure::MalformedJson),
        });
    }
    let store = state.store();
    let mut reports = Vec::new();
    let mut dashboards = Vec::new();
    for id in &ids {
        let entity = find(&store, id, kind)?;
        if kind == Kind::Dashboard {
            dashboards.push(id.clone());
        } else {
            reports.push(id.clone());
        }
        for reference in entity.references() {
            // A tile that refers to a report that is gone breaks the whole export.
            let report = store.entities.get(&reference);
            let report = report.ok_or_else(|| Failure::Server(format!("report {reference} does not exist")))?;
            reports.push(reference);
            reports.extend(report.references());
        }
    }
    let mut seen = BTreeSet::new();
    let all = reports.into_iter().chain(dashboards).filter(|id| seen.insert(id.clone()));
    let found = all.filter_map(|id| Some(Value::Object(store.entities.get(&id)?.definition.clone())));
    Ok(json_response(200, &found.collect::<Value>()))
}

pub(super) fn delete(state: &State, id: &str, kind: Kind) -> Result<Response, Failure> {
    if kind == Kind::Report && (id == GENERATED_REPORT || agentic::REPORTS.contains(&id)) {
        return Err(Failure::Validation("badRequestError", format!("{id} was made by the system and stays")));
    }
    let mut store = state.store();
    find(&store, id, kind)?;
    store.delete(id);
    Ok(void(state.release))
}

fn find<'w>(store: &'w Store, id: &str, kind: Kind) -> Result<&'w Entity, Failure> {
    let entity = store.entities.get(id).filter(|entity| kind.is_of(entity));
    entity.ok_or_else(|| Failure::NotFound(format!("{id} does not exist")))
}
