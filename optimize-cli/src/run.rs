//! One run: from parsed arguments to an exit code.

use std::process::ExitCode;

use crate::app::{self, App};
use crate::cli::{self, Cli};
use crate::config::Settings;
use crate::env_vars::Environment;
use crate::error::CliError;
use crate::exit_code::Exit;
use crate::flags::GlobalArgs;
use crate::format::Format;
use crate::output::{Outcome, Screen, print_secret};
use crate::printer::Printer;
use crate::{logging, plugins, signal, welcome};

/// Runs a command and reports its error, in JSON if that is the output format.
pub(crate) fn run(cli: Cli, environment: Environment) -> ExitCode {
    let printer = Printer::new(cli.global.quiet, cli.global.color, &environment);
    let flag = cli.global.output.unwrap_or(Format::Auto);
    match logging::verbosity(cli.global.verbose, &environment) {
        Ok(verbosity) => logging::start(verbosity, printer),
        Err(error) => {
            printer.error(&error, flag == Format::Json);
            return error.exit().into();
        }
    }
    match start(cli, printer, environment) {
        Ok(code) => code,
        Err(Failed { error, .. }) if error.is_closed_pipe() => Exit::Done.into(),
        Err(Failed { error, format }) => {
            printer.error(&error, format.unwrap_or(flag) == Format::Json);
            error.exit().into()
        }
    }
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

fn start(cli: Cli, printer: Printer, environment: Environment) -> Result<ExitCode, Failed> {
    check_flags_of_plugin(&cli.global, &environment)?;
    let Some(command) = cli.command else {
        welcome::print(&cli.global, &environment)?;
        return Ok(Exit::Done.into());
    };
    let settings = match Settings::load(&cli.global, &environment, command.sets_up_a_profile()) {
        Err(_) if command.needs_no_settings() => Settings::default(),
        loaded => loaded?,
    };
    let format = settings.output().or(cli.global.output).unwrap_or(Format::Auto);
    let app = App::new(settings, printer, environment, cli.global, cli::command);
    execute(command, &app, format).map_err(|error| Failed { error, format: Some(format) })
}

fn execute(command: crate::commands::Command, app: &App, format: Format) -> Result<ExitCode, CliError> {
    if let Some((plugin, arguments)) = command.plugin(app)? {
        return plugins::launch(app, &plugin, arguments);
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
    Ok(Exit::Done.into())
}

async fn show(outcome: Outcome, app: &App, format: Format) -> Result<(), CliError> {
    match outcome {
        Outcome::Data(data) => {
            let screen = Screen {
                printer: app.printer,
                environment: &app.environment,
                columns: &app.flags.columns,
                are_columns_optional: app.flags.columns_optional,
                is_format_asked: app.flags.output.is_some(),
            };
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
