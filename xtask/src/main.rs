//! What maintainers and CI run: `cargo xtask ci` and `cargo xtask lab keycloak`.

mod ci;
mod deps;
mod lab;
mod util;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
enum Task {
    /// Everything a change must pass: format, clippy, tests, documentation, dependency rules
    Ci,
    /// The dependency rules of ARCHITECTURE.md alone
    Deps,
    /// Tests against real servers, which are fetched and started
    #[command(subcommand)]
    Lab(Lab),
}

#[derive(Debug, Subcommand)]
enum Lab {
    /// Keycloak; needs a JDK of 21 or newer, mvn and unzip
    Keycloak,
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Ci => ci::run(),
        Task::Deps => deps::run(),
        Task::Lab(Lab::Keycloak) => lab::keycloak::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
