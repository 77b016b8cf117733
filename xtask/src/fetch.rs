//! Fetching from the public registries, which may be out of reach: that is said out loud and is no failure.

use xshell::Cmd;

use crate::util::Outcome;

/// What package managers say when a registry cannot be reached, rather than that something is wrong here.
const UNREACHABLE: [&str; 16] = [
    "Temporary failure resolving",
    "Unknown host",
    "Temporary failure in name resolution",
    "Name or service not known",
    "Connection refused",
    "Connect timed out",
    "Network is unreachable",
    "Connection reset",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "NewConnectionError",
    "Could not resolve host",
    "Could not connect to server",
    "Timeout was reached",
];

/// Runs a fetching command. False, said out loud, if the registry cannot be reached; any other failure is one.
pub(crate) fn fetch(command: Cmd<'_>, what: &str, registry: &str) -> Outcome<bool> {
    let fetched = command.quiet().ignore_status().output()?;
    if fetched.status.success() {
        return Ok(true);
    }
    let printed = [fetched.stdout, fetched.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    if UNREACHABLE.iter().any(|reason| printed.contains(reason)) {
        eprintln!("!! NOT RUN: {registry} cannot be reached, so {what} is missing");
        return Ok(false);
    }
    Err(format!("{what} could not be fetched:\n{printed}").into())
}
