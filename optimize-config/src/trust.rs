//! What a configuration file may set that is not the user's own.
//!
//! A file that is named for one run may have come with a project. Until the user trusts its content it may set only what
//! leads nowhere; or it is self-contained: it comes with its own server and its own secret, and has nothing else to lose.

use std::path::{Component, Path};

use crate::error::Error;
use crate::file::ConfigFile;
use crate::keys::{Key, Reach};
use crate::layers::Layers;
use crate::setting::{Origin, SecretRef, Setting};
use crate::trust_store::TrustStore;
use crate::types::Form;
use crate::{ownership, shell};

/// Whose choice a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is at the standard place of the user or of the administrator.
    Own,
    /// The user has trusted this very content, or has passed `--trust-config`.
    Trusted,
    /// It was trusted with another content.
    Changed,
    /// Nobody has decided about it.
    Unknown,
}

impl Standing {
    /// The standing of a file that was named for this run.
    pub(crate) fn of(file: &ConfigFile, own: &[&Path], store: &TrustStore, is_trusted_by_flag: bool) -> Self {
        let path = file.path.canonicalize().ok();
        let is_same = |own: &&Path| path.is_some() && own.canonicalize().ok() == path;
        match path.as_deref().and_then(|path| store.configuration(path)) {
            _ if own.iter().any(is_same) => Self::Own,
            _ if is_trusted_by_flag => Self::Trusted,
            Some(trusted) if trusted == file.sha256 => Self::Trusted,
            Some(_) => Self::Changed,
            None => Self::Unknown,
        }
    }

    fn is_trusted(self) -> bool {
        matches!(self, Self::Own | Self::Trusted)
    }
}

/// Fails if a file that is not trusted decides where something goes, or which secret is used.
///
/// Looks at the settings in effect, so that what a flag or the environment overrides does no harm.
pub(crate) fn check(layers: &Layers, file: &Path, standing: Standing) -> Result<(), Error> {
    if standing.is_trusted() {
        return Ok(());
    }
    let in_effect: Vec<_> = Key::ALL.iter().filter_map(|key| layers.get(*key)).collect();
    let is_from_it = |setting: &Setting| matches!(&setting.origin, Origin::File { path, .. } if path == file);
    let Some(first) = in_effect.iter().find(|setting| is_from_it(setting) && setting.key.reach() != Reach::Nowhere)
    else {
        return Ok(());
    };
    if is_self_contained(&in_effect, is_from_it, file) {
        return Ok(());
    }
    let decides = match first.key.reach() {
        Reach::Secret => "which secret or program is used",
        Reach::Destination | Reach::Nowhere => "where requests and secrets go",
    };
    let state = if standing == Standing::Changed { "it has changed since you trusted it" } else { "it is not trusted" };
    let (key, origin) = (first.key.path(), &first.origin);
    let path = file.to_string_lossy();
    let command = shell::command_line(["optimize", "config", "trust", &path]);
    Err(Error::config(format!("the configuration file {path}: {state}, and {key} ({origin}) decides {decides}"))
        .stating()
        .with_hint(format!("see what it does, and trust it: {command}; in a pipeline pass --trust-config")))
}

/// Whether the file comes with the server and with every secret in use. It can then lose nothing but its own.
fn is_self_contained(in_effect: &[&Setting], is_from_it: impl Fn(&Setting) -> bool, file: &Path) -> bool {
    let from_it =
        |wanted: Key| in_effect.iter().find(|setting| setting.key == wanted).map(|setting| is_from_it(setting));
    let has_server = match from_it(Key::BaseUrl) {
        Some(is_from_it) => is_from_it,
        None => from_it(Key::Region) == Some(true) && from_it(Key::ClusterId) == Some(true),
    };
    let mut secrets = in_effect.iter().filter(|setting| setting.key.reach() == Reach::Secret).peekable();
    let directory = file.parent().unwrap_or(Path::new(""));
    has_server
        && secrets.peek().is_some()
        && secrets.all(|setting| is_from_it(setting))
        && in_effect
            .iter()
            .filter(|setting| is_from_it(setting) && setting.key.reach() != Reach::Nowhere)
            .all(|setting| stays_within(setting, directory))
}

/// Whether a setting holds its value itself, or names a file below the directory of the configuration file.
fn stays_within(setting: &Setting, directory: &Path) -> bool {
    match (setting.key, setting.key.form(), setting.secret()) {
        // A directory that we make private and write to.
        (Key::TokenCache, ..) => false,
        (_, Form::Path, _) => is_below(Path::new(setting.value.as_str().unwrap_or_default()), directory),
        (_, Form::Text | Form::Boolean, _) | (_, Form::Secret, Some(SecretRef::Inline(_))) => true,
        (_, Form::Secret, Some(SecretRef::File(path))) => is_below(&path, directory),
        // Variables, keyrings and programs are the user's.
        (_, Form::Secret | Form::List | Form::Tables, _) => false,
    }
}

/// Whether a file is there, and below the directory: no `..` on the way, and no symbolic link out of it.
fn is_below(path: &Path, directory: &Path) -> bool {
    let below = path.strip_prefix(directory).unwrap_or(path);
    let climbs = below.components().any(|component| component == Component::ParentDir);
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    match (path.canonicalize(), directory.canonicalize()) {
        (Ok(path), Ok(directory)) => !climbs && path.starts_with(directory),
        _ => false,
    }
}

/// Fails if a program that a setting names, or the file that names it, can be changed by another user.
pub(crate) fn check_program(setting: &Setting, command: &[String]) -> Result<(), Error> {
    let named_by = match &setting.origin {
        Origin::File { path, .. } => ownership::check_file(path),
        Origin::Variable(_) | Origin::Flag(_) | Origin::Preset | Origin::Default => Ok(()),
    };
    named_by.and_then(|()| ownership::check_command(command)).map_err(|problem| {
        let message = format!("{} ({}): {problem}", setting.key.path(), setting.origin);
        let error = Error::config(message).stating();
        match problem.hint() {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    })
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
