//! What was last in step with a server, by environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::entity::{Key, digest};
use crate::error::Error;
use crate::files;
use crate::project::Project;

/// The version of the form of a lock.
const VERSION: u32 = 1;

/// The lock of an environment: ids and digests of the definitions that were last in step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    version: u32,
    environment: String,
    /// The base URL.
    server: String,
    pub(crate) collections: BTreeMap<String, LockedCollection>,
    /// The SHA-256 of all the rest: a lock that was edited would delete the wrong things.
    checksum: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockedCollection {
    pub(crate) id: String,
    /// By the paths of their files.
    pub(crate) entities: BTreeMap<String, Locked>,
}

/// A definition that was in step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Locked {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `exportEntityType`.
    pub(crate) kind: String,
    /// The digest of the file, as it is in this environment.
    pub(crate) file: String,
    /// The digest of what the server had. It differs from the file's where the server changes what it imports.
    pub(crate) server: String,
    pub(crate) index_version: Option<i64>,
}

impl LockedCollection {
    pub(crate) fn get(&self, key: &Key) -> Option<&Locked> {
        self.entities.get(&key.path())
    }
}

impl Lock {
    /// The lock of an environment; an empty one if there is none yet.
    pub(crate) fn read(project: &Project, environment: &str, server: &str) -> Result<Self, Error> {
        let path = Self::path(project, environment);
        let fresh = Self {
            version: VERSION,
            environment: environment.to_owned(),
            server: server.to_owned(),
            collections: BTreeMap::new(),
            checksum: String::new(),
        };
        if !path.exists() {
            return Ok(fresh);
        }
        let text = files::read(&path)?;
        let again = "remove it, and run: optimize definitions pull";
        let invalid = |problem: String| Error::input(format!("{}: {problem}", path.display())).with_hint(again);
        let lock: Self = serde_json::from_str(&text).map_err(|error| {
            let is_conflict = text.contains("<<<<<<< ");
            invalid(if is_conflict {
                "a merge conflict was left in it".to_owned()
            } else {
                format!("it is no lock: {error}")
            })
        })?;
        if lock.version != VERSION {
            return Err(invalid(format!("its version is {}, not {VERSION}", lock.version)));
        }
        if lock.environment != environment {
            return Err(invalid(format!("it is the lock of the environment {}", lock.environment)));
        }
        if lock.checksum != lock.sum() {
            return Err(invalid("it was edited by hand".to_owned()));
        }
        if lock.server != server {
            return Err(Error::input(format!(
                "{}: it is for the server {}, not {server}",
                path.display(),
                lock.server
            ))
            .with_hint("choose the profile of this environment; if the server has moved, remove the lock and pull"));
        }
        Ok(lock)
    }

    pub(crate) fn write(&mut self, project: &Project) -> Result<(), Error> {
        self.checksum = self.sum();
        let path = Self::path(project, &self.environment);
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::input(format!("write {}: {error}", path.display())))?;
        files::write(&path, &format!("{text}\n")).map(drop)
    }

    pub(crate) fn collection(&self, name: &str) -> LockedCollection {
        self.collections.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn path(project: &Project, environment: &str) -> PathBuf {
        project.state(&format!("lock.{environment}.json"))
    }

    fn sum(&self) -> String {
        let plain = Self { checksum: String::new(), ..self.clone() };
        // Texts and numbers are always valid JSON.
        digest(&serde_json::to_vec(&plain).unwrap_or_default())
    }
}
