//! Programs that extend this one.

mod doctor;
mod install;
mod scaffold;
mod show;
mod test_credential;
mod trust;

use std::ffi::{OsStr, OsString};

use clap::{Args, Subcommand};

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;
use crate::plugins::{self, Found};
use crate::suggest::suggest;

#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// Check installed plugins
    Doctor,
    Exec(Exec),
    Info(show::Info),
    Install(install::Install),
    /// List the plugins
    #[command(visible_alias = "ls")]
    List,
    New(scaffold::New),
    #[command(visible_alias = "rm")]
    Remove(install::Remove),
    TestCredential(test_credential::TestCredential),
    Trust(trust::Trust),
}

/// Run a plugin, even if a command has the same name
#[derive(Args, Debug)]
pub(crate) struct Exec {
    /// The name of the plugin
    pub(crate) name: String,
    /// Its arguments
    #[arg(value_name = "ARG", last = true)]
    pub(crate) arguments: Vec<OsString>,
}

impl Plugin {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Doctor => Ok(doctor::run(app)),
            // It has been run instead of this program.
            Self::Exec(_) => Ok(Outcome::Done),
            Self::Info(command) => command.run(app),
            Self::Install(command) => command.run(app),
            Self::List => Ok(show::list(app)),
            Self::New(command) => command.run(app),
            Self::Remove(command) => command.run(app),
            Self::TestCredential(command) => command.run(app).await,
            Self::Trust(command) => command.run(app),
        }
    }
}

/// The names and aliases of the commands that are built in.
fn built_in(app: &App) -> Vec<String> {
    let command = (app.commands)();
    let names = command.get_subcommands().flat_map(|command| {
        std::iter::once(command.get_name()).chain(command.get_all_aliases()).map(str::to_owned).collect::<Vec<_>>()
    });
    names.collect()
}

/// Whether a plugin can have this name; `what` failed if not.
fn usable(name: &str, what: &str) -> Result<(), CliError> {
    if plugins::is_name(name) {
        return Ok(());
    }
    Err(CliError::config(format!("{what}: the name {name:?} cannot be used"))
        .with_hint("small letters, digits and hyphens make a name"))
}

/// The plugin of this name, if it may be run.
pub(super) fn to_run(name: &OsStr, app: &App) -> Result<Found, CliError> {
    let name = name.to_string_lossy();
    let Some(found) = plugins::find(&name, &app.environment) else {
        let error = CliError::usage(format!("unknown command or plugin `{}`", name.escape_debug())).stating();
        if let Some(command) = meant(&name) {
            return Err(error.with_hint(format!("run: {command}")));
        }
        let plugins = plugins::find_all(&app.environment).into_iter().map(|plugin| plugin.name);
        let known: Vec<_> = built_in(app).into_iter().chain(plugins).collect();
        return Err(suggest(error, &name, known.iter().map(String::as_str)));
    };
    for (path, problem) in &found.skipped {
        app.printer.warning(&format!("{} is not run: {}", path.display(), problem.text));
    }
    let Some(problem) = &found.problem else { return Ok(found) };
    let error = CliError::config(format!("run the plugin {name} ({}): {}", found.path.display(), problem.text));
    Err(match &problem.hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    })
}

/// The command that is meant by a command of another program.
fn meant(name: &str) -> Option<&'static str> {
    Some(match name {
        "login" => "optimize auth login",
        "logout" => "optimize auth logout",
        "status" | "whoami" => "optimize auth status",
        "token" => "optimize auth token",
        "doctor" | "check" => "optimize auth doctor",
        "switch" | "use" => "optimize auth switch PROFILE",
        "profile" | "profiles" => "optimize config profiles",
        "init" | "configure" | "setup" => "optimize config init",
        "set" => "optimize config set SETTING VALUE",
        "get" => "optimize config get SETTING",
        "data" => "optimize report data ID",
        "list" | "ls" => "optimize report list --collection ID",
        "delete" | "rm" => "optimize report delete ID",
        "ingest" => "optimize variable ingest FILE",
        "label" | "labels" => "optimize variable label set",
        "share" => "optimize sharing enable",
        "ping" | "health" => "optimize ready",
        "version" => "optimize --version",
        _ => return None,
    })
}

/// The plugin of this name, whether or not it may be run.
fn found(name: &str, app: &App) -> Result<Found, CliError> {
    plugins::find(name, &app.environment).ok_or_else(|| {
        let error = CliError::config(format!("unknown plugin `{}`", name.escape_debug())).stating();
        let known: Vec<_> = plugins::find_all(&app.environment).into_iter().map(|plugin| plugin.name).collect();
        suggest(error, name, known.iter().map(String::as_str))
    })
}
