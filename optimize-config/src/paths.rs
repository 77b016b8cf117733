//! Where configuration files are.

use std::path::PathBuf;

use crate::env_vars::{APPDATA, Environment, HOME, XDG_CACHE_HOME, XDG_CONFIG_HOME, XDG_DATA_HOME};

/// The administrator's file.
pub(crate) fn system_file() -> PathBuf {
    PathBuf::from("/etc/optimize/config.toml")
}

/// The user's file; `None` without a home directory.
pub(crate) fn user_file(environment: &Environment) -> Option<PathBuf> {
    Some(directory(environment, XDG_CONFIG_HOME, ".config")?.join("optimize").join("config.toml"))
}

/// For files that can be made again; `None` without a home directory.
pub fn cache_directory(environment: &Environment) -> Option<PathBuf> {
    Some(directory(environment, XDG_CACHE_HOME, ".cache")?.join("optimize"))
}

/// Where tokens are kept between runs; `None` without a home directory.
pub(crate) fn token_cache(environment: &Environment) -> Option<PathBuf> {
    Some(cache_directory(environment)?.join("tokens"))
}

/// Where plugins, and what the user trusts, are kept; `None` without a home directory.
pub fn data_directory(environment: &Environment) -> Option<PathBuf> {
    Some(directory(environment, XDG_DATA_HOME, ".local/share")?.join("optimize"))
}

/// The home directory, if it exists: it is never created.
pub fn home(environment: &Environment) -> Option<PathBuf> {
    absolute(environment, HOME).filter(|home| home.is_dir())
}

fn directory(environment: &Environment, variable: &str, at_home: &str) -> Option<PathBuf> {
    absolute(environment, variable)
        .or_else(|| absolute(environment, APPDATA).filter(|_| cfg!(windows)))
        .or_else(|| home(environment).map(|home| home.join(at_home)))
}

fn absolute(environment: &Environment, variable: &str) -> Option<PathBuf> {
    environment.raw(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}
