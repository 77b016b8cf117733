//! What requests change: definitions, collections, labels, sharing, ingested data, deletion jobs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::ingested::Ingested;
use crate::seed::{Content, Demo, Report};

/// Optimize's index versions; an import must come from the same ones.
pub(crate) const REPORT_INDEX: [(&str, &str, i64); 4] = [
    ("single_process_report", "single-process-report", 8),
    ("single_decision_report", "single-decision-report", 7),
    ("combined_report", "combined-report", 5),
    ("dashboard", "dashboard", 8),
];

/// The definitions that were imported from the engine, with their versions.
pub(crate) const DEFINITIONS: [(&str, &str, &[&str]); 3] =
    [("process", "order-process", &["1", "2"]), ("process", "invoice", &["1"]), ("decision", "claim-risk", &["1"])];

/// The numeric keys of the versions of process definitions.
const PROCESS_DEFINITION_KEYS: [i64; 3] = [2_251_799_813_685_249, 2_251_799_813_685_250, 2_251_799_813_685_251];

/// A report or dashboard.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    pub(crate) collection: Option<String>,
    /// The members of its exported definition.
    pub(crate) definition: Map<String, Value>,
}

impl Entity {
    pub(crate) fn kind(&self) -> &str {
        self.definition["exportEntityType"].as_str().unwrap_or_default()
    }

    pub(crate) fn is_dashboard(&self) -> bool {
        self.kind() == "dashboard"
    }

    /// The reports that a dashboard's tiles or a combined report refer to.
    pub(crate) fn references(&self) -> Vec<String> {
        references(&self.definition)
    }
}

/// The reports that a definition refers to. Tiles of texts and pictures refer to none.
pub(crate) fn references(definition: &Map<String, Value>) -> Vec<String> {
    let of = |items: &Value, is_reference: fn(&Value) -> bool| -> Vec<String> {
        let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
        items
            .iter()
            .filter(|item| is_reference(item))
            .filter_map(|item| item["id"].as_str().map(str::to_owned))
            .collect()
    };
    let is_report = |tile: &Value| matches!(tile["type"].as_str(), None | Some("optimize_report")) && tile["id"] != "";
    match definition.get("exportEntityType").and_then(Value::as_str) {
        Some("combined_report") => of(&definition.get("data").cloned().unwrap_or_default()["reports"], |_| true),
        // Older releases call the tiles reports.
        Some("dashboard") => ["tiles", "reports"]
            .iter()
            .flat_map(|name| of(definition.get(*name).unwrap_or(&Value::Null), is_report))
            .collect(),
        _ => Vec::new(),
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Collection {
    pub(crate) name: String,
    pub(crate) owner: String,
    /// Entries by their id, `process:order-process`.
    pub(crate) scope: BTreeMap<String, Value>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) entities: BTreeMap<String, Entity>,
    pub(crate) collections: BTreeMap<String, Collection>,
    /// By definition key, variable name and type.
    pub(crate) labels: BTreeMap<(String, String, String), String>,
    pub(crate) is_sharing_enabled: bool,
    /// By id: the last one wins.
    pub(crate) variables: Ingested,
    pub(crate) events: Ingested,
    pub(crate) process_definitions: BTreeSet<i64>,
    pub(crate) queued_deletions: BTreeSet<i64>,
    made: u64,
}

impl World {
    pub(crate) fn new(demo: &Demo) -> Self {
        let mut world = Self {
            entities: BTreeMap::new(),
            collections: BTreeMap::new(),
            labels: BTreeMap::new(),
            is_sharing_enabled: true,
            variables: Ingested::default(),
            events: Ingested::default(),
            process_definitions: PROCESS_DEFINITION_KEYS.into(),
            queued_deletions: BTreeSet::new(),
            made: 0,
        };
        for ((collection, definition_type, key), name) in [
            (("orders", "process", "order-process"), "Orders"),
            (("invoices", "process", "invoice"), "Invoices"),
            (("claims", "decision", "claim-risk"), "Claims"),
        ] {
            let id = format!("{definition_type}:{key}");
            let entry = json!({ "id": id, "definitionType": definition_type, "definitionKey": key, "tenants": [null] });
            let scope = BTreeMap::from([(id, entry)]);
            world
                .collections
                .insert(collection.to_owned(), Collection { name: name.to_owned(), owner: "demo".to_owned(), scope });
        }
        for report in demo.reports() {
            let definition = definition_of(report, demo);
            let entity = Entity { collection: Some(report.collection.to_owned()), definition };
            world.entities.insert(report.id.to_owned(), entity);
        }
        for (id, collection) in demo.dashboards() {
            let reports = demo.reports().iter().filter(|report| report.collection == *collection).take(3);
            let tiles = reports.map(|report| tile(report.id, "optimize_report")).chain([tile("", "text")]);
            let mut definition = head(id, "dashboard", collection);
            definition.insert("tiles".to_owned(), tiles.collect());
            definition.insert("availableFilters".to_owned(), json!([{ "type": "state", "data": null }]));
            world.entities.insert((*id).to_owned(), Entity { collection: Some((*collection).to_owned()), definition });
        }
        world
    }

    /// A new id, of the form that the server's have.
    pub(crate) fn new_id(&mut self) -> String {
        self.made += 1;
        format!("5a4db0c5-0000-4000-8000-{:012x}", self.made)
    }

    /// Deletes a report or dashboard, and what refers to it from elsewhere.
    pub(crate) fn delete(&mut self, id: &str) {
        self.entities.remove(id);
        for entity in self.entities.values_mut() {
            let definition = &mut entity.definition;
            if let Some(Value::Array(tiles)) = definition.get_mut("tiles") {
                tiles.retain(|tile| tile["id"] != id);
            }
            if let Some(Value::Array(parts)) = definition.get_mut("data").and_then(|data| data.get_mut("reports")) {
                parts.retain(|part| part["id"] != id);
            }
        }
    }
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
    let (definition_type, key) = match report.collection {
        "orders" => ("process", "order-process"),
        "invoices" => ("process", "invoice"),
        _ => ("decision", "claim-risk"),
    };
    if matches!(report.content, Content::Combined) {
        let parts = demo
            .reports()
            .iter()
            .filter(|other| other.collection == report.collection && matches!(other.content, Content::Groups(_)));
        let parts: Vec<_> = parts.take(2).map(|part| json!({ "id": part.id, "color": "#1991c8" })).collect();
        let mut definition = head(report.id, "combined_report", report.collection);
        definition.insert("data".to_owned(), json!({ "configuration": {}, "visualization": "bar", "reports": parts }));
        return definition;
    }
    let kind = if definition_type == "process" { "single_process_report" } else { "single_decision_report" };
    let mut definition = head(report.id, kind, report.collection);
    let definitions = match report.content {
        Content::WithoutDefinition => json!([]),
        _ => json!([{
            "identifier": "d1", "key": key, "name": key, "displayName": key, "versions": ["all"], "tenantIds": [null],
        }]),
    };
    definition.insert(
        "data".to_owned(),
        json!({
            "definitions": definitions, "view": { "entity": "flowNode", "properties": ["frequency"] },
            "groupBy": { "type": "flowNodes", "value": null }, "distributedBy": { "type": "none", "value": null },
            "filter": [], "visualization": "table", "configuration": {},
        }),
    );
    definition
}
