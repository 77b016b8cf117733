//! The command line `optimize`, as a library so that tests and generators can call it.

mod app;
mod bounded;
mod cli;
mod commands;
mod completion;
mod config;
mod core_dumps;
mod descriptors;
mod embedded;
mod env_vars;
mod error;
mod examples;
mod exit_code;
mod flags;
mod format;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hints;
mod ingest;
mod input;
mod json_text;
mod logging;
mod output;
mod ownership;
mod plugins;
mod printer;
mod progress;
mod prompt;
mod run;
mod sha256;
mod signal;
mod supervisor;
mod text;
mod usage;
mod welcome;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;

use cli::Cli;
use exit_code::Exit;

pub use env_vars::Environment;

/// Runs one command and returns the exit code of the process.
pub fn main(arguments: &[OsString], environment: Environment) -> ExitCode {
    core_dumps::disable();
    if let Some(code) = supervisor::supervised(arguments) {
        return code;
    }
    match completion::run(arguments, &environment, cli::command) {
        Ok(false) => {}
        // Nobody reads what a completion says on standard error.
        Ok(true) | Err(_) => return Exit::Done.into(),
    }
    let parsed = cli::command().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => run::run(cli, environment),
        Err(error) => usage::report(&error, arguments, &environment).into(),
    }
}

/// Reads a configuration as every command reads a private file, and returns all that `Debug` and errors print. For
/// tests that read thousands.
#[doc(hidden)]
pub fn check_configuration(text: &str) -> String {
    match config::ConfigFile::parse(std::path::Path::new("config.toml"), text, true) {
        Ok(file) => format!("{file:?}"),
        Err(error) => format!("{} {error:?} {:?}", error.in_full(), error.hint()),
    }
}

/// All commands, for the reference.
#[doc(hidden)]
pub fn command() -> clap::Command {
    cli::command()
}

/// The JSON Schema of the configuration, for the reference.
#[doc(hidden)]
pub fn settings_schema() -> serde_json::Value {
    config::json_schema()
}

/// The known causes of failures and their fixes, for the page that lists them.
#[doc(hidden)]
pub fn known_hints() -> impl Iterator<Item = &'static optimize_api::Hint> {
    optimize_api::Hint::all().iter().chain(hints::ALL).copied()
}
