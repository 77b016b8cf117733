//! Where plugins are looked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Managed;
use crate::env_vars::{Environment, PATH};
use crate::{config, ownership, sha256};

const PREFIX: &str = "optimize-";

/// A plugin that was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) place: Place,
    /// Why it is not run.
    pub(crate) problem: Option<Problem>,
    /// Those before it that are not run.
    pub(crate) skipped: Vec<(PathBuf, Problem)>,
}

/// Why a plugin is not run, and how to change that.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) text: String,
    pub(crate) hint: Option<String>,
}

/// Where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the directory of those that were installed.
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

/// Where plugins are looked for, and what was installed there.
struct Search {
    /// The one that is searched first comes first.
    directories: Vec<(PathBuf, Place)>,
    managed: Option<Managed>,
}

impl Search {
    /// Relative directories of the search path, such as the working directory, are left out.
    fn new(environment: &Environment) -> Self {
        let managed =
            config::data_directory(environment).map(|data| (data.join("plugins").join("bin"), Place::Managed));
        let path = environment.raw(PATH).map(|path| std::env::split_paths(path).collect::<Vec<_>>());
        let path = path.unwrap_or_default().into_iter().filter(|directory| directory.is_absolute());
        let directories = managed.into_iter().chain(path.map(|directory| (directory, Place::Path))).collect();
        // Without a record that can be read, no plugin is treated as installed.
        Self { directories, managed: Managed::read(environment).ok() }
    }

    fn find(&self, name: &str) -> Option<Found> {
        if !is_name(name) {
            return None;
        }
        let mut bad = Vec::new();
        for (directory, place) in &self.directories {
            match self.found(name, directory.join(Found::file_name(name)), *place) {
                Some(found) if found.problem.is_none() => {
                    let skipped = bad.into_iter().filter_map(|bad: Found| Some((bad.path, bad.problem?)));
                    return Some(Found { skipped: skipped.collect(), ..found });
                }
                Some(found) => bad.push(found),
                None => {}
            }
        }
        bad.into_iter().next()
    }

    fn found(&self, name: &str, path: PathBuf, place: Place) -> Option<Found> {
        if !path.is_file() {
            return None;
        }
        let problem = match ownership::check_program(&path) {
            // What nobody can execute is no program at all.
            Err(problem) if problem.is_not_executable() => return None,
            Err(problem) => Some(Problem { text: problem.to_string(), hint: problem.hint() }),
            Ok(()) if place == Place::Managed => self.changed(name, &path),
            Ok(()) => None,
        };
        Some(Found { name: name.to_owned(), path, place, problem, skipped: Vec::new() })
    }

    /// Why an installed plugin is not what was installed.
    fn changed(&self, name: &str, path: &Path) -> Option<Problem> {
        let text = match (self.managed.as_ref().and_then(|managed| managed.installed(name)), sha256::of_file(path)) {
            (Some(installed), Ok(sha256)) if installed.sha256 == sha256 => return None,
            (_, Err(error)) => format!("it cannot be read: {error}"),
            (None, _) => "it was not installed by `optimize plugin install`".to_owned(),
            (Some(_), Ok(_)) => "it has changed since it was installed".to_owned(),
        };
        Some(Problem { text, hint: Some("install it again: optimize plugin install --force FILE".to_owned()) })
    }
}

/// The plugin that this name runs.
pub(crate) fn find(name: &str, environment: &Environment) -> Option<Found> {
    Search::new(environment).find(name)
}

/// Every plugin, by name; of several with one name the one that is run.
pub(crate) fn find_all(environment: &Environment) -> Vec<Found> {
    let search = Search::new(environment);
    let mut names = BTreeSet::new();
    for (directory, _) in &search.directories {
        let Ok(entries) = std::fs::read_dir(directory) else { continue };
        names.extend(entries.flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let name = name.strip_prefix(PREFIX)?.strip_suffix(std::env::consts::EXE_SUFFIX)?;
            is_name(name).then(|| name.to_owned())
        }));
    }
    names.iter().filter_map(|name| search.find(name)).collect()
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
