//! The commands. Each returns its result; none prints.

mod api;
mod auth;
mod collection;
mod completion;
mod config;
mod dashboard;
mod data;
mod definitions;
mod entities;
mod event;
mod export;
mod id;
mod import;
mod journal;
mod man;
mod plugin;
mod process_definition;
mod ready;
mod report;
#[cfg(feature = "sandbox")]
mod sandbox;
mod sharing;
mod variable;
mod verify;

pub(crate) use entities::list_known;
#[cfg(fuzzing)]
pub(crate) use optimize_definitions::check_definitions;

use std::ffi::OsString;

use clap::Subcommand;

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;
use crate::plugins::Found;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Api(api::Api),
    /// Log in, check the connection, print a token
    #[command(subcommand)]
    Auth(auth::Auth),
    /// Collections (8.7 and later)
    #[command(subcommand, visible_alias = "collections")]
    Collection(collection::Collection),
    Completion(completion::Completion),
    /// Configuration: files, profiles and settings
    #[command(subcommand)]
    Config(config::Config),
    /// Dashboards
    #[command(subcommand, visible_alias = "dashboards")]
    Dashboard(dashboard::Dashboard),
    /// Files of rows
    #[command(subcommand)]
    Data(data::Data),
    /// Reports and dashboards as files in git: pull, diff, plan, apply
    #[command(subcommand, visible_alias = "defs")]
    Definitions(definitions::DefinitionsCommand),
    /// External events (Camunda 7 only)
    #[command(subcommand, visible_alias = "events")]
    Event(event::Event),
    Export(export::Export),
    Import(import::Import),
    /// Journals of ingestions
    #[command(subcommand)]
    Journal(journal::Journal),
    Man(man::ManPages),
    /// Plugins
    #[command(subcommand, visible_alias = "plugins")]
    Plugin(plugin::Plugin),
    /// Imported data of process definitions (8.10 and later)
    #[command(subcommand, visible_alias = "process-definitions")]
    ProcessDefinition(process_definition::ProcessDefinition),
    Ready(ready::Ready),
    /// Reports and their data
    #[command(subcommand, visible_alias = "reports")]
    Report(report::Report),
    /// The embedded server
    #[cfg(feature = "sandbox")]
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
    /// Sharing of reports and dashboards
    #[command(subcommand)]
    Sharing(sharing::Sharing),
    /// External variables, and labels of variables
    #[command(subcommand, visible_alias = "variables")]
    Variable(variable::Variable),
    Verify(verify::Verify),
    /// A plugin: its name and its arguments
    #[command(external_subcommand)]
    External(Vec<OsString>),
}

impl Command {
    /// Whether the profile that was named need not exist yet.
    pub(crate) fn sets_up_a_profile(&self) -> bool {
        matches!(self, Self::Auth(auth::Auth::Login(_)) | Self::Config(config::Config::Init(_)))
    }

    /// Whether it does its work even if the configuration cannot be read.
    pub(crate) fn needs_no_settings(&self) -> bool {
        use config::Config;
        matches!(
            self,
            Self::Completion(_)
                | Self::Man(_)
                | Self::Auth(auth::Auth::List | auth::Auth::Switch(_))
                | Self::Config(
                    Config::Path
                        | Config::Profiles
                        | Config::Schema
                        | Config::Set(_)
                        | Config::Trust(_)
                        | Config::Use(_)
                        | Config::Validate
                )
        )
    }

    /// The plugin to run, and its arguments.
    pub(crate) fn plugin(&self, app: &App) -> Result<Option<(Found, &[OsString])>, CliError> {
        match self {
            Self::External(words) => {
                let Some((name, arguments)) = words.split_first() else { return Ok(None) };
                plugin::to_run(name, app).map(|plugin| Some((plugin, arguments)))
            }
            Self::Plugin(plugin::Plugin::Exec(exec)) => {
                plugin::to_run(exec.name.as_ref(), app).map(|plugin| Some((plugin, exec.arguments.as_slice())))
            }
            _ => Ok(None),
        }
    }

    /// Whether it changes something at the server without a question of its own.
    fn changes_unasked(&self) -> bool {
        match self {
            Self::Api(command) => command.changes(),
            Self::Collection(command) => command.changes(),
            Self::Import(command) => command.changes(),
            Self::Event(command) => command.changes(),
            Self::Variable(command) => command.changes(),
            Self::Sharing(_) => true,
            _ => false,
        }
    }

    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        if self.changes_unasked() && app.settings.is_protected() && !app.settings.sandbox {
            let profile = app.settings.profile.as_deref().unwrap_or("default");
            let server = app.shown_base_url().await.unwrap_or_default();
            app.confirm(&format!("The profile {profile} is protected. Change something at {server}?"))?;
        }
        match self {
            Self::Api(command) => command.run(app).await,
            Self::Auth(command) => command.run(app).await,
            Self::Collection(command) => command.run(app).await,
            Self::Completion(command) => command.run(),
            Self::Config(command) => command.run(app).await,
            Self::Dashboard(command) => command.run(app).await,
            Self::Data(command) => Ok(command.run()),
            Self::Definitions(command) => command.run(app).await,
            Self::Event(command) => command.run(app).await,
            Self::Export(command) => command.run(app).await,
            Self::Import(command) => command.run(app).await,
            Self::Journal(command) => command.run(app),
            Self::Man(command) => command.run(app),
            Self::Plugin(command) => command.run(app).await,
            Self::ProcessDefinition(command) => command.run(app).await,
            Self::Ready(command) => command.run(app).await,
            Self::Report(command) => command.run(app).await,
            #[cfg(feature = "sandbox")]
            Self::Sandbox(command) => command.run(app).await,
            Self::Sharing(command) => command.run(app).await,
            Self::Variable(command) => command.run(app).await,
            Self::Verify(command) => command.run(app).await,
            Self::External(_) => Ok(Outcome::Done),
        }
    }
}
