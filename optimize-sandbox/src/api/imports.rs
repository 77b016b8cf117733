//! Importing definitions: everything is checked before anything is made.

use std::collections::{BTreeMap, BTreeSet};

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::input::collection_id;
use crate::failure::Failure;
use crate::request::Request;
use crate::response::json_response;
use crate::state::State;
use crate::store::{Collection, Entity, REPORT_INDEX, Store, references, tenants, used};

const LONGEST_DESCRIPTION: usize = 400;

type Definition = Map<String, Value>;

pub(super) fn import(state: &State, request: &Request) -> Result<Response, Failure> {
    let collection = collection_id(request)?;
    // Before its fix 8.8 never saw a body.
    let is_lost = state.is_unpatched();
    let body = if is_lost { &[] } else { request.body.as_slice() };
    let media_type = request.header(http::header::CONTENT_TYPE).unwrap_or_default();
    if state.release.is_jersey() && !(media_type.is_empty() || media_type.starts_with("application/json")) {
        return Err(Failure::MediaType);
    }
    if body.is_empty() && !state.release.is_jersey() && !is_lost {
        return Err(Failure::NoBody);
    }
    let definitions = read(body)?;
    let mut store = state.store();
    check_closed(&definitions)?;
    for definition in &definitions {
        let data = definition.get("data").unwrap_or(&Value::Null);
        if definition.get("instantPreviewDashboard") == Some(&Value::Bool(true)) || data["managementReport"] == true {
            return Err(Failure::Validation("importFileInvalid", "a system entity cannot be imported".to_owned()));
        }
    }
    let place = store.collections.get(&collection);
    let place = place.ok_or_else(|| Failure::NotFound(format!("collection {collection} does not exist")))?;
    check_versions(state, &definitions, &store)?;
    check_definitions(&definitions, &store)?;
    check_scope(&definitions, place)?;
    check_descriptions(&definitions)?;
    if state.release.looks_for_filters_too_early() {
        check_filters(&definitions, &store)?;
    }
    Ok(json_response(200, &make(&mut store, definitions, &collection)))
}

fn invalid(detail: impl Into<String>) -> Failure {
    Failure::Validation("importFileInvalid", detail.into())
}

fn read(body: &[u8]) -> Result<Vec<Definition>, Failure> {
    if body.trim_ascii().is_empty() {
        return Err(invalid("the file is empty"));
    }
    let parsed: Vec<Definition> =
        serde_json::from_slice(body).map_err(|_| invalid("the file is no array of entities"))?;
    let mut problems = Vec::new();
    for (index, definition) in parsed.iter().enumerate() {
        let text = |name: &str| definition.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let kind = text("exportEntityType").unwrap_or_default();
        if !REPORT_INDEX.iter().any(|(known, ..)| *known == kind) {
            return Err(invalid(format!("element {index} is of an unknown kind")));
        }
        let mut missing: Vec<_> = ["id", "name"].into_iter().filter(|name| text(name).is_none()).collect();
        // Older releases call the tiles of a dashboard reports.
        let needed: &[&[&str]] = match kind {
            "dashboard" => &[&["sourceIndexVersion"], &["tiles", "reports"], &["availableFilters"]],
            _ => &[&["sourceIndexVersion"], &["data"]],
        };
        missing.extend(
            needed
                .iter()
                .filter(|names| !names.iter().any(|name| definition.contains_key(*name)))
                .map(|names| names[0]),
        );
        problems.extend(missing.into_iter().map(|name| format!("element {index}: {name} is missing")));
    }
    if problems.is_empty() { Ok(parsed) } else { Err(invalid(problems.join("; "))) }
}

fn check_closed(definitions: &[Definition]) -> Result<(), Failure> {
    let ids: BTreeSet<&str> = definitions.iter().filter_map(|definition| definition["id"].as_str()).collect();
    let open = definitions.iter().flat_map(references).find(|id| !ids.contains(id.as_str()));
    open.map_or(Ok(()), |id| Err(invalid(format!("report {id} is referred to and not in the file"))))
}

fn check_versions(state: &State, definitions: &[Definition], store: &Store) -> Result<(), Failure> {
    let mismatches: Vec<_> = definitions
        .iter()
        .filter_map(|definition| {
            let (kind, index, _) = REPORT_INDEX.iter().find(|(kind, ..)| definition["exportEntityType"] == *kind)?;
            let target = store.index_version(kind)?;
            let source = definition["sourceIndexVersion"].as_i64();
            (source != Some(target)).then(|| {
                json!({
                    "indexName": index, "sourceIndexVersion": source, "targetIndexVersion": target,
                })
            })
        })
        .collect();
    if mismatches.is_empty() {
        return Ok(());
    }
    let code = state.release.index_mismatch_code();
    Err(Failure::Detailed {
        status: 400,
        code,
        detail: "index versions differ".to_owned(),
        member: "mismatchingIndices",
        value: Box::new(mismatches.into()),
    })
}

fn check_definitions(definitions: &[Definition], store: &Store) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for (definition_type, used) in definitions.iter().flat_map(used) {
        let wanted: Vec<&str> = used["versions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let known = store.versions(definition_type, used["key"].as_str().unwrap_or_default());
        // Of versions that are named it is enough that one exists.
        let is_there = known.is_some_and(|versions| {
            wanted.iter().any(|version| matches!(*version, "all" | "latest") || versions.contains(*version))
        });
        if !is_there {
            missing.push(json!({
                "type": definition_type, "key": used["key"], "versions": wanted, "tenantIds": used["tenantIds"],
            }));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let detail = "definitions do not exist".to_owned();
    Err(Failure::Detailed {
        status: 400,
        code: "importDefinitionDoesNotExist",
        detail,
        member: "definitions",
        value: Box::new(missing.into()),
    })
}

fn check_scope(definitions: &[Definition], collection: &Collection) -> Result<(), Failure> {
    for (code, is_outside) in [
        ("nonDefinitionScopeCompliantConflict", (|entry, _| entry.is_none()) as fn(Option<&Value>, &Value) -> bool),
        ("nonTenantScopeCompliantConflict", |entry, tenant| {
            entry.is_some_and(|entry| !entry["tenants"].as_array().is_some_and(|known| known.contains(tenant)))
        }),
    ] {
        let conflicts = |definition: &&Definition| {
            used(definition).into_iter().any(|(kind, used)| {
                let entry = collection.scope.get(&format!("{kind}:{}", used["key"].as_str().unwrap_or_default()));
                tenants(used).iter().any(|tenant| is_outside(entry, tenant))
            })
        };
        let items: Vec<_> = definitions
            .iter()
            .filter(conflicts)
            .map(|definition| json!({ "id": definition["id"], "type": "report", "name": definition["name"] }))
            .collect();
        if !items.is_empty() {
            let detail = "the collection's scope does not hold what is used".to_owned();
            return Err(Failure::Detailed {
                status: 409,
                code,
                detail,
                member: "conflictedItems",
                value: Box::new(items.into()),
            });
        }
    }
    Ok(())
}

fn check_descriptions(definitions: &[Definition]) -> Result<(), Failure> {
    let is_bad = |definition: &&Definition| {
        definition
            .get("description")
            .and_then(Value::as_str)
            .is_some_and(|text| text.is_empty() || text.chars().count() > LONGEST_DESCRIPTION)
    };
    match definitions.iter().find(is_bad) {
        None => Ok(()),
        Some(_) => {
            Err(Failure::Validation("importDescriptionInvalid", "a description is empty or too long".to_owned()))
        }
    }
}

/// camunda/camunda issue 55766: a filter of a variable is looked for in the reports of the file's own ids, which are there only
/// by chance.
fn check_filters(definitions: &[Definition], store: &Store) -> Result<(), Failure> {
    for dashboard in definitions.iter().filter(|definition| definition["exportEntityType"] == "dashboard") {
        let filters = dashboard.get("availableFilters").and_then(Value::as_array);
        let has_variable = filters.into_iter().flatten().any(|filter| filter["type"] == "variable");
        if has_variable && references(dashboard).iter().any(|id| !store.entities.contains_key(id)) {
            return Err(invalid("a variable filter names a variable that no report has"));
        }
    }
    Ok(())
}

/// Makes the entities, each with a new id, and lists them in an order of its own.
fn make(store: &mut Store, definitions: Vec<Definition>, collection: &str) -> Value {
    let ids: BTreeMap<String, String> = definitions
        .iter()
        .map(|definition| (definition["id"].as_str().unwrap_or_default().to_owned(), store.new_id()))
        .collect();
    let mut made = Vec::new();
    for mut definition in definitions {
        let id = ids[definition["id"].as_str().unwrap_or_default()].clone();
        definition.insert("id".to_owned(), id.as_str().into());
        definition.insert("collectionId".to_owned(), collection.into());
        let lists = definition.iter_mut().filter(|(name, _)| matches!(name.as_str(), "tiles" | "reports" | "data"));
        for (name, value) in lists {
            let list = if name == "data" { value.get_mut("reports") } else { Some(value) };
            for item in list.and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(new) = item["id"].as_str().and_then(|old| ids.get(old)) {
                    item["id"] = new.as_str().into();
                }
            }
        }
        let entity = Entity { collection: Some(collection.to_owned()), definition };
        made.push(json!({ "id": id, "entityType": if entity.is_dashboard() { "dashboard" } else { "report" } }));
        store.entities.insert(id, entity);
    }
    made.reverse();
    made.into()
}
