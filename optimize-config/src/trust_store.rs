//! What the user has trusted, by `optimize config trust` and `optimize plugin trust`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use optimize_auth::private_file;
use serde::{Deserialize, Serialize};

use crate::env_vars::Environment;
use crate::error::Error;
use crate::ownership;
use crate::paths;

/// The record of what is trusted: `trusted.json` beside the user's other data. A record that other users can change
/// is ignored.
#[derive(Debug, Default)]
pub struct TrustStore {
    path: Option<PathBuf>,
    trusted: Trusted,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Trusted {
    /// Configuration files by their absolute paths, and the SHA-256 of the content that was trusted.
    configurations: BTreeMap<PathBuf, String>,
    /// Plugins that may have a token: name, and the SHA-256 of the file that was trusted.
    tokens: BTreeMap<String, String>,
}

impl TrustStore {
    /// Reads the record, if there is one.
    pub fn read(environment: &Environment) -> Result<Self, Error> {
        let Some(path) = paths::data_directory(environment).map(|directory| directory.join("trusted.json")) else {
            return Ok(Self::default());
        };
        let trusted = match ownership::read_own(&path) {
            Ok(Some(text)) => serde_json::from_slice(&text).map_err(|error| {
                Error::config(format!("read {}: {error}", path.display()))
                    .with_hint("remove it to trust nothing, then decide again")
            })?,
            Ok(None) => Trusted::default(),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                tracing::warn!("{} is ignored, so nothing is trusted: {error}", path.display());
                Trusted::default()
            }
            Err(error) => return Err(Error::io(format!("read {}", path.display()), error)),
        };
        Ok(Self { path: Some(path), trusted })
    }

    /// The SHA-256 with which the configuration file at this absolute path was trusted.
    pub fn configuration(&self, path: &Path) -> Option<&str> {
        self.trusted.configurations.get(path).map(String::as_str)
    }

    /// Whether the plugin may have a token. A file that has changed since is another plugin.
    pub fn trusts_with_token(&self, plugin: &str, sha256: &str) -> bool {
        self.trusted.tokens.get(plugin).is_some_and(|trusted| trusted == sha256)
    }

    /// Trusts the configuration file with this content.
    pub fn trust_configuration(&mut self, path: PathBuf, sha256: String) {
        self.trusted.configurations.insert(path, sha256);
    }

    /// Trusts the plugin with this content.
    pub fn trust_with_token(&mut self, plugin: &str, sha256: String) {
        self.trusted.tokens.insert(plugin.to_owned(), sha256);
    }

    /// Whether there was any trust in the configuration file.
    pub fn distrust_configuration(&mut self, path: &Path) -> bool {
        self.trusted.configurations.remove(path).is_some()
    }

    /// Whether there was any trust in the plugin.
    pub fn distrust_plugin(&mut self, plugin: &str) -> bool {
        self.trusted.tokens.remove(plugin).is_some()
    }

    /// The trusted configuration files, each with the SHA-256 of its content.
    pub fn configurations(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.trusted.configurations.iter().map(|(path, sha256)| (path.as_path(), sha256.as_str()))
    }

    /// The trusted plugins, each with the SHA-256 of its file.
    pub fn plugins(&self) -> impl Iterator<Item = (&str, &str)> {
        self.trusted.tokens.iter().map(|(name, sha256)| (name.as_str(), sha256.as_str()))
    }

    /// Writes the record.
    pub fn save(&self) -> Result<(), Error> {
        let Some(path) = &self.path else {
            return Err(Error::config("record what is trusted: there is no home directory").with_hint("set HOME"));
        };
        let failed = |error| Error::io(format!("write {}", path.display()), error);
        let text = serde_json::to_string_pretty(&self.trusted).map_err(std::io::Error::other).map_err(failed)?;
        path.parent().map_or(Ok(()), private_file::create_directory).map_err(failed)?;
        private_file::write(path, format!("{text}\n").as_bytes()).map_err(failed)
    }
}
