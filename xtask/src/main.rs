//! What maintainers and CI run: `cargo xtask ci`, `cargo xtask gen` and `cargo xtask integration`.

mod api;
mod bench;
mod ci;
mod coverage;
mod deps;
mod docs;
mod fetch;
mod fuzz;
mod r#gen;
mod integration;
mod release;
mod tools;
mod util;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use semver::Version;

/// Tasks of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
enum Task {
    /// Everything a change must pass: format, clippy, tests, documentation, dependency rules
    Ci,
    /// The public API of the libraries as texts in docs/dev/api
    Api {
        /// Fail if one is stale, or if something broke that the changelog does not list
        #[arg(long)]
        check: bool,
    },
    /// The benchmarks
    Bench {
        /// Some of them; otherwise all
        names: Vec<String>,
        /// Run each in turn with the same one of this commit
        #[arg(long, value_name = "COMMIT")]
        compare: Option<String>,
    },
    /// Which lines the tests run; needs the component llvm-tools
    Coverage,
    /// The dependency rules of ARCHITECTURE.md
    Deps {
        /// Check licences, duplicates, sources, advisories and the oldest compiler too
        #[arg(long)]
        audit: bool,
    },
    /// Fuzz targets, for some time each
    Fuzz {
        /// One target; otherwise all
        target: Option<String>,
        /// How long each runs
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Writes the generated pages of the documentation
    Gen {
        /// Fail if a page is stale instead of writing it
        #[arg(long)]
        check: bool,
    },
    /// The book of the documentation, its links followed; into target/book
    Docs,
    /// The next release: plan, prepare, check, package
    #[command(subcommand)]
    Release(Release),
    /// Tests against real servers, which are fetched and started
    #[command(subcommand)]
    Integration(Integration),
}

/// From a commit to something that can be published; nothing here publishes.
#[derive(Debug, Subcommand)]
enum Release {
    /// Say which version comes next, why, and what its notes are
    Plan,
    /// Make the commit of a release: versions, changelog, lock file
    Prepare {
        /// A higher version than the next one
        #[arg(long)]
        version: Option<Version>,
        /// Say what would be written
        #[arg(long)]
        dry_run: bool,
    },
    /// Check that this commit can be released; each crate is built from its packed form
    Check,
    /// Build each crate from its packed form
    Crates,
    /// Make the archives, packages, sums and the bill of materials
    Package {
        /// Where they will be downloaded from, for the Homebrew formula
        #[arg(long)]
        url: Option<String>,
        /// Make everything twice, and compare every bit
        #[arg(long)]
        twice: bool,
        /// Say what would be made
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Integration {
    /// All authorization servers: Keycloak, oidc-provider, django-oauth-toolkit; also needs npm, python3 and openssl
    Auth {
        /// Write what was found into the documentation
        #[arg(long)]
        write: bool,
    },
    /// Exports of all formats, read by programs of others, and an object store; needs python3
    Bulk,
    /// Keycloak; needs a JDK of 21 or newer, mvn and unzip
    Keycloak,
    /// The description of the API, by redocly and schemathesis; needs npm and python3
    Openapi,
    /// The Postman collection, by newman; needs npm
    Postman,
    /// Kafka and NATS, killed while they are read; needs a JDK, mvn, go and python3
    Streams,
    /// bash, zsh and fish inside tmux, from Debian if they are not there
    Terminal,
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Ci => ci::run(),
        Task::Api { check } => api::run(check),
        Task::Bench { names, compare } => bench::run(&names, compare.as_deref()),
        Task::Coverage => coverage::run(),
        Task::Deps { audit: false } => deps::run(),
        Task::Deps { audit: true } => deps::audit(),
        Task::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Task::Release(Release::Plan) => release::plan(),
        Task::Release(Release::Prepare { version, dry_run }) => release::prepare(version, dry_run),
        Task::Release(Release::Check) => release::check(),
        Task::Release(Release::Crates) => release::crates(),
        Task::Release(Release::Package { url, twice, dry_run }) => {
            release::package::run(url.as_deref(), twice, dry_run)
        }
        Task::Docs => docs::run(),
        Task::Gen { check } => r#gen::run(check),
        Task::Integration(Integration::Auth { write }) => integration::auth::run(write),
        Task::Integration(Integration::Bulk) => integration::bulk::run(),
        Task::Integration(Integration::Keycloak) => integration::keycloak::run(),
        Task::Integration(Integration::Openapi) => integration::openapi::run(),
        Task::Integration(Integration::Postman) => integration::postman::run(),
        Task::Integration(Integration::Streams) => integration::streams::run(),
        Task::Integration(Integration::Terminal) => integration::terminal::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
