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
mod hints;
mod ingest;
mod input;
mod json_text;
mod logging;
mod output;
mod ownership;
mod plugins;
mod printer;
mod private_file;
mod progress;
mod prompt;
mod sha256;
mod signal;
mod supervisor;
mod text;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::ErrorKind as UsageKind;
use serde_json::json;

use app::App;
use cli::Cli;
use config::Settings;
use error::CliError;
use exit_code::Exit;
use flags::GlobalArgs;
use format::Format;
use output::{Outcome, Screen, print_line};
use printer::Printer;

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
        Ok(cli) => run(cli, environment),
        Err(error) => usage(&error, arguments, &environment).into(),
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

/// The known causes of failures and their fixes, for the page that lists them.
#[doc(hidden)]
pub fn known_hints() -> impl Iterator<Item = &'static optimize_api::Hint> {
    optimize_api::Hint::all().iter().chain(hints::ALL).copied()
}

/// Readers of foreign bytes, for fuzz targets. Not part of the crate.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// A journal of an ingestion.
    pub fn journal(bytes: &[u8]) {
        crate::ingest::check_journal(bytes);
    }

    /// A row of a file of variables or events.
    pub fn row(text: &str) {
        crate::ingest::check_row(text);
    }

    /// What a plugin says of itself.
    pub fn plugin_manifest(bytes: &[u8]) {
        crate::plugins::check_manifest(bytes);
    }

    /// Definitions, as `import --dry-run` reads them.
    pub fn definitions(bytes: &[u8]) {
        crate::commands::check_definitions(bytes);
    }

    /// Text on its way to a terminal: it must hold nothing that acts on one.
    pub fn screen(bytes: &[u8]) {
        crate::output::check_screen(bytes);
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

/// Flags that decide whose credentials are used and where they go. A plugin gets the run it was started from.
fn check_flags_of_plugin(flags: &GlobalArgs, environment: &Environment) -> Result<(), CliError> {
    let Some(plugin) = app::plugin_that_asks(environment) else { return Ok(()) };
    let given = [
        ("--base-url", flags.base_url.is_some()),
        ("--config", flags.config.is_some()),
        ("--profile", flags.profile.is_some()),
        ("--trust-config", flags.trust_config),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => {
            Err(CliError::untrusted(format!("use {flag}: the plugin {plugin} passes it, and only a person may"))
                .with_hint(format!("pass {flag} before the name of the plugin")))
        }
        None => Ok(()),
    }
}

fn execute(cli: Cli, printer: Printer, environment: Environment, as_json: &mut bool) -> Result<ExitCode, CliError> {
    check_flags_of_plugin(&cli.global, &environment)?;
    let Some(command) = cli.command else { return beginning(&cli.global, &environment).map(|()| Exit::Done.into()) };
    let settings = match Settings::load(&cli.global, &environment, command.sets_up_a_profile()) {
        Err(_) if command.needs_no_settings() => Settings::default(),
        loaded => loaded?,
    };
    let format = settings.output().or(cli.global.output).unwrap_or(Format::Auto);
    *as_json = format == Format::Json;
    let app = App::new(settings, printer, environment, cli.global, cli::command);
    if let Some((plugin, arguments)) = command.plugin(&app)? {
        return plugins::launch(&app, &plugin, arguments);
    }
    let failed = |error| CliError::io("start the runtime", error);
    signal::check_file_limit()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let interruption = signal::interruption().map_err(failed)?;
    runtime.block_on(async {
        let work = async {
            match command.run(&app).await? {
                Outcome::Data(data) => {
                    let screen = Screen {
                        printer,
                        environment: &app.environment,
                        columns: &app.flags.columns,
                        are_columns_optional: app.flags.columns_optional,
                        is_format_asked: app.flags.output.is_some(),
                    };
                    data.show(format, screen).await
                }
                Outcome::Document(document) => document.write(printer),
                Outcome::Text(text) => print_line(&text),
                Outcome::Done => Ok(()),
                #[cfg(feature = "sandbox")]
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

/// What the program prints if it is started without a command: where to begin.
fn beginning(flags: &GlobalArgs, environment: &Environment) -> Result<(), CliError> {
    let settings = Settings::load(flags, environment, false)?;
    let text = match settings.base_url() {
        Ok(url) => format!(
            "Optimize at {url}\n\n\
             \u{20} optimize auth doctor                      check the way from here to there\n\
             \u{20} optimize report list --collection ID      list reports\n\
             \u{20} optimize report data ID                   print the data of one\n\n\
             optimize --help lists every command."
        ),
        Err(_) => "Nothing is configured yet.\n\n\
             \u{20} optimize --sandbox report data orders-by-step   try it, without a server and without settings\n\
             \u{20} optimize auth login                             set up a server: asks, tries, saves\n\n\
             optimize --help lists every command."
            .to_owned(),
    };
    print_line(&text.into())
}

/// Help and version are output; everything else is an error, printed in the format that was asked for.
fn usage(error: &clap::Error, arguments: &[OsString], environment: &Environment) -> Exit {
    let is_response = matches!(error.kind(), UsageKind::DisplayHelp | UsageKind::DisplayVersion);
    if !is_response && wants_json(arguments) {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let hint = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
        let object = json!({ "error": {
            "kind": "usage", "message": message, "status": null, "operation": null, "serverCode": null, "hint": hint, "causes": [],
        }});
        eprintln!("{object}");
        return Exit::Usage;
    }
    if let Err(failed) = print_usage(error, arguments)
        && is_response
        && failed.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("error: failed to write to standard output: {failed}");
        return Exit::Configuration;
    }
    if error.kind() == UsageKind::DisplayHelp
        && arguments.iter().skip(1).all(|word| word.as_encoded_bytes().starts_with(b"-"))
    {
        print_plugins(environment);
    }
    if is_response { Exit::Done } else { Exit::Usage }
}

/// Prints help, or an error that repeats words of the command line: those may hold escape sequences, and then nothing is
/// styled, so that none in the text is ours.
fn print_usage(error: &clap::Error, arguments: &[OsString]) -> std::io::Result<()> {
    let is_plain = |word: &OsString| !word.to_string_lossy().contains(optimize_auth::is_hidden);
    if arguments.iter().all(is_plain) {
        return error.print();
    }
    std::io::Write::write_all(&mut std::io::stderr(), text::visible_json(&error.render().to_string()).as_bytes())
}

/// The plugins, below the help of the program itself.
fn print_plugins(environment: &Environment) {
    let plugins = plugins::find_all(environment).into_iter().filter(|plugin| plugin.problem.is_none());
    let names: Vec<_> = plugins.map(|plugin| plugin.name).collect();
    if !names.is_empty() {
        // As above.
        let _ = print_line(&format!("\nPlugins: {}", names.join(", ")).into());
    }
}

fn wants_json(arguments: &[OsString]) -> bool {
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy().to_ascii_lowercase()).collect();
    words.iter().any(|word| matches!(word.as_str(), "-ojson" | "-o=json" | "--output=json"))
        || words.windows(2).any(|pair| matches!(pair[0].as_str(), "-o" | "--output") && pair[1] == "json")
}
