//! Carrying a plan out: import once, find what was made, and only then delete what it replaces.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use optimize_api::{Definitions, ErrorKind};
use serde::Serialize;

use crate::diff::changes;
use crate::entity::{Entity, Key, digest};
use crate::environment::{Environment, Hold, Seen};
use crate::error::Error;
use crate::journal::Journal;
use crate::json::Json;
use crate::kind::Kind;
use crate::lock::Locked;
use crate::made::{self, Arrived, Made};
use crate::plan::{Group, Plan, Planned, Replaced, Rules};
use crate::remote::Remote;

/// How long to look again for what an import may have made whose response is lost: the server may still be at work.
const PATIENCE: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(4)];

/// What an apply has done.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Applied {
    /// The definitions that are on the server now, each with its new id.
    pub imported: Vec<New>,
    /// What was deleted.
    pub deleted: Vec<Replaced>,
    /// What the server has changed while it imported, a line each.
    pub changed_by_server: Vec<String>,
    /// What is noteworthy, a sentence each.
    pub remarks: Vec<String>,
}

/// A definition that was imported.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct New {
    /// The collection's name in the project.
    pub collection: String,
    /// The path of its file.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
}

impl Environment {
    /// Fails if something has moved since a plan was saved.
    pub async fn check_plan(&self, plan: &Plan) -> Result<(), Error> {
        let now = self.plan(plan.rules).await?;
        let moved = plan.moved(&now);
        if moved.is_empty() {
            return Ok(());
        }
        Err(Error::input(format!("the plan is stale: {}", moved.join("; ")))
            .with_hint("make another: optimize definitions plan"))
    }

    /// Carries a plan out. A plan of before is refused by [`check_plan`](Self::check_plan).
    pub async fn apply(&self, plan: &Plan, hold: &Hold) -> Result<Applied, Error> {
        let mut applied = Applied::default();
        self.apply_into(plan, hold, &mut applied).await?;
        Ok(applied)
    }

    /// The same, noting what was done even if it fails.
    pub async fn apply_into(&self, plan: &Plan, _: &Hold, applied: &mut Applied) -> Result<(), Error> {
        let (_, seen) = self.see().await?;
        for seen in &seen {
            self.adopt(seen)?;
        }
        self.carry_out(plan, &seen, applied).await
    }

    /// Notes in the lock what is in step and is not in it, such as after a lock was lost.
    fn adopt(&self, seen: &Seen) -> Result<(), Error> {
        let equal =
            seen.keyed.entities.iter().filter(|(key, there)| {
                seen.lock.get(key).is_none() && seen.files.entities.get(key) == Some(&there.entity)
            });
        let equal: Vec<_> = equal.collect();
        if equal.is_empty() {
            return Ok(());
        }
        self.update_lock(&seen.name, |entities| {
            for (key, there) in equal {
                entities.insert(key.path(), there.locked(there.entity.digest(), None));
            }
        })
    }

    pub(crate) async fn carry_out(&self, plan: &Plan, seen: &[Seen], applied: &mut Applied) -> Result<(), Error> {
        for change in &plan.scopes {
            change.send(&self.client).await?;
            applied.remarks.push(change.call());
        }
        for group in &plan.groups {
            let Some(seen) = seen.iter().find(|seen| seen.name == group.collection) else { continue };
            self.apply_group(seen, group, plan.rules, applied).await?;
        }
        for old in &plan.deletions {
            let Some(seen) = seen.iter().find(|seen| seen.name == old.collection) else { continue };
            self.delete(&seen.id, std::slice::from_ref(old), &plan.deletions, applied).await?;
            self.update_lock(&old.collection, |entities| drop(entities.remove(&old.file)))?;
        }
        Ok(())
    }

    fn note(&self, journal: &Journal) -> Result<(), Error> {
        self.project.as_ref().map_or(Ok(()), |project| journal.write(project))
    }

    fn note_made(&self, journal: &mut Journal, arrived: &BTreeMap<String, Arrived>) -> Result<(), Error> {
        journal.made = Some(arrived.iter().map(|(file, arrived)| (file.clone(), arrived.id.clone())).collect());
        self.note(journal)
    }

    fn forget(&self, journal: &Journal) -> Result<(), Error> {
        self.project.as_ref().map_or(Ok(()), |project| journal.remove(project))
    }

    async fn apply_group(&self, seen: &Seen, group: &Group, rules: Rules, applied: &mut Applied) -> Result<(), Error> {
        let before = made::ids(&self.client, &group.collection_id).await?;
        let mut journal = Journal::new(
            &self.name,
            &self.server,
            (&group.collection, &group.collection_id),
            &group.entities,
            &group.replaces,
            before,
        );
        self.note(&journal)?;
        let wanted = wanted(seen, group, rules, applied);
        let arrived = match self.import(&journal, &group.entities, &wanted, &old_ids(group)).await? {
            Ok(arrived) => arrived,
            Err(refusal) if is_about_filters(&refusal, &wanted) => {
                self.import_staged(&mut journal, group, &wanted, refusal).await?
            }
            Err(refusal) => {
                self.forget(&journal)?;
                return Err(refusal);
            }
        };
        for planned in &group.entities {
            let (Some(here), Some(there)) = (wanted.get(&planned.file), arrived.get(&planned.file)) else { continue };
            applied.changed_by_server.extend(changes(&there.entity, here).into_iter().map(|change| {
                let value = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
                format!(
                    "{}/{}: {}: {} became {}",
                    group.collection,
                    planned.file,
                    change.path,
                    value(change.here),
                    value(change.there)
                )
            }));
        }
        self.note_made(&mut journal, &arrived)?;
        self.finish(&journal, &arrived, applied).await
    }

    /// Deletes what was replaced, writes the lock, and ends the journal.
    async fn finish(
        &self,
        journal: &Journal,
        arrived: &BTreeMap<String, Arrived>,
        applied: &mut Applied,
    ) -> Result<(), Error> {
        for planned in &journal.entities {
            let Some(new) = arrived.get(&planned.file) else { continue };
            applied.imported.push(New {
                collection: journal.collection.clone(),
                file: planned.file.clone(),
                name: planned.name.clone(),
                id: new.id.clone(),
            });
        }
        self.delete(&journal.collection_id, &journal.replaces, &journal.replaces, applied).await?;
        self.update_lock(&journal.collection, |entities| {
            for planned in &journal.entities {
                let Some(new) = arrived.get(&planned.file) else { continue };
                let locked = Locked {
                    id: new.id.clone(),
                    name: planned.name.clone(),
                    kind: planned.kind.clone(),
                    file: planned.digest.clone(),
                    server: new.entity.digest(),
                    index_version: new.index_version,
                };
                entities.insert(planned.file.clone(), locked);
            }
        })?;
        self.forget(journal)
    }

    fn update_lock(&self, collection: &str, change: impl FnOnce(&mut BTreeMap<String, Locked>)) -> Result<(), Error> {
        let Some(project) = &self.project else { return Ok(()) };
        let mut lock = self.lock()?;
        let locked = lock.collections.entry(collection.to_owned()).or_default();
        if locked.id.is_empty() {
            let known = project.collections(&self.name)?;
            locked.id =
                known.into_iter().find(|(name, ..)| name == collection).map(|(_, id, _)| id).unwrap_or_default();
        }
        change(&mut locked.entities);
        lock.write(project)
    }

    /// Imports in one request that is never repeated, and finds what it has made. The inner error is that of a server which has
    /// refused it, so that nothing was made; after any other the journal is needed.
    async fn import(
        &self,
        journal: &Journal,
        planned: &[Planned],
        wanted: &BTreeMap<String, Entity>,
        ids: &BTreeMap<String, String>,
    ) -> Result<Result<BTreeMap<String, Arrived>, Error>, Error> {
        let definitions = request(planned, wanted, ids)?;
        let imported = self.client.definitions().import(journal.collection_id.as_str(), &definitions).await;
        let lost = match imported {
            Ok(_) => None,
            Err(error) if error.may_have_taken_effect() => Some(error),
            Err(error) => return Ok(Err(error.into())),
        };
        match (self.look(journal, planned).await?, lost) {
            (Made::All(arrived), _) => Ok(Ok(arrived)),
            (Made::Part(part), _) => Err(partial(&part)),
            (Made::Nothing, Some(error)) => Err(error.into()),
            (Made::Nothing, None) => {
                Err(Error::incomplete("the server has accepted the import, and lists nothing new")
                    .with_hint("look into the collection; if it is there after all, apply again"))
            }
        }
    }

    /// Looks for what an import has made, again if there is nothing yet.
    async fn look(&self, journal: &Journal, planned: &[Planned]) -> Result<Made, Error> {
        let mut found = Made::Nothing;
        for wait in PATIENCE {
            tokio::time::sleep(wait).await;
            found = made::find(&self.client, &journal.collection_id, &journal.before, planned).await?;
            if matches!(found, Made::All(_)) {
                break;
            }
        }
        Ok(found)
    }

    /// For servers that look for the reports of a dashboard's filters before they exist (camunda/camunda issue 55766): the
    /// reports are imported alone, so that the dashboard's own import finds them, and are deleted after it.
    async fn import_staged(
        &self,
        journal: &mut Journal,
        group: &Group,
        wanted: &BTreeMap<String, Entity>,
        refusal: Error,
    ) -> Result<BTreeMap<String, Arrived>, Error> {
        journal.is_staged = true;
        self.note(journal)?;
        let reports: Vec<_> = group.entities.iter().filter(|planned| planned.kind != "dashboard").cloned().collect();
        let stage = match self.import(journal, &reports, wanted, &old_ids(group)).await? {
            Ok(stage) => stage,
            Err(refusal) => {
                self.forget(journal)?;
                return Err(refusal);
            }
        };
        let ids: BTreeMap<String, String> =
            stage.iter().filter_map(|(file, arrived)| Some((Key::parse(file)?.slug, arrived.id.clone()))).collect();
        let mut second = journal.clone();
        second.before.extend(ids.values().cloned());
        let outcome = self.import(&second, &group.entities, wanted, &ids).await?;
        for id in ids.values() {
            delete_one(&self.client, Kind::Report, id).await?;
        }
        if let Ok(arrived) = outcome {
            return Ok(arrived);
        }
        self.forget(journal)?;
        let filters: BTreeSet<_> = wanted.values().flat_map(Entity::variable_filters).collect();
        let filters = filters.into_iter().collect::<Vec<_>>().join(", ");
        Err(refusal.with_hint(format!(
            "this release refuses dashboards with filters of variables ({filters}); --without-variable-filters leaves them out"
        )))
    }

    /// Deletes what was replaced, unless something that stays has come to use it.
    async fn delete(
        &self,
        collection: &str,
        old: &[Replaced],
        going: &[Replaced],
        applied: &mut Applied,
    ) -> Result<(), Error> {
        let reports: BTreeSet<_> = old.iter().filter(|old| old.kind == Kind::Report).map(|old| &old.id).collect();
        if !reports.is_empty() {
            let going: BTreeSet<_> = going.iter().map(|old| &old.id).collect();
            let remote = Remote::read(&self.client, collection).await?;
            for staying in remote.entities.values().filter(|staying| !going.contains(&staying.id)) {
                if let Some(used) = staying.references().iter().find(|id| reports.contains(id)) {
                    return Err(Error::incomplete(format!(
                        "the {} {} ({}) uses the report {used} now, so that nothing was deleted",
                        staying.kind(),
                        staying.name(),
                        staying.id
                    ))
                    .with_hint("take the report off it, then apply again"));
                }
            }
        }
        for old in old {
            delete_one(&self.client, old.kind, &old.id).await?;
            applied.deleted.push(old.clone());
        }
        Ok(())
    }

    /// Finishes what a run that was killed has begun. Returns what it has done; nothing if there was no such run.
    pub async fn recover(&self, _: &Hold) -> Result<Applied, Error> {
        let mut applied = Applied::default();
        let Some(mut journal) = Journal::read(self.project()?, &self.name, &self.server)? else { return Ok(applied) };
        if journal.is_staged && journal.made.is_none() {
            self.undo_journal(&journal, &mut applied).await?;
            applied.remarks.push("an apply that did not end was undone".to_owned());
            return Ok(applied);
        }
        let found = match &journal.made {
            // They were there; their ids are known.
            Some(made) => {
                let others: Vec<_> = made::ids(&self.client, &journal.collection_id).await?;
                let before = others.into_iter().filter(|id| !made.values().any(|new| new == id)).collect::<Vec<_>>();
                made::find(&self.client, &journal.collection_id, &before, &journal.entities).await?
            }
            None => self.look(&journal, &journal.entities).await?,
        };
        match found {
            Made::All(arrived) => {
                self.note_made(&mut journal, &arrived)?;
                self.finish(&journal, &arrived, &mut applied).await?;
                applied.remarks.push("an apply that did not end was finished".to_owned());
                Ok(applied)
            }
            Made::Nothing if journal.made.is_none() => {
                self.forget(&journal)?;
                Ok(applied)
            }
            Made::Nothing => Err(Error::incomplete("what the last apply has made is gone from the server")
                .with_hint("someone has deleted it; remove the journal in .optimize, then pull or apply")),
            Made::Part(part) => Err(partial(&part)),
        }
    }

    /// Deletes what an apply that did not end has made.
    pub async fn undo(&self, _: &Hold) -> Result<Applied, Error> {
        let mut applied = Applied::default();
        let journal = Journal::read(self.project()?, &self.name, &self.server)?.ok_or_else(|| {
            Error::input("there is nothing to undo: the last apply has ended")
                .with_hint("to go back to older definitions, check them out and apply them")
        })?;
        self.undo_journal(&journal, &mut applied).await?;
        Ok(applied)
    }

    async fn undo_journal(&self, journal: &Journal, applied: &mut Applied) -> Result<(), Error> {
        let now = Remote::read(&self.client, &journal.collection_id).await?;
        let missing = journal.replaces.iter().find(|old| !now.entities.contains_key(&old.id));
        if let (Some(missing), true) = (missing, journal.made.is_some()) {
            return Err(Error::input(format!(
                "the {} {} ({}) was deleted already, so that the new set is the only one",
                missing.kind, missing.name, missing.id
            ))
            .with_hint("finish it: optimize definitions apply"));
        }
        let before: BTreeSet<_> = journal.before.iter().map(String::as_str).collect();
        let new = made::planned_of(&now, &before, &journal.entities);
        let mut new: Vec<_> =
            new.map(|found| Replaced::of(&journal.collection, found.kind(), &found.id, found.name())).collect();
        new.sort_by_key(|new| new.kind == Kind::Report);
        for new in new {
            delete_one(&self.client, new.kind, &new.id).await?;
            applied.deleted.push(new);
        }
        self.forget(journal)
    }
}

/// The definitions of a group as they are imported, by file.
fn wanted(seen: &Seen, group: &Group, rules: Rules, applied: &mut Applied) -> BTreeMap<String, Entity> {
    let mut wanted = BTreeMap::new();
    for planned in &group.entities {
        let Some(entity) = Key::parse(&planned.file).and_then(|key| seen.files.entities.get(&key)) else { continue };
        let filters = entity.variable_filters();
        if rules.without_variable_filters && !filters.is_empty() {
            applied.remarks.push(format!("{}: imported without its filters of {}", planned.name, filters.join(", ")));
            wanted.insert(planned.file.clone(), entity.without_variable_filters());
        } else {
            wanted.insert(planned.file.clone(), entity.clone());
        }
    }
    wanted
}

/// The ids of what is there now, by the names of files of reports: a filter of a variable is looked for in those.
fn old_ids(group: &Group) -> BTreeMap<String, String> {
    let reports = group.replaces.iter().filter(|old| old.kind == Kind::Report);
    reports.filter_map(|old| Some((Key::parse(&old.file)?.slug, old.id.clone()))).collect()
}

/// The array to import. Ids in it only serve references inside it; `known` ones are those of the server.
fn request(
    planned: &[Planned],
    wanted: &BTreeMap<String, Entity>,
    known: &BTreeMap<String, String>,
) -> Result<Definitions, Error> {
    let mut ids = BTreeMap::new();
    for planned in planned {
        let Some(key) = Key::parse(&planned.file) else { continue };
        if key.kind == Kind::Report {
            let id = known.get(&key.slug).cloned().unwrap_or_else(|| made_up_id(&planned.file));
            ids.insert(key.slug, id);
        }
    }
    let mut all = Vec::new();
    for planned in planned {
        let (Some(key), Some(entity)) = (Key::parse(&planned.file), wanted.get(&planned.file)) else { continue };
        let id = match key.kind {
            Kind::Report => ids.get(&key.slug).cloned().unwrap_or_default(),
            Kind::Dashboard => made_up_id(&planned.file),
        };
        all.push(entity.to_import(&id, planned.index_version, &ids)?);
    }
    Ok(Definitions::from_json(Json::List(all).to_text())?)
}

/// An id in the form of a UUID: a tile whose id has another form is no report to the server.
fn made_up_id(file: &str) -> String {
    let sum = digest(file.as_bytes());
    format!("{}-{}-4{}-8{}-{}", &sum[..8], &sum[8..12], &sum[13..16], &sum[17..20], &sum[20..32])
}

async fn delete_one(client: &optimize_api::Client, kind: Kind, id: &str) -> Result<(), Error> {
    match kind.delete(client, id).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether a dashboard was refused for a filter of a variable.
fn is_about_filters(error: &Error, wanted: &BTreeMap<String, Entity>) -> bool {
    let has_filters = wanted.values().any(|entity| !entity.variable_filters().is_empty());
    let is_refusal = |error: &optimize_api::Error| {
        matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::ServerFault) && !error.may_have_taken_effect()
    };
    has_filters && error.api().is_some_and(is_refusal)
}

fn partial(part: &[(Kind, String, String)]) -> Error {
    let names: Vec<_> = part.iter().map(|(kind, id, name)| format!("{kind} {name} ({id})")).collect();
    Error::incomplete(format!("an import has made only a part, or more than once: {}", names.join(", ")))
        .with_hint("delete what it has made: optimize definitions undo")
}
