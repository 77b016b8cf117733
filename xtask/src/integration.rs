//! Real servers, fetched from public registries, and started on loopback for the integration tests.

pub(crate) mod auth;
pub(crate) mod bulk;
pub(crate) mod keycloak;
mod materials;
mod node;
pub(crate) mod openapi;
mod packages;
pub(crate) mod postman;
mod process;
mod python;
mod redis;
mod sandbox;
pub(crate) mod streams;
pub(crate) mod terminal;

use crate::util::{Outcome, shell};

/// Runs the integration tests of these modules. The variables pass the addresses of the servers.
fn run_tests(modules: &[&str], variables: &[(&str, String)]) -> Outcome {
    let shell = shell()?;
    // The whole workspace, as in CI: for one package alone cargo would build most dependencies again.
    let tests = xshell::cmd!(
        shell,
        "cargo test --workspace --features optimize-cli/integration,optimize-cli/keyring,redis-store/integration --test integration --locked --"
    );
    Ok(tests.args(modules).envs(variables.iter().map(|(name, value)| (name, value))).run()?)
}
