//! A project and one of its environments, connected.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use optimize_api::Client;
use serde::Serialize;

use crate::diff::{Difference, Status, compare};
use crate::entity::{Entity, Key};
use crate::error::Error;
use crate::files::{self, Files};
use crate::json::Json;
use crate::lock::{Lock, LockedCollection};
use crate::plan::{Plan, Rules, Side};
use crate::project::Project;
use crate::remote::{Keyed, Remote};
use crate::scope::{Scope, ScopeChange};
use crate::versions;

/// How many collections are read at once.
const AT_ONCE: usize = 4;

/// A project and one of its environments, connected.
#[derive(Clone, Debug)]
pub struct Environment {
    /// `None` for a file that is imported by itself: there is no lock and no journal then.
    pub(crate) project: Option<Project>,
    pub(crate) name: String,
    /// The base URL, for locks and plans.
    pub(crate) server: String,
    pub(crate) client: Client,
}

/// What is known of a collection.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) directory: PathBuf,
    /// As they are on the disk.
    pub(crate) raw: Files,
    /// As they are to be in this environment.
    pub(crate) files: Files,
    pub(crate) lock: LockedCollection,
    pub(crate) remote: Remote,
    pub(crate) keyed: Keyed,
}

/// What a pull has done with the files.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Pulled {
    /// Files that are new or differ now.
    pub written: Vec<PathBuf>,
    /// How many files were as the server has it.
    pub unchanged: usize,
    /// Files that were removed.
    pub removed: Vec<PathBuf>,
    /// Files of which the server has nothing any more, and that stay.
    pub gone: Vec<PathBuf>,
}

/// How a pull treats what is not plain.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct PullRules {
    /// Removes files of what is gone from the server.
    pub prune: bool,
    /// Overwrites changes of files.
    pub take_theirs: bool,
    /// Keeps the BPMN of processes beside the definitions.
    pub with_xml: bool,
}

impl Environment {
    /// Connects an environment of a project; `server` is the base URL of the client.
    pub fn new(project: Project, name: impl Into<String>, server: impl Into<String>, client: Client) -> Self {
        Self { project: Some(project), name: name.into(), server: server.into(), client }
    }

    pub(crate) fn project(&self) -> Result<&Project, Error> {
        self.project.as_ref().ok_or_else(|| Error::input("there is no project"))
    }

    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        Lock::read(self.project()?, &self.name, &self.server)
    }

    /// Reads files, lock and server.
    pub(crate) async fn see(&self) -> Result<(Lock, Vec<Seen>), Error> {
        let lock = self.lock()?;
        let project = self.project()?;
        let collections = project.collections(&self.name)?;
        let read = stream::iter(collections.into_iter().map(|(name, id, directory)| {
            let lock = &lock;
            async move {
                let raw = Files::read(&directory)?;
                let mut files = raw.clone();
                for entity in files.entities.values_mut() {
                    *entity = project.rewritten(entity, &self.name);
                }
                let locked = lock.collection(&name);
                let known = &locked.id;
                if !known.is_empty() && *known != id {
                    return Err(Error::input(format!(
                        "the collection {name} had the id {known} here, and has {id} now"
                    ))
                    .with_hint(format!("remove {} and pull", Lock::path(project, &self.name).display())));
                }
                let remote = Remote::read(&self.client, &id).await.map_err(|error| error.at(&name))?;
                let keyed = remote.keyed(&locked, &raw);
                Ok(Seen { name, id, directory, raw, files, lock: locked, remote, keyed })
            }
        }));
        let mut seen: Vec<Seen> = read.buffered(AT_ONCE).try_collect().await?;
        seen.sort_by(|one, other| one.name.cmp(&other.name));
        Ok((lock, seen))
    }

    /// What differs between files, lock and server, of every collection.
    pub async fn differences(&self) -> Result<Vec<Difference>, Error> {
        let (_, seen) = self.see().await?;
        Ok(seen.iter().flat_map(|seen| compare(&seen.name, &seen.files, &seen.lock, &seen.keyed)).collect())
    }

    /// Writes what the server has into files, and the lock.
    pub async fn pull(&self, rules: PullRules) -> Result<Pulled, Error> {
        if self.project()?.rewrites(&self.name) {
            return Err(Error::input(format!(
                "the environment {} has rewrite rules, so that its definitions are not those of the files",
                self.name
            ))
            .with_hint("pull from the environment without rewrite rules"));
        }
        let (mut lock, seen) = self.see().await?;
        for seen in &seen {
            if !rules.take_theirs {
                refuse_dirty(seen)?;
            }
        }
        let mut pulled = Pulled::default();
        for seen in &seen {
            let mut locked = LockedCollection { id: seen.id.clone(), entities: BTreeMap::new() };
            for (key, there) in &seen.keyed.entities {
                let path = files::path(&seen.directory, key);
                // What the server has changed by itself when it was imported is no change of anybody's.
                let server = there.entity.digest();
                let base = seen.lock.get(key).filter(|base| base.server == server);
                let file = base.and_then(|base| {
                    let file = seen.raw.entities.get(key)?.digest();
                    (file == base.file).then_some(file)
                });
                if file.is_some() {
                    pulled.unchanged += 1;
                } else if files::write(&path, &there.entity.to_text())? {
                    pulled.written.push(path);
                } else {
                    pulled.unchanged += 1;
                }
                locked.entities.insert(key.path(), there.locked(server, file));
                let xml = seen.remote.entities.get(&there.id).and_then(|exported| exported.xml.as_ref());
                if let (true, Some((definition, xml))) = (rules.with_xml, xml) {
                    write_xml(seen, definition, xml)?;
                }
            }
            for key in seen.raw.entities.keys().filter(|key| !seen.keyed.entities.contains_key(key)) {
                let path = files::path(&seen.directory, key);
                // A file that was never in step is new.
                if seen.lock.get(key).is_none() {
                    continue;
                }
                if rules.prune {
                    files::remove(&path)?;
                    pulled.removed.push(path);
                } else {
                    pulled.gone.push(path);
                }
            }
            self.pull_scope(seen).await?;
            lock.collections.insert(seen.name.clone(), locked);
        }
        lock.write(self.project()?)?;
        Ok(pulled)
    }

    /// The scope of a collection, where the server returns it.
    async fn pull_scope(&self, seen: &Seen) -> Result<(), Error> {
        let scope = Scope::read(&self.client, &seen.id).await.map_err(|error| Error::from(error).at(&seen.name))?;
        let Scope::Known(entries) = scope else { return Ok(()) };
        let text = Json::List(entries).to_text();
        files::write(&seen.directory.join(files::SCOPE), &text).map(drop)
    }

    /// What an apply would do now.
    pub async fn plan(&self, rules: Rules) -> Result<Plan, Error> {
        let (_, seen) = self.see().await?;
        self.plan_of(&seen, rules).await
    }

    pub(crate) async fn plan_of(&self, seen: &[Seen], rules: Rules) -> Result<Plan, Error> {
        for seen in seen {
            if let Some(problem) = crate::tidy::problems(&seen.name, &seen.raw, &seen.directory).into_iter().next() {
                return Err(Error::input(problem).with_hint("list all problems: optimize definitions check"));
            }
        }
        let sources = if rules.target_index_versions { BTreeMap::new() } else { self.sources()? };
        self.plan_with(seen, rules, &sources).await
    }

    /// The plan for files that came from these index versions.
    pub(crate) async fn plan_with(
        &self,
        seen: &[Seen],
        rules: Rules,
        sources: &BTreeMap<String, i64>,
    ) -> Result<Plan, Error> {
        let mut known = BTreeMap::new();
        for exported in seen.iter().flat_map(|seen| seen.remote.entities.values()) {
            if let Some(version) = exported.index_version {
                known.insert(exported.export_type().to_owned(), version);
            }
        }
        let own: Vec<_> = seen.iter().map(|seen| seen.id.as_str()).collect();
        let wanted: BTreeSet<_> =
            seen.iter().flat_map(|seen| seen.files.entities.values()).map(Entity::export_type).collect();
        versions::look_elsewhere(&self.client, &own, &wanted, &mut known).await;
        let none = LockedCollection::default();
        let mut plan = Plan::new(&self.name, &self.server, rules);
        for seen in seen {
            let side = Side {
                name: &seen.name,
                id: &seen.id,
                files: &seen.files,
                lock: &seen.lock,
                origins: if rules.target_index_versions { &none } else { &seen.lock },
                remote: &seen.remote,
                keyed: &seen.keyed,
                versions: &known,
                sources,
            };
            side.plan(&mut plan)?;
            self.plan_scope(seen, &mut plan).await?;
        }
        Ok(plan)
    }

    /// Adds what the scope lacks for what is imported, or fails, unless the rules say to extend it.
    async fn plan_scope(&self, seen: &Seen, plan: &mut Plan) -> Result<(), Error> {
        let imported =
            plan.groups.iter().filter(|group| group.collection == seen.name).flat_map(|group| &group.entities);
        let files: Vec<_> = imported
            .filter_map(|planned| Key::parse(&planned.file))
            .filter_map(|key| Some((key.clone(), seen.files.entities.get(&key)?)))
            .collect();
        if files.is_empty() {
            return Ok(());
        }
        let scope = Scope::read(&self.client, &seen.id).await.map_err(|error| Error::from(error).at(&seen.name))?;
        let sources = scope.missing(files);
        if sources.is_empty() {
            return Ok(());
        }
        let change = ScopeChange { collection: seen.name.clone(), collection_id: seen.id.clone(), sources };
        if !plan.rules.extend_scope {
            return Err(change.refusal());
        }
        plan.scopes.push(change);
        Ok(())
    }

    /// The index versions of the definitions in other environments, which the files may have come from.
    fn sources(&self) -> Result<BTreeMap<String, i64>, Error> {
        let mut sources = BTreeMap::new();
        let Some(project) = &self.project else { return Ok(sources) };
        for environment in project.environments().into_iter().filter(|name| *name != self.name) {
            let path = Lock::path(project, &environment);
            if !path.exists() {
                continue;
            }
            let text = files::read(&path)?;
            let lock: Lock = serde_json::from_str(&text)
                .map_err(|error| Error::input(format!("{}: it is no lock: {error}", path.display())))?;
            for locked in lock.collections.values().flat_map(|collection| collection.entities.values()) {
                if let Some(version) = locked.index_version {
                    sources.insert(locked.kind.clone(), version);
                }
            }
        }
        Ok(sources)
    }
}

/// Fails if files hold changes that a pull would overwrite.
fn refuse_dirty(seen: &Seen) -> Result<(), Error> {
    let differences = compare(&seen.name, &seen.raw, &seen.lock, &seen.keyed);
    let is_dirty = |difference: &&Difference| matches!(difference.status, Status::ChangedHere | Status::Conflict);
    let dirty: Vec<_> = differences.iter().filter(is_dirty).map(|difference| difference.file.to_string()).collect();
    if dirty.is_empty() {
        return Ok(());
    }
    Err(Error::input(format!(
        "{}: these files hold changes that a pull would overwrite: {}",
        seen.name,
        dirty.join(", ")
    ))
    .with_hint("apply them, or pass --take-theirs"))
}

/// One file for the BPMN of each process.
fn write_xml(seen: &Seen, definition: &str, xml: &str) -> Result<(), Error> {
    let name = crate::slug::slug(definition, crate::kind::Kind::Report, &BTreeSet::new());
    let text = if xml.ends_with('\n') { xml.to_owned() } else { format!("{xml}\n") };
    files::write(&seen.directory.join("bpmn").join(format!("{name}.bpmn")), &text).map(drop)
}

/// Held while an apply runs: two of one environment would disturb each other.
#[derive(Debug)]
pub struct Hold(#[expect(dead_code, reason = "its lock ends with it")] fs::File);

impl Environment {
    /// Keeps other applies of this environment out, as long as the result lives.
    pub fn hold(&self) -> Result<Hold, Error> {
        let path = self.project()?.state(&format!("apply.{}.lock", self.name));
        let failed = |error| Error::io(format!("open {}", path.display()), error);
        fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(failed)?;
        let file = fs::File::options().create(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Hold(file)),
            Err(fs::TryLockError::WouldBlock) => {
                Err(Error::input(format!("another apply of the environment {} is running", self.name)))
            }
            Err(fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
