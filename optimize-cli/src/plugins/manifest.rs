//! The manifest of a plugin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use optimize_auth::{private_file, scrub};
use serde::{Deserialize, Serialize};

use crate::config;
use crate::config::Bounded;
use crate::env_vars::Environment;
use crate::{ownership, sha256};

/// The argument by which a plugin prints its manifest.
const QUESTION: &str = "--optimize-plugin-manifest";
const PATIENCE: Duration = Duration::from_secs(2);
const LIMIT: usize = 64 << 10;

/// The first version of manifests, and the only one so far.
const VERSION: u32 = 1;

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Manifest {
    optimize_plugin: u32,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) about: String,
    /// The versions of this program that it works with.
    #[serde(default)]
    pub(crate) host: Option<String>,
    /// What it makes use of, such as `request` or `token`.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
}

impl Manifest {
    /// Asks the plugin, with an empty environment.
    fn ask(path: &Path) -> Result<Self, String> {
        let path = path.to_str().ok_or("its path is not UTF-8")?;
        let command = [path, QUESTION].map(str::to_owned);
        let bounded = Bounded {
            command: &command,
            supervisor: crate::supervisor::prefix(),
            environment: Vec::new(),
            shows_errors: false,
            patience: PATIENCE,
            limit: LIMIT,
        };
        let printed = bounded.run()?;
        Self::parse(&printed)
    }

    fn parse(printed: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(printed)
            .map_err(|error| format!("it prints no manifest: {}", scrub(&error.to_string(), &[])))?;
        if manifest.optimize_plugin != VERSION {
            return Err(format!("its manifest has the version {}, not {VERSION}", manifest.optimize_plugin));
        }
        Ok(manifest.printable())
    }

    /// Text of a plugin must not control the user's terminal.
    fn printable(mut self) -> Self {
        for text in [&mut self.name, &mut self.version, &mut self.about].into_iter().chain(&mut self.needs) {
            *text = scrub(text, &[]);
        }
        self
    }

    /// Why it does not work with this version of the program.
    pub(crate) fn host_problem(&self) -> Option<String> {
        let host = self.host.as_ref()?;
        let own = env!("CARGO_PKG_VERSION");
        let shown = scrub(host, &[]);
        match (semver::VersionReq::parse(host), semver::Version::parse(own)) {
            (Ok(wanted), Ok(version)) if wanted.matches(&version) => None,
            (Ok(_), _) => Some(format!("it works with optimize {shown}, and this is {own}")),
            (Err(_), _) => Some(format!("the range of versions {shown:?} in its manifest cannot be read")),
        }
    }
}

/// Manifests that were asked for before. A plugin is asked again when its file has changed.
pub(crate) struct Manifests {
    path: Option<PathBuf>,
    known: BTreeMap<PathBuf, Known>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Known {
    size: u64,
    modified: Option<SystemTime>,
    sha256: String,
    manifest: Option<Manifest>,
    problem: Option<String>,
}

impl Manifests {
    pub(crate) fn read(environment: &Environment) -> Self {
        let path = config::cache_directory(environment).map(|directory| directory.join("plugins.json"));
        // A cache that cannot be read is written again.
        let known = path.as_ref().and_then(|path| serde_json::from_slice(&ownership::read_own(path).ok()??).ok());
        Self { path, known: known.unwrap_or_default() }
    }

    /// The manifest of a plugin, or why it has none.
    pub(crate) fn of(&mut self, path: &Path) -> Result<Manifest, String> {
        let metadata = path.metadata().map_err(|error| error.to_string())?;
        let (size, modified) = (metadata.len(), metadata.modified().ok());
        let sha256 = sha256::of_file(path).map_err(|error| error.to_string())?;
        let is_current = |known: &&Known| known.size == size && known.modified == modified && known.sha256 == sha256;
        if let Some(known) = self.known.get(path).filter(is_current) {
            return known.manifest.clone().ok_or_else(|| known.problem.clone().unwrap_or_default());
        }
        let asked = Manifest::ask(path);
        let (manifest, problem) = match &asked {
            Ok(manifest) => (Some(manifest.clone()), None),
            Err(problem) => (None, Some(problem.clone())),
        };
        self.known.insert(path.to_owned(), Known { size, modified, sha256, manifest, problem });
        self.write();
        asked
    }

    /// If it cannot be written, the plugin is asked again next time.
    fn write(&self) {
        let Some(path) = &self.path else { return };
        let written = path.parent().map_or(Ok(()), private_file::create_directory).and_then(|()| {
            let text = serde_json::to_string(&self.known).map_err(std::io::Error::other)?;
            private_file::write(path, text.as_bytes())
        });
        if let Err(error) = written {
            tracing::info!(%error, "manifests are not kept");
        }
    }
}

/// Reads a manifest; fails if a text in it is not fit to be shown.
#[cfg(fuzzing)]
pub(crate) fn check_manifest(bytes: &[u8]) {
    if let Ok(manifest) = Manifest::parse(bytes) {
        let problem = manifest.host_problem().unwrap_or_default();
        for text in [&manifest.name, &manifest.version, &manifest.about, &problem] {
            assert!(!text.contains(optimize_auth::is_hidden), "{text:?}");
        }
    }
}
