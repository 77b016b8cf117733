//! The scope of a collection: the processes and decisions that its reports may use, each with its tenants.

use std::collections::BTreeMap;

use optimize_api::{Client, ErrorKind, ScopeEntry};
use serde::{Deserialize, Serialize};

use crate::entity::{Entity, Key};
use crate::error::Error;
use crate::json::Json;

/// The tenants of an entry; `None` stands for none.
type Tenants = Vec<Option<String>>;

/// The scope of a collection, as far as the server returns it.
pub(crate) enum Scope {
    /// Its entries, with the members that count.
    Known(Vec<Json>),
    /// Why it is not known: releases before 8.7 do not return it.
    Unknown(String),
}

/// What is added to the scope of a collection, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ScopeChange {
    /// The collection's name in the project.
    pub collection: String,
    /// Its id on the server.
    pub collection_id: String,
    /// The entries that are new, or have more tenants.
    pub sources: Vec<Source>,
}

/// A process or decision in a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Source {
    /// `process` or `decision`.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// Those that the entry has then.
    pub tenants: Vec<Option<String>>,
    /// The path of the first file that needs it.
    pub file: String,
}

impl Scope {
    pub(crate) async fn read(client: &Client, collection: &str) -> Result<Self, optimize_api::Error> {
        let collection = match client.collections().get(collection).await {
            Ok(collection) => collection,
            // How releases before 8.7, and what stands before them, refuse a request that they do not know.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::InvalidRequest
                        | ErrorKind::Conflict
                        | ErrorKind::TooLarge
                        | ErrorKind::Unsupported
                        | ErrorKind::ServerFault
                        | ErrorKind::Misconfigured
                ) =>
            {
                return Ok(Self::Unknown(format!("the scope could not be checked: {error}")));
            }
            Err(error) => return Err(error),
        };
        let entries = Json::parse(collection.json()).ok();
        let entries = entries.and_then(|json| Some(json.get("data")?.get("scope")?.as_list()?.to_vec()));
        let Some(mut entries) = entries else {
            return Ok(Self::Unknown("the scope is not checked: the server does not return it".to_owned()));
        };
        for members in entries.iter_mut().filter_map(Json::as_object_mut) {
            members.retain(|name, _| ["definitionType", "definitionKey", "tenants"].contains(&name.as_str()));
        }
        entries.sort_by_key(Json::to_line);
        Ok(Self::Known(entries))
    }

    /// The tenants that this process or decision has in the scope, if it is there.
    pub(crate) fn tenants(&self, kind: &str, key: &str) -> Option<Tenants> {
        let Self::Known(entries) = self else { return None };
        let says = |entry: &Json, name: &str, text: &str| entry.get(name).and_then(Json::as_str) == Some(text);
        let entry =
            entries.iter().find(|entry| says(entry, "definitionType", kind) && says(entry, "definitionKey", key))?;
        Some(tenants(entry, "tenants"))
    }

    /// What these files use and the scope does not have.
    pub(crate) fn missing<'a>(&self, files: impl IntoIterator<Item = (Key, &'a Entity)>) -> Vec<Source> {
        let mut missing: BTreeMap<(&str, String), Source> = BTreeMap::new();
        if matches!(self, Self::Unknown(_)) {
            return Vec::new();
        }
        for (file, entity) in files {
            let (kind, definitions) = entity.definitions();
            for used in definitions {
                let key = used.get("key").and_then(Json::as_str).unwrap_or_default().to_owned();
                let known = self.tenants(kind, &key);
                let wanted = tenants(used, "tenantIds");
                let is_there = known.as_ref().is_some_and(|known| wanted.iter().all(|tenant| known.contains(tenant)));
                if is_there {
                    continue;
                }
                let source = missing.entry((kind, key.clone())).or_insert_with(|| Source {
                    kind: kind.to_owned(),
                    key,
                    tenants: known.unwrap_or_default(),
                    file: file.path(),
                });
                for tenant in wanted {
                    if !source.tenants.contains(&tenant) {
                        source.tenants.push(tenant);
                    }
                }
            }
        }
        missing.into_values().collect()
    }
}

/// Those that a member lists; no tenant, where there is no list.
fn tenants(of: &Json, member: &str) -> Tenants {
    let list = of.get(member).and_then(Json::as_list);
    list.map_or_else(|| vec![None], |list| list.iter().map(|tenant| tenant.as_str().map(str::to_owned)).collect())
}

impl ScopeChange {
    /// The call, in words.
    pub(crate) fn call(&self) -> String {
        let sources = self.sources.iter().map(|source| {
            let tenants: Vec<_> =
                source.tenants.iter().map(|tenant| tenant.as_deref().unwrap_or("no tenant")).collect();
            format!("{} {} ({})", source.kind, source.key, tenants.join(", "))
        });
        let sources: Vec<_> = sources.collect();
        format!("add to the scope of {} ({}): {}", self.collection, self.collection_id, sources.join(", "))
    }

    /// The refusal, where the scope may not be changed.
    pub(crate) fn refusal(&self) -> Error {
        let used: Vec<_> = self
            .sources
            .iter()
            .map(|source| format!("{} {} (data.definitions of {})", source.kind, source.key, source.file))
            .collect();
        Error::input(format!(
            "{}: the scope of the collection does not have what the reports use: {}",
            self.collection,
            used.join(", ")
        ))
        .with_hint("add it to the collection's data sources, or pass --extend-scope")
    }

    pub(crate) async fn send(&self, client: &Client) -> Result<(), Error> {
        let entries = self.sources.iter().map(|source| {
            let entry = match source.kind.as_str() {
                "decision" => ScopeEntry::decision(source.key.clone()),
                _ => ScopeEntry::process(source.key.clone()),
            };
            entry.with_tenants(source.tenants.clone())
        });
        let entries: Vec<_> = entries.collect();
        Ok(client.collections().set_scope(self.collection_id.as_str(), &entries).await?)
    }
}
