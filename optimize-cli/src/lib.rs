//! The command line `optimize`, as a library so that tests and generators can call it.

mod app;
mod bounded;
mod cli;
mod commands;
mod config;
mod core_dumps;
mod descriptors;
mod env_vars;
mod error;
mod exit_code;
mod ingest;
mod input;
mod logging;
mod output;
mod plugins;
mod printer;
mod private_file;
mod progress;
mod prompt;
mod signal;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as UsageKind;
use serde_json::json;

use app::App;
use cli::Cli;
use config::Settings;
use error::CliError;
use exit_code::Exit;
use output::{Format, Outcome, print_line};
use printer::Printer;

pub use env_vars::Environment;

/// Runs one command and answers with the exit code of the process.
pub fn main(arguments: &[OsString], environment: Environment) -> ExitCode {
    core_dumps::disable();
    match Cli::try_parse_from(arguments) {
        Ok(cli) => run(cli, environment),
        Err(error) => usage(&error, arguments).into(),
    }
}

/// Reads a configuration file as every command does, and tells what is wrong with it: empty if nothing is. For tests
/// that read thousands.
#[doc(hidden)]
pub fn check_configuration(path: &std::path::Path) -> String {
    match config::ConfigFile::read(path) {
        Ok(file) => format!("{file:?}"),
        Err(error) => format!("{} {error:?} {:?}", error.in_full(), error.hint()),
    }
}

fn run(cli: Cli, environment: Environment) -> ExitCode {
    let printer = Printer::new(cli.global.quiet, cli.global.color, &environment);
    logging::start(cli.global.verbose, printer);
    let flag = cli.global.output;
    let mut as_json = flag == Some(Format::Json);
    match execute(cli, printer, environment, &mut as_json) {
        Ok(code) => code,
        Err(error) if error.is_closed_pipe() => Exit::Done.into(),
        Err(error) => {
            printer.error(&error, as_json);
            error.exit().into()
        }
    }
}

fn execute(cli: Cli, printer: Printer, environment: Environment, as_json: &mut bool) -> Result<ExitCode, CliError> {
    let settings = match Settings::load(&cli.global, &environment, cli.command.sets_up_a_profile()) {
        Err(_) if cli.command.needs_no_settings() => Settings::default(),
        loaded => loaded?,
    };
    let format = settings.output()?.or(cli.global.output).unwrap_or(Format::Auto);
    *as_json = format == Format::Json;
    let app = App::new(settings, printer, environment, cli.global)?;
    if let Some((plugin, arguments)) = cli.command.plugin(&app)? {
        return plugins::launch(&app, &plugin, arguments);
    }
    let failed = |error| CliError::io("start the runtime", error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let interruption = signal::interruption().map_err(failed)?;
    runtime.block_on(async {
        let work = async {
            match cli.command.run(&app).await? {
                Outcome::Data(data) => data.show(format, printer).await,
                Outcome::Document(document) => document.write(printer),
                Outcome::Text(text) => print_line(&text),
                Outcome::Done => Ok(()),
                Outcome::Serving(line, mut sandbox) => {
                    print_line(&line)?;
                    sandbox.wait().await;
                    Ok(())
                }
            }
        };
        tokio::select! {
            outcome = async {
                let outcome = work.await;
                app.settle().await;
                outcome
            } => outcome.map_err(|error| app.explain(error)),
            Ok(()) = interruption => Err(CliError::interrupted()),
        }
    })?;
    Ok(Exit::Done.into())
}

/// Help and version are answers, all else is an error, told in the format that was asked for.
fn usage(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let is_answer = matches!(error.kind(), UsageKind::DisplayHelp | UsageKind::DisplayVersion);
    if !is_answer && wants_json(arguments) {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let hint = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
        let object = json!({ "error": {
            "kind": "usage", "message": message, "status": null, "operation": null, "serverCode": null, "hint": hint, "causes": [],
        }});
        eprintln!("{object}");
        return Exit::Usage;
    }
    // Nobody is left to tell if this cannot be printed.
    let _ = error.print();
    if is_answer { Exit::Done } else { Exit::Usage }
}

fn wants_json(arguments: &[OsString]) -> bool {
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy().to_ascii_lowercase()).collect();
    words.iter().any(|word| matches!(word.as_str(), "-ojson" | "-o=json" | "--output=json"))
        || words.windows(2).any(|pair| matches!(pair[0].as_str(), "-o" | "--output") && pair[1] == "json")
}
