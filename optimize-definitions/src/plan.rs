//! What an apply is going to do, from what it has seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::diff::{Difference, Status, compare};
use crate::entity::Key;
use crate::error::Error;
use crate::files::{self, Files};
use crate::kind::Kind;
use crate::lock::LockedCollection;
use crate::remote::{Keyed, Remote};
use crate::scope::ScopeChange;

/// The version of the form of a plan.
const VERSION: u32 = 1;

/// How an apply treats what is not plain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "the rules are independent of each other")]
pub struct Rules {
    /// Overwrites what has changed on the server.
    pub take_mine: bool,
    /// Deletes what has no file any more.
    pub prune: bool,
    /// Takes the index versions of the server, whatever those of the files were.
    pub target_index_versions: bool,
    /// Adds to the scope of the collection what is used and missing there.
    pub extend_scope: bool,
    /// Leaves filters of variables out of dashboards, for Camunda 8.8 and 8.9.
    pub without_variable_filters: bool,
}

/// What an apply is going to do. It can be saved, looked at, and applied as long as nothing has moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    version: u32,
    /// The environment.
    pub environment: String,
    /// The base URL of the server.
    pub server: String,
    /// How it treats what is not plain.
    pub rules: Rules,
    /// What is added to scopes before.
    pub scopes: Vec<ScopeChange>,
    /// Imports, each with what it replaces.
    pub groups: Vec<Group>,
    /// What is deleted after them.
    pub deletions: Vec<Replaced>,
}

/// Definitions that are imported in one request, since they use each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Group {
    /// The collection's name in the project.
    pub collection: String,
    /// Its id on the server.
    pub collection_id: String,
    /// The variables that dashboards of it have filters of.
    pub variable_filters: Vec<String>,
    /// What is imported.
    pub entities: Vec<Planned>,
    /// What is deleted once the new ones are there, dashboards first.
    pub replaces: Vec<Replaced>,
}

/// A definition that is to be imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Planned {
    /// The path of its file below the directory of the collection.
    pub file: String,
    /// Its name on the server.
    pub name: String,
    /// `exportEntityType`.
    pub kind: String,
    /// Why: `new`, `changed here`, or `same` of one that goes with others.
    pub reason: String,
    /// The digest of the file, as it is in the environment.
    pub digest: String,
    /// The index version that is sent.
    pub index_version: i64,
}

/// A definition that is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Replaced {
    /// The collection's name in the project.
    pub collection: String,
    /// The path of its file.
    pub file: String,
    /// Report or dashboard.
    pub kind: Kind,
    /// Its id, which ends with it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The digest of what the server had.
    pub digest: String,
}

impl Plan {
    pub(crate) fn new(environment: &str, server: &str, rules: Rules) -> Self {
        Self {
            version: VERSION,
            environment: environment.to_owned(),
            server: server.to_owned(),
            rules,
            scopes: Vec::new(),
            groups: Vec::new(),
            deletions: Vec::new(),
        }
    }

    /// Reads a saved plan.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = files::read(path)?;
        let plan: Self = serde_json::from_str(&text)
            .map_err(|error| Error::input(format!("{}: it is no plan: {error}", path.display())))?;
        if plan.version != VERSION {
            return Err(Error::input(format!("{}: its version is {}, not {VERSION}", path.display(), plan.version)));
        }
        Ok(plan)
    }

    /// Saves it.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::input(format!("write {}: {error}", path.display())))?;
        files::write(path, &format!("{text}\n")).map(drop)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.deletions.is_empty()
    }

    /// Each call that changes something, in order, in words.
    pub fn calls(&self) -> Vec<String> {
        let mut calls: Vec<_> = self.scopes.iter().map(ScopeChange::call).collect();
        for group in &self.groups {
            calls.push(group.call(self.rules));
            calls.extend(group.replaces.iter().map(Replaced::call));
        }
        calls.extend(self.deletions.iter().map(Replaced::call));
        calls
    }

    /// What is lost: alerts and share links hold on to ids, and those of the replaced end.
    pub fn losses(&self) -> Vec<String> {
        let replaced = self.groups.iter().flat_map(|group| &group.replaces).chain(&self.deletions);
        replaced
            .map(|old| {
                let what = if old.kind == Kind::Report { "alerts and share links" } else { "share links" };
                format!("{what} of the {} {} ({})", old.kind, old.name, old.id)
            })
            .collect()
    }

    /// What has moved since this plan was made, in words; `now` is the plan of now.
    pub(crate) fn moved(&self, now: &Self) -> Vec<String> {
        let mut moved = Vec::new();
        for (what, then, now) in
            [("environment", &self.environment, &now.environment), ("server", &self.server, &now.server)]
        {
            if then != now {
                moved.push(format!("the {what} is {now}, not {then}"));
            }
        }
        let entries = |plan: &Self| -> BTreeMap<String, String> {
            let groups = plan.groups.iter();
            let entities = groups.clone().flat_map(|group| {
                group.entities.iter().map(move |entity| {
                    let seen = format!("{} {}", entity.digest, entity.index_version);
                    (format!("{}/{}", group.collection, entity.file), seen)
                })
            });
            let old = groups.flat_map(|group| &group.replaces).chain(&plan.deletions);
            let old = old.map(|old| (format!("{} {} on the server", old.kind, old.id), old.digest.clone()));
            let sources = plan.scopes.iter().flat_map(|change| {
                change.sources.iter().map(move |source| {
                    let name = format!("{} {} in the scope of {}", source.kind, source.key, change.collection);
                    (name, format!("{:?}", source.tenants))
                })
            });
            entities.chain(old).chain(sources).collect()
        };
        let (then, now) = (entries(self), entries(now));
        for name in then.keys().chain(now.keys()).collect::<BTreeSet<_>>() {
            match (then.get(name), now.get(name)) {
                (Some(then), Some(now)) if then == now => {}
                (Some(_), Some(_)) => moved.push(format!("{name} has changed")),
                (Some(_), None) => moved.push(format!("{name} is gone, or needs nothing any more")),
                _ => moved.push(format!("{name} has come")),
            }
        }
        moved
    }
}

impl Group {
    fn call(&self, rules: Rules) -> String {
        let names: Vec<_> =
            self.entities.iter().map(|planned| format!("{} ({})", planned.file, planned.reason)).collect();
        let call = format!("import into {} ({}): {}", self.collection, self.collection_id, names.join(", "));
        let filters = self.variable_filters.join(", ");
        match (self.variable_filters.is_empty(), rules.without_variable_filters) {
            (true, _) => call,
            (false, true) => format!("{call}; without the filters of {filters}"),
            (false, false) => format!(
                "{call}; if the server refuses the filters of {filters}, as 8.8 and 8.9 do: import the reports alone, import all \
                 again, and delete these reports"
            ),
        }
    }
}

impl Replaced {
    /// One that no file is known of.
    pub(crate) fn of(collection: &str, kind: Kind, id: &str, name: &str) -> Self {
        let (collection, id, name) = (collection.to_owned(), id.to_owned(), name.to_owned());
        Self { collection, file: String::new(), kind, id, name, digest: String::new() }
    }

    fn call(&self) -> String {
        format!("delete the {} {} ({})", self.kind, self.name, self.id)
    }
}

/// One collection of a plan: files as they are to be, what was last in step, and what is there.
pub(crate) struct Side<'a> {
    pub(crate) name: &'a str,
    pub(crate) id: &'a str,
    pub(crate) files: &'a Files,
    pub(crate) lock: &'a LockedCollection,
    /// The same, for the index versions that the files came from.
    pub(crate) origins: &'a LockedCollection,
    pub(crate) remote: &'a Remote,
    pub(crate) keyed: &'a Keyed,
    /// The index versions of the server by `exportEntityType`, as far as they are known.
    pub(crate) versions: &'a BTreeMap<String, i64>,
    /// Those that the files came from.
    pub(crate) sources: &'a BTreeMap<String, i64>,
}

impl Side<'_> {
    /// Adds what is to be done with this collection. Fails for conflicts that the rules do not settle.
    pub(crate) fn plan(&self, plan: &mut Plan) -> Result<(), Error> {
        let rules = plan.rules;
        let differences = compare(self.name, self.files, self.lock, self.keyed);
        let status: BTreeMap<&Key, &Difference> =
            differences.iter().map(|difference| (&difference.file, difference)).collect();
        let mut conflicts = Vec::new();
        for group in self.groups() {
            let of = |key: &Key| status.get(key).map_or(Status::Same, |difference| difference.status);
            let wants = |key: &&Key| {
                matches!(of(key), Status::ChangedHere | Status::New | Status::RemovedThere | Status::Conflict)
                    || (rules.take_mine && of(key) == Status::ChangedThere)
            };
            if !group.iter().any(|key| wants(&key)) {
                continue;
            }
            let against: Vec<_> =
                group.iter().filter(|key| matches!(of(key), Status::Conflict | Status::ChangedThere)).collect();
            if !against.is_empty() && !rules.take_mine {
                conflicts.extend(against.iter().map(|key| format!("{} ({})", key, of(key))));
                continue;
            }
            plan.groups.push(self.group(&group, of)?);
        }
        if !conflicts.is_empty() {
            return Err(Error::input(format!(
                "{}: the server has what the files do not know: {}",
                self.name,
                conflicts.join(", ")
            ))
            .with_hint("see what: optimize definitions diff; take the server's with pull, or pass --take-mine"));
        }
        if rules.prune {
            self.prune(plan, &differences)?;
        }
        Ok(())
    }

    /// The files of this collection that use each other, on either side, each set with its members in order.
    fn groups(&self) -> Vec<BTreeSet<Key>> {
        let report = |slug: &String| Key { kind: Kind::Report, slug: slug.clone() };
        let mut edges: Vec<(Key, Key)> = Vec::new();
        let here = self.files.entities.iter();
        let there = self.keyed.entities.iter().map(|(key, there)| (key, &there.entity));
        for (key, entity) in here.chain(there) {
            if self.files.entities.contains_key(key) {
                edges.extend(entity.references().iter().map(|slug| (key.clone(), report(slug))));
            }
        }
        let mut groups: Vec<BTreeSet<Key>> =
            self.files.entities.keys().map(|key| BTreeSet::from([key.clone()])).collect();
        for (one, other) in edges {
            let place = |key: &Key, groups: &[BTreeSet<Key>]| groups.iter().position(|group| group.contains(key));
            if let (Some(first), Some(second)) = (place(&one, &groups), place(&other, &groups))
                && first != second
            {
                let merged = groups.remove(first.max(second));
                groups[first.min(second)].extend(merged);
            }
        }
        groups
    }

    fn group(&self, keys: &BTreeSet<Key>, status: impl Fn(&Key) -> Status) -> Result<Group, Error> {
        let mut group = Group {
            collection: self.name.to_owned(),
            collection_id: self.id.to_owned(),
            variable_filters: Vec::new(),
            entities: Vec::new(),
            replaces: Vec::new(),
        };
        for key in keys {
            let Some(entity) = self.files.entities.get(key) else { continue };
            for slug in entity.references() {
                if !self.files.entities.contains_key(&Key { kind: Kind::Report, slug: slug.clone() }) {
                    return Err(Error::input(format!(
                        "{}/{key}: it uses the report {slug}, which has no file",
                        self.name
                    )));
                }
            }
            if let Some(id) = entity.foreign().first() {
                return Err(Error::input(format!(
                    "{}/{key}: it uses the report {id}, which is not in the collection",
                    self.name
                ))
                .with_hint("move the report into the collection, or take it off; then pull"));
            }
            group.variable_filters.extend(entity.variable_filters());
            group.entities.push(Planned {
                file: key.path(),
                name: entity.name().to_owned(),
                kind: entity.export_type().to_owned(),
                reason: status(key).to_string(),
                digest: entity.digest(),
                index_version: self.index_version(key, entity.export_type())?,
            });
        }
        let mut old: Vec<_> = keys.iter().filter_map(|key| self.replaced(key)).collect();
        // Dashboards first: a report that goes takes its tiles along.
        old.sort_by_key(|old| (old.kind == Kind::Report, old.file.clone()));
        self.check_users(&old, keys)?;
        group.replaces = old;
        Ok(group)
    }

    fn replaced(&self, key: &Key) -> Option<Replaced> {
        let there = self.keyed.entities.get(key)?;
        Some(Replaced {
            collection: self.name.to_owned(),
            file: key.path(),
            kind: key.kind,
            id: there.id.clone(),
            name: there.entity.name().to_owned(),
            digest: there.entity.digest(),
        })
    }

    /// Fails if something that stays uses a report that goes: it would lose it without a word.
    fn check_users(&self, old: &[Replaced], going: &BTreeSet<Key>) -> Result<(), Error> {
        let reports: BTreeSet<_> = old.iter().filter(|old| old.kind == Kind::Report).map(|old| &old.id).collect();
        for (key, there) in self.keyed.entities.iter().filter(|(key, _)| !going.contains(key)) {
            let Some(exported) = self.remote.entities.get(&there.id) else { continue };
            if let Some(used) = exported.references().iter().find(|id| reports.contains(id)) {
                return Err(Error::input(format!(
                    "{}: the {} {} ({}) uses the report {used}, which would be replaced",
                    self.name,
                    key.kind,
                    there.entity.name(),
                    there.id
                ))
                .with_hint("it has no file, or its file does not use the report any more: pull it, or apply it too"));
            }
        }
        Ok(())
    }

    /// The index version to send: the server's, if that is the one the file came from.
    fn index_version(&self, key: &Key, kind: &str) -> Result<i64, Error> {
        let own = self.origins.get(key).and_then(|locked| locked.index_version);
        let source = own.or_else(|| self.sources.get(kind).copied());
        match (self.versions.get(kind).copied(), source) {
            (Some(server), Some(source)) if server != source => Err(Error::input(format!(
                "{}/{key}: it came from index version {source}, and the server has {server}",
                self.name
            ))
            .with_hint("definitions of another version may be read wrongly; if its documentation says that they fit: --index-version target")),
            (Some(version), _) | (None, Some(version)) => Ok(version),
            (None, None) => Err(Error::input(format!(
                "{}/{key}: the index version of the server is not known: no collection there has a {kind}",
                self.name
            ))
            .with_hint("create one such report by hand, so that its version can be read")),
        }
    }

    fn prune(&self, plan: &mut Plan, differences: &[Difference]) -> Result<(), Error> {
        let gone: BTreeSet<Key> = differences
            .iter()
            .filter(|difference| difference.status == Status::RemovedHere)
            .map(|difference| difference.file.clone())
            .collect();
        let mut old: Vec<_> = gone.iter().filter_map(|key| self.replaced(key)).collect();
        old.sort_by_key(|old| (old.kind == Kind::Report, old.file.clone()));
        let replaced: BTreeSet<Key> = plan
            .groups
            .iter()
            .filter(|group| group.collection == self.name)
            .flat_map(|group| group.replaces.iter().filter_map(|old| Key::parse(&old.file)))
            .chain(gone)
            .collect();
        self.check_users(&old, &replaced)?;
        plan.deletions.extend(old);
        Ok(())
    }
}
