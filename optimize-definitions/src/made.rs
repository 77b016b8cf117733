//! What an import has made: the server names no definition that a new id belongs to.

use std::collections::{BTreeMap, BTreeSet};

use optimize_api::Client;

use crate::entity::{Entity, Exported, Key};
use crate::error::Error;
use crate::kind::Kind;
use crate::plan::Planned;
use crate::remote::Remote;

/// What has come to a collection since before an import.
pub(crate) enum Made {
    /// None of the definitions.
    Nothing,
    /// All of them.
    All(BTreeMap<String, Arrived>),
    /// Some, or more than one of a name.
    Part(Vec<(Kind, String, String)>),
}

/// A definition as the server has it now.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) id: String,
    pub(crate) entity: Entity,
    pub(crate) index_version: Option<i64>,
}

/// All ids of a collection.
pub(crate) async fn ids(client: &Client, collection: &str) -> Result<Vec<String>, Error> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        all.extend(kind.list(client, collection).await?);
    }
    Ok(all)
}

/// Those that were not there before and have a planned name.
pub(crate) fn planned_of<'a>(
    remote: &'a Remote,
    before: &BTreeSet<&str>,
    planned: &[Planned],
) -> impl Iterator<Item = &'a Exported> {
    let names: BTreeSet<_> =
        planned.iter().filter_map(|planned| Some((Key::parse(&planned.file)?.kind, planned.name.as_str()))).collect();
    let new = remote.entities.values().filter(|found| !before.contains(found.id.as_str()));
    let new: Vec<_> = new.filter(|found| names.contains(&(found.kind(), found.name()))).collect();
    new.into_iter()
}

/// Finds the planned definitions among what the collection has and did not have before.
pub(crate) async fn find(
    client: &Client,
    collection: &str,
    before: &[String],
    planned: &[Planned],
) -> Result<Made, Error> {
    let before: BTreeSet<_> = before.iter().map(String::as_str).collect();
    let mut new = Remote::default();
    for kind in Kind::ALL {
        let ids: Vec<_> =
            kind.list(client, collection).await?.into_iter().filter(|id| !before.contains(id.as_str())).collect();
        let exported = Remote::export(client, kind, &ids).await?;
        new.entities.extend(exported.into_iter().map(|exported| (exported.id.clone(), exported)));
    }
    let keys: Vec<_> = planned.iter().filter_map(|planned| Some((Key::parse(&planned.file)?, planned))).collect();
    // Reports first: dashboards and combined reports are canonical only once their files are known.
    let mut of_id: BTreeMap<String, Key> = BTreeMap::new();
    let mut double = false;
    for (key, planned) in &keys {
        let named: Vec<_> =
            new.entities.values().filter(|found| found.kind() == key.kind && found.name() == planned.name).collect();
        double |= named.len() > 1;
        if let Some(found) = named.first() {
            of_id.insert(found.id.clone(), key.clone());
        }
    }
    if of_id.is_empty() {
        return Ok(Made::Nothing);
    }
    if of_id.len() < keys.len() || double {
        let part = planned_of(&new, &before, planned);
        return Ok(Made::Part(part.map(|found| (found.kind(), found.id.clone(), found.name().to_owned())).collect()));
    }
    let slug_of = |id: &str| of_id.get(id).filter(|key| key.kind == Kind::Report).map(|key| key.slug.clone());
    let arrived = of_id.iter().filter_map(|(id, key)| {
        let exported = new.entities.get(id)?;
        let arrived =
            Arrived { id: id.clone(), entity: exported.canonical(slug_of), index_version: exported.index_version };
        Some((key.path(), arrived))
    });
    Ok(Made::All(arrived.collect()))
}
