//! Real shells in a real terminal: bash, zsh and fish inside tmux.

use xshell::cmd;

use crate::util::{Outcome, is_installed, shell};

/// What is asked to be there, by the name of the program and of the Debian package.
const PROGRAMS: [&str; 4] = ["tmux", "bash", "zsh", "fish"];

pub(crate) fn run() -> Outcome {
    let missing: Vec<_> = PROGRAMS.into_iter().filter(|program| !is_installed(program)).collect();
    if !missing.is_empty() && !fetch(&missing)? {
        return Ok(());
    }
    super::run_tests(&["terminal"], &[("OPTIMIZE_TEST_TERMINAL", "yes".to_owned())])
}

/// Debian's packages, where this user may install them.
pub(super) fn fetch(programs: &[&str]) -> Outcome<bool> {
    let shell = shell()?;
    let names = programs.join(", ");
    let is_root = cmd!(shell, "id -u").quiet().read().is_ok_and(|id| id == "0");
    if !is_root || !is_installed("apt-get") {
        eprintln!("!! NOT RUN: {names} not found, and this user cannot install them from Debian");
        return Ok(false);
    }
    let update = cmd!(shell, "apt-get update -qq");
    let install = cmd!(shell, "apt-get install -y -qq --no-install-recommends {programs...}")
        .env("DEBIAN_FRONTEND", "noninteractive");
    Ok(crate::fetch::fetch(update, &names, "Debian")? && crate::fetch::fetch(install, &names, "Debian")?)
}
