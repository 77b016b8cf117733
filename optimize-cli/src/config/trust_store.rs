//! What the user has trusted, by `optimize plugin trust`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::paths;
use crate::env_vars::Environment;
use crate::error::CliError;

/// The file of trust. It is as private as the user's other data.
#[derive(Debug, Default)]
pub(crate) struct TrustStore {
    path: Option<PathBuf>,
    trusted: Trusted,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Trusted {
    /// Commands that a file which is not the user's own may name: program and arguments, exactly.
    helpers: Vec<Vec<String>>,
    /// Plugins that may have a token: name, and the SHA-256 of the file that was trusted.
    tokens: BTreeMap<String, String>,
}

impl TrustStore {
    pub(crate) fn read(environment: &Environment) -> Result<Self, CliError> {
        let Some(path) = paths::data_folder(environment).map(|folder| folder.join("trusted.json")) else {
            return Ok(Self::default());
        };
        let trusted = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                CliError::config(format!("read {}: {error}", path.display()))
                    .with_hint("remove it to trust nothing, then trust anew")
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Trusted::default(),
            Err(error) => return Err(CliError::io(format!("read {}", path.display()), error)),
        };
        Ok(Self { path: Some(path), trusted })
    }

    pub(crate) fn trusts_helper(&self, command: &[String]) -> bool {
        self.trusted.helpers.iter().any(|trusted| trusted == command)
    }

    /// Whether the plugin may have a token. A file that has changed since is another plugin.
    pub(crate) fn trusts_with_token(&self, plugin: &str, sha256: &str) -> bool {
        self.trusted.tokens.get(plugin).is_some_and(|trusted| trusted == sha256)
    }

    pub(crate) fn trust_helper(&mut self, command: Vec<String>) {
        if !self.trusts_helper(&command) {
            self.trusted.helpers.push(command);
        }
    }

    pub(crate) fn trust_with_token(&mut self, plugin: &str, sha256: String) {
        self.trusted.tokens.insert(plugin.to_owned(), sha256);
    }

    /// Whether there was any trust in the plugin.
    pub(crate) fn distrust_plugin(&mut self, plugin: &str) -> bool {
        self.trusted.tokens.remove(plugin).is_some()
    }

    /// Whether there was any trust in the command.
    pub(crate) fn distrust_helper(&mut self, command: &[String]) -> bool {
        let before = self.trusted.helpers.len();
        self.trusted.helpers.retain(|trusted| trusted != command);
        self.trusted.helpers.len() < before
    }

    pub(crate) fn helpers(&self) -> &[Vec<String>] {
        &self.trusted.helpers
    }

    pub(crate) fn plugins(&self) -> impl Iterator<Item = (&str, &str)> {
        self.trusted.tokens.iter().map(|(name, sha256)| (name.as_str(), sha256.as_str()))
    }

    pub(crate) fn save(&self) -> Result<(), CliError> {
        let Some(path) = &self.path else {
            return Err(CliError::config("keep what is trusted: there is no home directory").with_hint("set HOME"));
        };
        let failed = |error| CliError::io(format!("write {}", path.display()), error);
        let text = serde_json::to_string_pretty(&self.trusted).map_err(std::io::Error::other).map_err(failed)?;
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
        crate::private_file::write(path, &format!("{text}\n").into()).map_err(failed)
    }
}
