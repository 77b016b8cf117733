//! Where plugins are looked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config;
use crate::env_vars::{Environment, PATH};

const PREFIX: &str = "optimize-";

/// A plugin that was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) place: Place,
    /// Why it is not run.
    pub(crate) problem: Option<&'static str>,
    /// Files before it that are not run.
    pub(crate) skipped: Vec<PathBuf>,
}

/// Where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the folder of those that were installed.
    Managed,
    /// On the search path.
    Path,
}

impl Place {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Path => "path",
        }
    }
}

/// Whether a plugin can have this name: small letters, digits and hyphens.
pub(crate) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && !name.starts_with('-') && name.bytes().all(is_plain)
}

/// The folders, the one that counts most first. Relative ones, such as the working directory, do not count.
fn folders(environment: &Environment) -> Vec<(PathBuf, Place)> {
    let managed = config::data_folder(environment).map(|data| (data.join("plugins").join("bin"), Place::Managed));
    let path = environment.raw(PATH).map(|path| std::env::split_paths(path).collect::<Vec<_>>());
    let path = path.unwrap_or_default().into_iter().filter(|folder| folder.is_absolute());
    managed.into_iter().chain(path.map(|folder| (folder, Place::Path))).collect()
}

/// The plugin that this name runs.
pub(crate) fn find(name: &str, environment: &Environment) -> Option<Found> {
    if !is_name(name) {
        return None;
    }
    let mut bad = Vec::new();
    for (folder, place) in folders(environment) {
        match found(name, folder.join(Found::file_name(name)), place) {
            Some(found) if found.problem.is_none() => {
                let skipped = bad.into_iter().map(|bad: Found| bad.path).collect();
                return Some(Found { skipped, ..found });
            }
            Some(found) => bad.push(found),
            None => {}
        }
    }
    bad.into_iter().next()
}

/// Every plugin, by name; of several with one name the one that is run.
pub(crate) fn find_all(environment: &Environment) -> Vec<Found> {
    let mut names = BTreeSet::new();
    for (folder, _) in folders(environment) {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        names.extend(entries.flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let name = name.strip_prefix(PREFIX)?.strip_suffix(std::env::consts::EXE_SUFFIX)?;
            is_name(name).then(|| name.to_owned())
        }));
    }
    names.iter().filter_map(|name| find(name, environment)).collect()
}

fn found(name: &str, path: PathBuf, place: Place) -> Option<Found> {
    let metadata = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let problem = problem(&metadata);
    // What nobody can execute is no program at all.
    (problem != Some(NOT_EXECUTABLE)).then(|| Found {
        name: name.to_owned(),
        path,
        place,
        problem,
        skipped: Vec::new(),
    })
}

const NOT_EXECUTABLE: &str = "it is not executable";

#[cfg(unix)]
fn problem(metadata: &std::fs::Metadata) -> Option<&'static str> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode();
    if mode & 0o111 == 0 {
        return Some(NOT_EXECUTABLE);
    }
    (mode & 0o022 != 0).then_some("others may write to it")
}

#[cfg(not(unix))]
fn problem(_: &std::fs::Metadata) -> Option<&'static str> {
    None
}

impl Found {
    /// The name that a file would have as a plugin, if it is named as one.
    pub(crate) fn name_of(path: &Path) -> Option<String> {
        let name = path.file_name()?.to_str()?.strip_prefix(PREFIX)?;
        let name = name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(name);
        is_name(name).then(|| name.to_owned())
    }

    /// The name of the file of a plugin.
    pub(crate) fn file_name(name: &str) -> String {
        format!("{PREFIX}{name}{}", std::env::consts::EXE_SUFFIX)
    }
}
