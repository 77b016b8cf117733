//! What a server has in a collection.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join;
use optimize_api::Client;

use crate::entity::{Entity, Exported, Key};
use crate::error::Error;
use crate::files::Files;
use crate::kind::Kind;
use crate::lock::{Locked, LockedCollection};
use crate::slug::slug;

/// The reports and dashboards of a collection on a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remote {
    pub(crate) entities: BTreeMap<String, Exported>,
}

/// What a server has, by the files that it belongs to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keyed {
    pub(crate) entities: BTreeMap<Key, RemoteEntity>,
}

#[derive(Clone, Debug)]
pub(crate) struct RemoteEntity {
    pub(crate) id: String,
    pub(crate) index_version: Option<i64>,
    pub(crate) entity: Entity,
}

impl RemoteEntity {
    /// Its entry in the lock, with its digest, and that of the file if the file differs from what the server has.
    pub(crate) fn locked(&self, server: String, file: Option<String>) -> Locked {
        Locked {
            id: self.id.clone(),
            name: self.entity.name().to_owned(),
            kind: self.entity.export_type().to_owned(),
            file: file.unwrap_or_else(|| server.clone()),
            server,
            index_version: self.index_version,
        }
    }
}

impl Remote {
    /// One list and one export for reports, and the same for dashboards.
    pub(crate) async fn read(client: &Client, collection: &str) -> Result<Self, Error> {
        let (reports, dashboards) = try_join(
            Self::of_kind(client, collection, Kind::Report),
            Self::of_kind(client, collection, Kind::Dashboard),
        )
        .await?;
        Ok(Self { entities: reports.into_iter().chain(dashboards).map(|found| (found.id.clone(), found)).collect() })
    }

    async fn of_kind(client: &Client, collection: &str, kind: Kind) -> Result<Vec<Exported>, Error> {
        let ids = kind.list(client, collection).await?;
        Self::export(client, kind, &ids).await
    }

    /// These alone, without the reports that come with them.
    pub(crate) async fn export(client: &Client, kind: Kind, ids: &[String]) -> Result<Vec<Exported>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: BTreeSet<_> = ids.iter().map(String::as_str).collect();
        let definitions = kind.export(client, ids).await?;
        let mut found = Vec::new();
        for definition in definitions.iter().filter(|definition| wanted.contains(definition.id.as_str())) {
            let exported = Exported::parse(definition.json());
            found.push(exported.map_err(|error| error.at(format!("the {kind} {} on the server", definition.id)))?);
        }
        if found.len() < wanted.len() {
            let missing = wanted.iter().find(|id| !found.iter().any(|exported: &Exported| exported.id == **id));
            return Err(Error::incomplete(format!("the server left out the {kind} {}", missing.unwrap_or(&""))));
        }
        Ok(found)
    }

    /// Each with the file it belongs to: by the lock, else by its name, else a new one.
    pub(crate) fn keyed(&self, lock: &LockedCollection, files: &Files) -> Keyed {
        let mut keys: BTreeMap<String, Key> = BTreeMap::new();
        for (path, locked) in &lock.entities {
            if let (Some(key), true) = (Key::parse(path), self.entities.contains_key(&locked.id)) {
                keys.insert(locked.id.clone(), key);
            }
        }
        let mut taken: BTreeSet<Key> = keys.values().cloned().collect();
        // Reports before what uses them, so that equal ones are recognized.
        let mut by_name: Vec<_> = files.entities.iter().filter(|(key, _)| !taken.contains(*key)).collect();
        by_name.sort_by_key(|(key, entity)| (key.kind, !entity.references().is_empty()));
        for (key, entity) in by_name {
            let slug_of = |id: &str| keys.get(id).filter(|key| key.kind == Kind::Report).map(|key| key.slug.clone());
            let named = self.entities.values().filter(|exported| {
                exported.kind() == key.kind && exported.name() == entity.name() && !keys.contains_key(&exported.id)
            });
            let named: Vec<_> = named.collect();
            let equal = named.iter().find(|exported| exported.canonical(slug_of) == *entity);
            if let Some(exported) = equal.or(named.first()) {
                taken.insert(key.clone());
                keys.insert(exported.id.clone(), key.clone());
            }
        }
        // Names of files that others have, or had.
        taken.extend(files.entities.keys().cloned());
        taken.extend(lock.entities.keys().filter_map(|path| Key::parse(path)));
        for exported in self.entities.values() {
            if keys.contains_key(&exported.id) {
                continue;
            }
            let kind = exported.kind();
            let slugs = taken.iter().filter(|key| key.kind == kind).map(|key| key.slug.clone()).collect();
            let key = Key { kind, slug: slug(exported.name(), kind, &slugs) };
            taken.insert(key.clone());
            keys.insert(exported.id.clone(), key);
        }
        let slug_of = |id: &str| keys.get(id).filter(|key| key.kind == Kind::Report).map(|key| key.slug.clone());
        let entities = self.entities.values().filter_map(|exported| {
            let entity = RemoteEntity {
                id: exported.id.clone(),
                index_version: exported.index_version,
                entity: exported.canonical(slug_of),
            };
            Some((keys.get(&exported.id)?.clone(), entity))
        });
        Keyed { entities: entities.collect() }
    }
}
