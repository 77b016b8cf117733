//! Real servers, fetched from public registries, started on loopback, and asked by the lab tests.

pub(crate) mod auth;
mod checkout;
pub(crate) mod consumers;
pub(crate) mod keycloak;
mod materials;
mod node;
pub(crate) mod openapi;
mod packages;
pub(crate) mod postman;
mod process;
mod python;
mod registry;
pub(crate) mod release;
mod sandbox;
pub(crate) mod terminal;

use crate::util::{Outcome, shell};

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
