//! The commands. Each says what it comes to; none prints.

mod auth;
mod dashboard;
mod plugin;
mod ready;
mod report;
mod sandbox;

use clap::Subcommand;

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tokens: get one, or see how they are got
    #[command(subcommand)]
    Auth(auth::Auth),
    /// Dashboards
    #[command(subcommand, visible_alias = "dashboards")]
    Dashboard(dashboard::Dashboard),
    /// Programs that extend this one
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Ask whether the server can serve requests
    Ready(ready::Ready),
    /// Reports and their data
    #[command(subcommand, visible_alias = "reports")]
    Report(report::Report),
    /// The embedded server
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
}

impl Command {
    /// Whether the profile that was named need not exist yet.
    pub(crate) fn sets_up_a_profile(&self) -> bool {
        matches!(self, Self::Auth(auth::Auth::Login(_)))
    }

    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Auth(command) => command.run(app).await,
            Self::Dashboard(command) => command.run(app).await,
            Self::Plugin(command) => command.run(app).await,
            Self::Ready(command) => command.run(app).await,
            Self::Report(command) => command.run(app).await,
            Self::Sandbox(command) => command.run(app).await,
        }
    }
}
