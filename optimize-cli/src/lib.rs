//! The command line `optimize`, as a library so that tests and generators can call it.

mod app;
mod audit;
mod cli;
mod commands;
mod completion;
mod core_dumps;
mod descriptors;
mod embedded;
mod error;
mod examples;
mod exit_code;
mod export;
mod flags;
mod format;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hints;
mod ingest;
mod input;
mod logging;
mod output;
mod plugins;
mod printer;
mod progress;
mod prompt;
mod run;
mod signal;
mod suggest;
mod summary;
mod supervisor;
mod telemetry;
mod text;
mod usage;
mod welcome;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, FromArgMatches};

use cli::Cli;
use exit_code::Exit;

use optimize_config::tool as config;
use optimize_config::{env_vars, ownership, sha256};

pub use optimize_config::Environment;

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
    let parsed = cli::command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, command_name(&matches))));
    match parsed {
        Ok((cli, name)) => run::run(cli, &name, environment),
        Err(error) => usage::report(&error, arguments, &environment).into(),
    }
}

/// The words of the command, without its arguments.
fn command_name(matches: &ArgMatches) -> String {
    let words = std::iter::successors(matches.subcommand(), |(_, matches)| matches.subcommand());
    words.map(|(word, _)| word).collect::<Vec<_>>().join(" ")
}

/// Reads a configuration as every command reads a private file, and returns all that `Debug` and errors print. For
/// tests that read thousands.
#[doc(hidden)]
pub fn check_configuration(text: &str) -> String {
    match config::ConfigFile::parse(std::path::Path::new("config.toml"), text, true) {
        Ok(file) => format!("{file:?}"),
        Err(error) => format!("{error:?}"),
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
