//! What differs between files, the lock and a server.

use std::fmt;

use serde::Serialize;

use crate::entity::{Entity, Key};
use crate::files::Files;
use crate::json::{Json, join};
use crate::lock::LockedCollection;
use crate::remote::Keyed;

/// How a definition stands, compared with what was last in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// File and server are in step.
    Same,
    /// The file has changed.
    ChangedHere,
    /// The server has changed: drift.
    ChangedThere,
    /// Both have changed, or both are there and were never in step.
    Conflict,
    /// The file is new.
    New,
    /// The file is gone.
    RemovedHere,
    /// It is gone from the server.
    RemovedThere,
    /// The server has it, and no file.
    OnlyThere,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "same",
            Self::ChangedHere => "changed here",
            Self::ChangedThere => "changed there",
            Self::Conflict => "changed on both sides",
            Self::New => "new",
            Self::RemovedHere => "removed here",
            Self::RemovedThere => "removed there",
            Self::OnlyThere => "only there",
        })
    }
}

/// A definition, how it stands, and what differs.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// The collection's name in the project.
    pub collection: String,
    /// The path of its file below the directory of the collection.
    #[serde(serialize_with = "as_path")]
    pub file: Key,
    /// Its name on the server.
    pub name: String,
    /// How it stands.
    pub status: Status,
    /// Its id on the server, if it is there.
    pub id: Option<String>,
    /// The members that differ, from the server's to the file's.
    pub changes: Vec<Change>,
}

fn as_path<S: serde::Serializer>(key: &Key, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

/// A member that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where it is, as in `data.filter[0].data.value`.
    pub path: String,
    /// The server's value in one line; absent if it has none.
    pub there: Option<String>,
    /// The file's.
    pub here: Option<String>,
}

/// The differences of one collection. `files` are as they are to be in the environment.
pub(crate) fn compare(collection: &str, files: &Files, lock: &LockedCollection, remote: &Keyed) -> Vec<Difference> {
    let mut keys: Vec<&Key> = files.entities.keys().chain(remote.entities.keys()).collect();
    keys.sort();
    keys.dedup();
    let of = |key: &Key| {
        let (here, there) = (files.entities.get(key), remote.entities.get(key));
        // A locked one that is gone from the server says nothing about another one of the same name.
        let base = lock.get(key).filter(|base| there.is_none_or(|there| there.id == base.id));
        let status = match (here, there, base) {
            (Some(here), Some(there), _) if here == &there.entity => Status::Same,
            (Some(here), Some(there), Some(base)) => {
                match (here.digest() != base.file, there.entity.digest() != base.server) {
                    (false, false) => Status::Same,
                    (true, false) => Status::ChangedHere,
                    (false, true) => Status::ChangedThere,
                    (true, true) => Status::Conflict,
                }
            }
            (Some(_), Some(_), None) => Status::Conflict,
            (Some(_), None, Some(_)) => Status::RemovedThere,
            (Some(_), None, None) => Status::New,
            (None, Some(_), Some(_)) => Status::RemovedHere,
            (None, _, _) => Status::OnlyThere,
        };
        let changes = match (here, there) {
            (Some(here), Some(there)) if status != Status::Same => changes(&there.entity, here),
            _ => Vec::new(),
        };
        let name = here.or(there.map(|there| &there.entity)).map(Entity::name).unwrap_or_default();
        Difference {
            collection: collection.to_owned(),
            file: key.clone(),
            name: name.to_owned(),
            status,
            id: there.map(|there| there.id.clone()),
            changes,
        }
    };
    keys.into_iter().map(of).collect()
}

/// The members that differ from one definition to another.
pub(crate) fn changes(there: &Entity, here: &Entity) -> Vec<Change> {
    let mut found = Vec::new();
    walk("", Some(there.json()), Some(here.json()), &mut found);
    found
}

fn walk(path: &str, there: Option<&Json>, here: Option<&Json>, found: &mut Vec<Change>) {
    match (there, here) {
        (there, here) if there == here => {}
        (Some(Json::Object(old)), Some(Json::Object(new))) => {
            let mut names: Vec<_> = old.keys().chain(new.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                walk(&join(path, name), old.get(name), new.get(name), found);
            }
        }
        (Some(Json::List(old)), Some(Json::List(new))) => {
            for index in 0..old.len().max(new.len()) {
                walk(&format!("{path}[{index}]"), old.get(index), new.get(index), found);
            }
        }
        (there, here) => {
            found.push(Change {
                path: path.to_owned(),
                there: there.map(Json::to_line),
                here: here.map(Json::to_line),
            });
        }
    }
}
