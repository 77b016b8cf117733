//! Where configuration files are.

use std::path::PathBuf;

use crate::env_vars::{APPDATA, Environment, HOME, XDG_CONFIG_HOME};

/// The administrator's file.
pub(crate) fn system_file() -> PathBuf {
    PathBuf::from("/etc/optimize/config.toml")
}

/// The user's file; `None` without a home directory.
pub(crate) fn user_file(environment: &Environment) -> Option<PathBuf> {
    let absolute = |name| environment.raw(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute(XDG_CONFIG_HOME)
        .or_else(|| absolute(APPDATA).filter(|_| cfg!(windows)))
        .or_else(|| absolute(HOME).map(|home| home.join(".config")))?;
    Some(folder.join("optimize").join("config.toml"))
}
