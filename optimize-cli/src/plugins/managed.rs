//! The directory of plugins that were installed, and the record of what they were then.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use optimize_auth::private_file;
use serde::{Deserialize, Serialize};

use super::Found;
use crate::config;
use crate::env_vars::Environment;
use crate::error::CliError;
use crate::{ownership, sha256};

/// The managed plugins of one user.
pub(crate) struct Managed {
    directory: PathBuf,
    installed: BTreeMap<String, Installed>,
}

/// A plugin as it was installed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Installed {
    pub(crate) sha256: String,
    /// The file that was copied.
    pub(crate) from: PathBuf,
}

impl Managed {
    pub(crate) fn read(environment: &Environment) -> Result<Self, CliError> {
        let directory = config::data_directory(environment).map(|data| data.join("plugins")).ok_or_else(|| {
            CliError::config("find the directory of plugins: there is no home directory").with_hint("set HOME")
        })?;
        let record = directory.join("installed.json");
        let installed = match ownership::read_own(&record) {
            Ok(Some(text)) => serde_json::from_slice(&text)
                .map_err(|error| CliError::config(format!("read {}: {error}", record.display())))?,
            Ok(None) => BTreeMap::new(),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                tracing::warn!("{} is ignored, so no plugin counts as installed: {error}", record.display());
                BTreeMap::new()
            }
            Err(error) => return Err(CliError::io(format!("read {}", record.display()), error)),
        };
        Ok(Self { directory, installed })
    }

    pub(crate) fn installed(&self, name: &str) -> Option<&Installed> {
        self.installed.get(name)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.directory.join("bin").join(Found::file_name(name))
    }

    /// Copies `from`; returns the SHA-256 of what was copied. The plugin is there or not, never half.
    pub(crate) fn install(&mut self, name: &str, from: &Path) -> Result<String, CliError> {
        let program = self.program(name);
        let copy = || {
            let directory = self.directory.join("bin");
            private_file::create_directory(&directory)?;
            let mut copied = tempfile::Builder::new().prefix(".optimize-").tempfile_in(directory)?;
            io::copy(&mut fs::File::open(from)?, &mut copied)?;
            make_executable(copied.path())?;
            copied.as_file().sync_all()?;
            let sha256 = sha256::of_file(copied.path())?;
            copied.persist(&program)?;
            Ok(sha256)
        };
        let failed = |error| CliError::io(format!("copy {} to {}", from.display(), program.display()), error);
        let sha256 = copy().map_err(failed)?;
        let from = from.canonicalize().unwrap_or_else(|_| from.to_owned());
        self.installed.insert(name.to_owned(), Installed { sha256: sha256.clone(), from });
        self.save()?;
        Ok(sha256)
    }

    /// Whether there was such a plugin.
    pub(crate) fn remove(&mut self, name: &str) -> Result<bool, CliError> {
        let program = self.program(name);
        let was_there = match fs::remove_file(&program) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(CliError::io(format!("remove {}", program.display()), error)),
        };
        let was_known = self.installed.remove(name).is_some();
        if was_known {
            self.save()?;
        }
        Ok(was_there || was_known)
    }

    fn save(&self) -> Result<(), CliError> {
        let path = self.directory.join("installed.json");
        let failed = |error| CliError::io(format!("write {}", path.display()), error);
        let text = serde_json::to_string_pretty(&self.installed).map_err(io::Error::other).map_err(failed)?;
        private_file::write(&path, format!("{text}\n").as_bytes()).map_err(failed)
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}
