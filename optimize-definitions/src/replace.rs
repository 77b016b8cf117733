//! A file of definitions in place of what has the same names in a collection.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use optimize_api::{Client, Definitions};

use crate::apply::Applied;
use crate::entity::{Exported, Key};
use crate::environment::{Environment, Seen};
use crate::error::Error;
use crate::files::Files;
use crate::kind::Kind;
use crate::lock::LockedCollection;
use crate::plan::{Plan, Replaced, Rules};
use crate::remote::Remote;
use crate::slug::slug;

/// An import of a file that replaces what has the same names, or leaves it as it is.
#[derive(Debug)]
pub struct Replacement {
    environment: Environment,
    seen: Seen,
    plan: Plan,
    /// How many definitions are there already as they are in the file.
    pub same: usize,
}

impl Replacement {
    /// Compares a file with a collection. With `replaces` what has the same name is replaced, else it is an error if it differs.
    pub async fn plan(
        client: &Client,
        collection: &str,
        definitions: &Definitions,
        replaces: bool,
    ) -> Result<Self, Error> {
        let raw = files(definitions)?;
        let remote = Remote::read(client, collection).await?;
        let lock = LockedCollection::default();
        let keyed = remote.keyed(&lock, &raw);
        let environment =
            Environment { project: None, name: String::new(), server: String::new(), client: client.clone() };
        let seen = Seen {
            name: collection.to_owned(),
            id: collection.to_owned(),
            directory: PathBuf::new(),
            files: raw.clone(),
            raw,
            lock,
            remote,
            keyed,
        };
        let rules = Rules { take_mine: replaces, ..Rules::default() };
        let versions = definitions
            .iter()
            .filter_map(|definition| Some((definition.kind.as_str().to_owned(), definition.source_index_version?)));
        let mut plan = environment.plan_with(std::slice::from_ref(&seen), rules, &versions.collect()).await?;
        if replaces {
            plan.deletions = doubles(&seen);
        }
        let changed: usize = plan.groups.iter().map(|group| group.entities.len()).sum();
        let same = seen.files.entities.len() - changed;
        Ok(Self { environment, seen, plan, same })
    }

    /// What it would do.
    pub fn calls(&self) -> (Vec<String>, Vec<String>) {
        (self.plan.calls(), self.plan.losses())
    }

    /// Does it.
    pub async fn apply(&self) -> Result<Applied, Error> {
        let mut applied = Applied::default();
        self.environment.carry_out(&self.plan, std::slice::from_ref(&self.seen), &mut applied).await?;
        Ok(applied)
    }
}

/// Further ones of a name in the file, such as a run that was killed leaves.
fn doubles(seen: &Seen) -> Vec<Replaced> {
    let names: BTreeMap<(Kind, &str), &Key> =
        seen.files.entities.iter().map(|(key, entity)| ((key.kind, entity.name()), key)).collect();
    let double = seen
        .keyed
        .entities
        .iter()
        .filter(|(key, there)| names.get(&(key.kind, there.entity.name())).is_some_and(|own| *own != *key));
    let mut double: Vec<_> =
        double.map(|(key, there)| Replaced::of(&seen.name, key.kind, &there.id, there.entity.name())).collect();
    double.sort_by_key(|double| double.kind == Kind::Report);
    double
}

/// The definitions of a file as if each was in a file of its own.
fn files(definitions: &Definitions) -> Result<Files, Error> {
    let mut exported = Vec::new();
    for (place, definition) in definitions.iter().enumerate() {
        exported.push(Exported::parse(definition.json()).map_err(|error| error.at(format!("element {place}")))?);
    }
    let mut keys: BTreeMap<String, Key> = BTreeMap::new();
    let mut names: BTreeSet<(Kind, &str)> = BTreeSet::new();
    for one in &exported {
        let kind = one.kind();
        if !names.insert((kind, one.name())) {
            return Err(Error::input(format!("the file has two {kind}s with the name {:?}", one.name()))
                .with_hint("what has the same name is replaced, so that names must differ"));
        }
        let taken = keys.values().filter(|key| key.kind == kind).map(|key| key.slug.clone()).collect();
        keys.insert(one.id.clone(), Key { kind, slug: slug(one.name(), kind, &taken) });
    }
    let slug_of = |id: &str| keys.get(id).filter(|key| key.kind == Kind::Report).map(|key| key.slug.clone());
    let entities = exported.iter().filter_map(|one| Some((keys.get(&one.id)?.clone(), one.canonical(slug_of))));
    Ok(Files { entities: entities.collect(), ..Files::default() })
}
