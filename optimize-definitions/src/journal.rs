//! A record of the import under way, so that a run that was killed is finished by the next one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::files;
use crate::plan::{Planned, Replaced};
use crate::project::Project;

/// The version of the form of a journal.
const VERSION: u32 = 1;

/// One import and the deletions after it. It is written before the import is sent, and removed when all is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Journal {
    version: u32,
    pub(crate) environment: String,
    pub(crate) server: String,
    pub(crate) collection: String,
    pub(crate) collection_id: String,
    /// The ids that the collection had.
    pub(crate) before: Vec<String>,
    pub(crate) entities: Vec<Planned>,
    pub(crate) replaces: Vec<Replaced>,
    /// Whether the reports are imported once alone, to be found by a dashboard's filters.
    pub(crate) is_staged: bool,
    /// The new ids by the paths of the files, once they are known.
    pub(crate) made: Option<BTreeMap<String, String>>,
}

impl Journal {
    pub(crate) fn new(
        environment: &str,
        server: &str,
        collection: (&str, &str),
        entities: &[Planned],
        replaces: &[Replaced],
        before: Vec<String>,
    ) -> Self {
        Self {
            version: VERSION,
            environment: environment.to_owned(),
            server: server.to_owned(),
            collection: collection.0.to_owned(),
            collection_id: collection.1.to_owned(),
            before,
            entities: entities.to_vec(),
            replaces: replaces.to_vec(),
            is_staged: false,
            made: None,
        }
    }

    /// The journal of a run that did not end, if there is one.
    pub(crate) fn read(project: &Project, environment: &str, server: &str) -> Result<Option<Self>, Error> {
        let path = path(project, environment);
        if !path.exists() {
            return Ok(None);
        }
        let text = files::read(&path)?;
        let invalid = |problem: String| {
            Error::input(format!("{}: {problem}", path.display()))
                .with_hint("it is the record of an apply that did not end; look at the collection, then remove it")
        };
        let journal: Self =
            serde_json::from_str(&text).map_err(|error| invalid(format!("it cannot be read: {error}")))?;
        if journal.version != VERSION {
            return Err(invalid(format!("its version is {}, not {VERSION}", journal.version)));
        }
        if journal.environment != environment || journal.server != server {
            return Err(invalid(format!(
                "it is of the environment {} at {}, not {environment} at {server}",
                journal.environment, journal.server
            )));
        }
        Ok(Some(journal))
    }

    /// Writes it in one step, to the disk.
    pub(crate) fn write(&self, project: &Project) -> Result<(), Error> {
        let path = path(project, &self.environment);
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::input(format!("write {}: {error}", path.display())))?;
        files::write(&path, &format!("{text}\n")).map(drop)
    }

    pub(crate) fn remove(&self, project: &Project) -> Result<(), Error> {
        files::remove(&path(project, &self.environment))
    }
}

fn path(project: &Project, environment: &str) -> PathBuf {
    project.state(&format!("journal.{environment}.json"))
}
