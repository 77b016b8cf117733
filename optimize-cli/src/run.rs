//! One run: from parsed arguments to an exit code.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tracing::Span;

use crate::app::{self, App};
use crate::audit::Audit;
use crate::cli::{self, Cli};
use crate::config::Settings;
use crate::env_vars::Environment;
use crate::error::CliError;
use crate::exit_code::Exit;
use crate::flags::GlobalArgs;
use crate::format::Format;
use crate::output::{Outcome, print_secret};
use crate::printer::Printer;
use crate::summary::{Summary, Tally};
use crate::telemetry::Telemetry;
use crate::{logging, plugins, signal, welcome};

/// Runs a command and reports its error, in JSON if that is the output format. `command` is its name.
pub(crate) fn run(cli: Cli, command: &str, environment: Environment) -> ExitCode {
    let flags = &cli.global;
    let printer = Printer::new(flags.quiet, flags.color, flags.log_format, &environment);
    let (flag, log_format) = (flags.output.unwrap_or(Format::Auto), flags.log_format);
    let log = flags.audit.as_ref().map(|path| Audit::open(path, command, printer)).transpose();
    let begun = log.and_then(|log| Ok((logging::verbosity(flags.verbose, &environment)?, log)));
    let begun = begun.and_then(|(verbosity, log)| {
        let tally = Arc::new(Tally::auditing(log));
        let summary_in = |path: &PathBuf| Summary::begin(path, command, tally.clone());
        let summary = flags.summary.as_ref().map(summary_in).transpose()?;
        Ok((verbosity, tally, summary))
    });
    let (verbosity, tally, summary) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            printer.error(&error, flag == Format::Json);
            return error.exit().into();
        }
    };
    // What only watches the command does not keep it from its work.
    let telemetry = Telemetry::start(&environment).unwrap_or_else(|error| {
        printer.warning(&error.with_hint_in_message());
        None
    });
    logging::start(verbosity, log_format, printer, telemetry.as_ref().map(Telemetry::layer));
    let root = telemetry.as_ref().map_or_else(Span::none, |telemetry| telemetry.root(command));
    let failure = match root.in_scope(|| start(cli, printer, environment, tally)) {
        Ok(Ended::Plugin(code)) => return code,
        Ok(Ended::Done) => None,
        Err(Failed { error, .. }) if error.is_closed_pipe() => None,
        Err(Failed { error, .. }) if error.is_silent() => Some(error),
        Err(Failed { error, format }) => {
            printer.error(&error, format.unwrap_or(flag) == Format::Json);
            Some(error)
        }
    };
    let mut exit = failure.as_ref().map_or(Exit::Done, CliError::exit);
    if let Some(Err(error)) = summary.map(|summary| summary.end(exit, failure.as_ref())) {
        printer.error(&error, flag == Format::Json);
        exit = if exit == Exit::Done { error.exit() } else { exit };
    }
    if let Some(telemetry) = telemetry {
        telemetry.end(root, exit as u8, printer);
    }
    exit.into()
}

/// How a run ended that did not fail.
enum Ended {
    Done,
    /// A plugin has run in place of a command.
    Plugin(ExitCode),
}

/// An error, and the output format if the settings could be read.
struct Failed {
    error: CliError,
    format: Option<Format>,
}

impl From<CliError> for Failed {
    fn from(error: CliError) -> Self {
        Self { error, format: None }
    }
}

fn start(cli: Cli, printer: Printer, environment: Environment, tally: Arc<Tally>) -> Result<Ended, Failed> {
    check_flags_of_plugin(&cli.global, &environment)?;
    let Some(command) = cli.command else {
        welcome::print(&cli.global, &environment)?;
        return Ok(Ended::Done);
    };
    let settings = match Settings::load(&cli.global.overrides(), &environment, command.sets_up_a_profile()) {
        Err(_) if command.needs_no_settings() => Settings::default(),
        loaded => loaded.map_err(CliError::from)?,
    };
    let format = Format::of_settings(&settings).or(cli.global.output).unwrap_or(Format::Auto);
    let app = App::new(settings, printer, environment, cli.global, cli::command).counting(tally);
    execute(command, &app, format).map_err(|error| Failed { error, format: Some(format) })
}

fn execute(command: crate::commands::Command, app: &App, format: Format) -> Result<Ended, CliError> {
    if let Some((plugin, arguments)) = command.plugin(app)? {
        if app.flags.summary.is_some() {
            return Err(CliError::usage("write a summary of a plugin: the plugin takes the place of this program"));
        }
        return plugins::launch(app, &plugin, arguments).map(Ended::Plugin);
    }
    let failed = |error| CliError::io("start the runtime", error);
    signal::check_file_limit()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let interruption = signal::interruption().map_err(failed)?;
    runtime.block_on(async {
        let work = async {
            let outcome = async { show(command.run(app).await?, app, format).await }.await;
            app.settle().await;
            outcome
        };
        tokio::select! {
            outcome = work => match outcome {
                Ok(done) => Ok(done),
                Err(error) => Err(app.explain(error).await),
            },
            Ok(()) = interruption => Err(CliError::interrupted()),
        }
    })?;
    Ok(Ended::Done)
}

async fn show(outcome: Outcome, app: &App, format: Format) -> Result<(), CliError> {
    match outcome {
        Outcome::Data(data) => {
            let screen = app.screen();
            data.show(format, screen).await
        }
        Outcome::Document(document) => document.write(app.printer),
        Outcome::Secret(secret) => print_secret(&secret),
        Outcome::Done => Ok(()),
        #[cfg(feature = "sandbox")]
        Outcome::Serve(line, mut sandbox) => {
            print_secret(&line)?;
            sandbox.wait().await;
            Ok(())
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
            Err(CliError::untrusted(format!("{flag}: the plugin {plugin} passes it, and only a person may"))
                .stating()
                .with_hint(format!("pass {flag} before the name of the plugin")))
        }
        None => Ok(()),
    }
}
