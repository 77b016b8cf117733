//! The collections, reports and dashboards of the demo data.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::bpmn::bpmn;
use super::{Content, Demo, Report};
use crate::store::{Collection, Entity, REPORT_INDEX};

/// The collections by their ids, each with the definition that its reports use.
pub(crate) fn collections() -> BTreeMap<String, Collection> {
    let collections = [
        (("orders", "process", "order-process"), "Orders"),
        (("invoices", "process", "invoice"), "Invoices"),
        (("claims", "decision", "claim-risk"), "Claims"),
        (("returns", "process", "order-return"), "Returns"),
    ];
    let collection = |((id, definition_type, key), name): ((&str, &str, &str), &str)| {
        let entry = format!("{definition_type}:{key}");
        let value = json!({ "id": entry, "definitionType": definition_type, "definitionKey": key, "tenants": [null] });
        let scope = BTreeMap::from([(entry, value)]);
        (id.to_owned(), Collection { name: name.to_owned(), owner: "demo".to_owned(), scope })
    };
    collections.into_iter().map(collection).collect()
}

/// The reports and dashboards by their ids.
pub(crate) fn entities(demo: &Demo) -> BTreeMap<String, Entity> {
    let reports = demo
        .reports()
        .iter()
        .map(|report| (report.id.as_str(), report.collection.as_str(), definition_of(report, demo)));
    let dashboards =
        demo.dashboards().iter().map(|(id, collection)| (*id, *collection, dashboard(id, collection, demo)));
    let entity = |(id, collection, definition): (&str, &str, _)| {
        (id.to_owned(), Entity { collection: Some(collection.to_owned()), definition })
    };
    reports.chain(dashboards).map(entity).collect()
}

fn dashboard(id: &str, collection: &str, demo: &Demo) -> Map<String, Value> {
    let reports = demo.reports().iter().filter(|report| report.collection == collection).take(3);
    let tiles = reports.map(|report| tile(&report.id, "optimize_report")).chain([tile("", "text")]);
    let mut definition = head(id, "dashboard", collection);
    definition.insert("tiles".to_owned(), tiles.collect());
    definition.insert("availableFilters".to_owned(), json!([{ "type": "state", "data": null }]));
    definition
}

fn tile(id: &str, kind: &str) -> Value {
    json!({
        "id": id, "position": { "x": 0, "y": 0 }, "dimensions": { "width": 6, "height": 4 }, "type": kind, "configuration": null,
    })
}

fn head(id: &str, kind: &str, collection: &str) -> Map<String, Value> {
    let version = REPORT_INDEX.iter().find(|(known, ..)| *known == kind).map_or(1, |(_, _, version)| *version);
    let head = json!({
        "id": id, "exportEntityType": kind, "name": id.replace('-', " "), "description": null,
        "sourceIndexVersion": version, "collectionId": collection,
    });
    head.as_object().cloned().unwrap_or_default()
}

fn definition_of(report: &Report, demo: &Demo) -> Map<String, Value> {
    let (definition_type, key) = match report.collection.as_str() {
        "orders" => ("process", "order-process"),
        "invoices" => ("process", "invoice"),
        "returns" => ("process", "order-return"),
        _ => ("decision", "claim-risk"),
    };
    if matches!(report.content, Content::Combined) {
        let parts = demo
            .reports()
            .iter()
            .filter(|other| other.collection == report.collection && matches!(other.content, Content::Groups(_)));
        let parts: Vec<_> = parts.take(2).map(|part| json!({ "id": part.id, "color": "#1991c8" })).collect();
        let mut definition = head(&report.id, "combined_report", &report.collection);
        definition.insert("data".to_owned(), json!({ "configuration": {}, "visualization": "bar", "reports": parts }));
        return definition;
    }
    let kind = if definition_type == "process" { "single_process_report" } else { "single_decision_report" };
    let mut definition = head(&report.id, kind, &report.collection);
    let definitions = match report.content {
        Content::WithoutDefinition => json!([]),
        _ => json!([{
            "identifier": "d1", "key": key, "name": key, "displayName": key, "versions": ["all"], "tenantIds": [null],
        }]),
    };
    let configuration = match definition_type {
        "process" => json!({ "xml": bpmn(key) }),
        _ => json!({}),
    };
    let property = match &report.content {
        Content::Raw { .. } | Content::OwnRows(_) => "rawData",
        _ if report.id.contains("duration") => "duration",
        _ => "frequency",
    };
    definition.insert(
        "data".to_owned(),
        json!({
            "definitions": definitions, "view": { "entity": "flowNode", "properties": [property] },
            "groupBy": { "type": "flowNodes", "value": null }, "distributedBy": { "type": "none", "value": null },
            "filter": [], "visualization": "table", "configuration": configuration,
        }),
    );
    definition
}
