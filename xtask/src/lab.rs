//! Real servers, fetched from public registries, started on loopback, and asked by the lab tests.

pub(crate) mod auth;
pub(crate) mod keycloak;
mod materials;
mod node;
pub(crate) mod openapi;
mod packages;
pub(crate) mod postman;
mod process;
mod python;
mod sandbox;
pub(crate) mod terminal;

use crate::util::{Outcome, shell};

/// What package managers say when a registry cannot be reached, rather than that something is wrong here.
const UNREACHABLE: [&str; 13] = [
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
];

/// Runs a fetching command. False, said out loud, if the registry cannot be reached; any other failure is one.
fn fetch(command: xshell::Cmd<'_>, what: &str, registry: &str) -> Outcome<bool> {
    let fetched = command.quiet().ignore_status().output()?;
    if fetched.status.success() {
        return Ok(true);
    }
    let told = [fetched.stdout, fetched.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    if UNREACHABLE.iter().any(|reason| told.contains(reason)) {
        eprintln!("!! LAB NOT RUN: {registry} cannot be reached, so there is no {what} to test against");
        return Ok(false);
    }
    Err(format!("{what} could not be fetched:\n{told}").into())
}

/// Runs the lab tests of these modules with what they need to know.
fn run_tests(modules: &[&str], variables: &[(&str, String)]) -> Outcome {
    let shell = shell()?;
    // The whole workspace, as in CI: for one package alone cargo would build most dependencies again.
    let tests = xshell::cmd!(
        shell,
        "cargo test --workspace --features optimize-cli/lab,optimize-cli/keyring --test lab --locked --"
    );
    Ok(tests.args(modules).envs(variables.iter().map(|(name, value)| (name, value))).run()?)
}
