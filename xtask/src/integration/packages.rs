//! Packages of npm and PyPI, in directories of the integration tests.

use std::path::{Path, PathBuf};

use xshell::cmd;

use crate::fetch::fetch;
use crate::util::{Outcome, shell};

/// Installs `name@version` below `place` if it is not there. False, said out loud, if the registry cannot be reached.
pub(super) fn npm(place: &Path, name: &str, version: &str) -> Outcome<bool> {
    if place.join("node_modules").join(name).exists() {
        return Ok(true);
    }
    let shell = shell()?;
    let package = format!("{name}@{version}");
    let install = cmd!(shell, "npm install --prefix {place} --no-audit --no-fund {package}");
    fetch(install, name, "the npm registry")
}

/// The directory with the programs of a Python environment below `place` that has these packages, each `name==version`; `None`,
/// said out loud, if the registry cannot be reached. `what` they are is for messages.
pub(super) fn pip(place: &Path, what: &str, packages: &[&str]) -> Outcome<Option<PathBuf>> {
    let environment = place.join("venv");
    let programs = environment.join("bin");
    let wanted = packages.join(" ");
    if std::fs::read_to_string(environment.join("installed")).is_ok_and(|installed| installed == wanted) {
        return Ok(Some(programs));
    }
    let shell = shell()?;
    cmd!(shell, "python3 -m venv {environment}").quiet().run()?;
    let python = programs.join("python");
    let install = cmd!(shell, "{python} -m pip install --quiet --disable-pip-version-check {packages...}");
    if !fetch(install, what, "PyPI")? {
        return Ok(None);
    }
    std::fs::write(environment.join("installed"), wanted)?;
    Ok(Some(programs))
}
