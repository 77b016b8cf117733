//! What requests change: definitions, collections, labels, sharing, ingested data, deletion jobs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::ingested::Ingested;
use crate::seed::{Demo, definitions};

/// The index of each kind with its version in the demo data; an import must come from the same versions.
pub(crate) const REPORT_INDEX: [(&str, &str, i64); 4] = [
    ("single_process_report", "single-process-report", 8),
    ("single_decision_report", "single-decision-report", 7),
    ("combined_report", "combined-report", 5),
    ("dashboard", "dashboard", 8),
];

/// The definitions that the demo data has from the engine, with their versions.
const DEFINITIONS: [(&str, &str, &[&str]); 3] =
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

/// What a single report uses of the engine: the type of each definition, and its key, versions and tenants.
pub(crate) fn used(definition: &Map<String, Value>) -> Vec<(&'static str, &Value)> {
    let definition_type = match definition.get("exportEntityType").and_then(Value::as_str) {
        Some("single_process_report") => "process",
        Some("single_decision_report") => "decision",
        _ => return Vec::new(),
    };
    let definitions = definition.get("data").and_then(|data| data["definitions"].as_array());
    definitions.into_iter().flatten().map(|used| (definition_type, used)).collect()
}

/// The tenants of a used definition: that of no tenant if it names none.
pub(crate) fn tenants(used: &Value) -> Vec<Value> {
    used["tenantIds"].as_array().cloned().unwrap_or_else(|| vec![Value::Null])
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

impl Collection {
    fn new(name: String) -> Self {
        Self { name, owner: "demo".to_owned(), scope: BTreeMap::new() }
    }

    /// Adds these tenants of a definition to the scope.
    fn widen(&mut self, definition_type: &str, key: &str, tenants: &[Value]) {
        let id = format!("{definition_type}:{key}");
        let entry = self.scope.entry(id.clone()).or_insert_with(
            || json!({ "id": id, "definitionType": definition_type, "definitionKey": key, "tenants": [] }),
        );
        if let Some(known) = entry["tenants"].as_array_mut() {
            let new: Vec<_> = tenants.iter().filter(|tenant| !known.contains(tenant)).cloned().collect();
            known.extend(new);
        }
    }
}

#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) entities: BTreeMap<String, Entity>,
    pub(crate) collections: BTreeMap<String, Collection>,
    /// By definition key, variable name and type.
    pub(crate) labels: BTreeMap<(String, String, String), String>,
    pub(crate) is_sharing_enabled: bool,
    /// By id: the last one wins.
    pub(crate) variables: Ingested,
    pub(crate) events: Ingested,
    pub(crate) process_definitions: BTreeSet<i64>,
    /// What was imported from the engine: the versions by type and key.
    definitions: BTreeMap<(String, String), BTreeSet<String>>,
    /// By kind of entity.
    index_versions: BTreeMap<String, i64>,
    pub(crate) queued_deletions: BTreeSet<i64>,
    made: u64,
}

impl Store {
    pub(crate) fn new(demo: &Demo) -> Self {
        Self {
            entities: definitions::entities(demo),
            collections: definitions::collections(),
            labels: BTreeMap::new(),
            is_sharing_enabled: true,
            variables: Ingested::default(),
            events: Ingested::default(),
            process_definitions: PROCESS_DEFINITION_KEYS.into(),
            definitions: DEFINITIONS
                .iter()
                .map(|(definition_type, key, versions)| {
                    let versions = versions.iter().map(|version| (*version).to_owned());
                    (((*definition_type).to_owned(), (*key).to_owned()), versions.collect())
                })
                .collect(),
            index_versions: REPORT_INDEX.iter().map(|(kind, _, version)| ((*kind).to_owned(), *version)).collect(),
            queued_deletions: BTreeSet::new(),
            made: 0,
        }
    }

    /// The versions of a definition from the engine; `None` if there is none of this type and key.
    pub(crate) fn versions(&self, definition_type: &str, key: &str) -> Option<&BTreeSet<String>> {
        self.definitions.get(&(definition_type.to_owned(), key.to_owned()))
    }

    /// The version of the index that has the entities of this kind.
    pub(crate) fn index_version(&self, kind: &str) -> Option<i64> {
        self.index_versions.get(kind).copied()
    }

    /// Adds what a test has brought. Collections that it names nowhere else get their id as their name. A server that has these
    /// definitions also has the processes and decisions they use, in the scope of their collection, and their index versions.
    pub(crate) fn add(&mut self, collections: Vec<(String, String)>, definitions: Vec<(String, Value)>) {
        for (collection, definition) in definitions {
            let Value::Object(definition) = definition else { continue };
            let id = definition.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let place =
                self.collections.entry(collection.clone()).or_insert_with(|| Collection::new(collection.clone()));
            for (definition_type, used) in used(&definition) {
                let key = used["key"].as_str().unwrap_or_default();
                place.widen(definition_type, key, &tenants(used));
                let versions = self.definitions.entry((definition_type.to_owned(), key.to_owned())).or_default();
                versions.extend(
                    used["versions"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
                );
            }
            let entity = Entity { collection: Some(collection), definition };
            if let (Some(version), Some(own)) = (
                entity.definition.get("sourceIndexVersion").and_then(Value::as_i64),
                self.index_versions.get_mut(entity.kind()),
            ) {
                *own = version;
            }
            self.entities.insert(id, entity);
        }
        for entity in self.entities.values_mut() {
            if let Some(version) = self.index_versions.get(entity.kind()) {
                entity.definition.insert("sourceIndexVersion".to_owned(), (*version).into());
            }
        }
        let named: Vec<_> = self.entities.values().filter_map(|entity| entity.collection.clone()).collect();
        for id in named {
            self.collections.entry(id.clone()).or_insert_with(|| Collection::new(id));
        }
        for (id, name) in collections {
            self.collections.entry(id).or_insert_with(|| Collection::new(String::new())).name = name;
        }
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
            // Older releases call the tiles reports.
            for name in ["tiles", "reports"] {
                if let Some(Value::Array(tiles)) = definition.get_mut(name) {
                    tiles.retain(|tile| tile["id"] != id);
                }
            }
            if let Some(Value::Array(parts)) = definition.get_mut("data").and_then(|data| data.get_mut("reports")) {
                parts.retain(|part| part["id"] != id);
            }
        }
    }
}
