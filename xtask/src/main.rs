//! What maintainers and CI run: `cargo xtask ci`, `cargo xtask gen` and `cargo xtask lab`.

mod ci;
mod deps;
mod docs;
mod fetch;
mod r#gen;
mod lab;
mod tools;
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
    /// Writes the generated pages of the documentation
    Gen {
        /// Fail if a page is stale instead of writing it
        #[arg(long)]
        check: bool,
    },
    /// The book of the documentation, its links followed; into target/book
    Docs,
    /// Tests against real servers, which are fetched and started
    #[command(subcommand)]
    Lab(Lab),
}

#[derive(Debug, Subcommand)]
enum Lab {
    /// All authorization servers: Keycloak, oidc-provider, django-oauth-toolkit; needs npm, python3 and openssl besides
    Auth {
        /// Write what was found into the documentation
        #[arg(long)]
        write: bool,
    },
    /// Keycloak; needs a JDK of 21 or newer, mvn and unzip
    Keycloak,
    /// The description of the API, by redocly and schemathesis; needs npm and python3
    Openapi,
    /// The Postman collection, by newman; needs npm
    Postman,
    /// bash, zsh and fish inside tmux, from Debian if they are not there
    Terminal,
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Ci => ci::run(),
        Task::Deps => deps::run(),
        Task::Docs => docs::run(),
        Task::Gen { check } => r#gen::run(check),
        Task::Lab(Lab::Auth { write }) => lab::auth::run(write),
        Task::Lab(Lab::Keycloak) => lab::keycloak::run(),
        Task::Lab(Lab::Openapi) => lab::openapi::run(),
        Task::Lab(Lab::Postman) => lab::postman::run(),
        Task::Lab(Lab::Terminal) => lab::terminal::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
