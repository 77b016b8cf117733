//! Dashboards.

mod list;

use clap::Subcommand;

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Dashboard {
    #[command(visible_alias = "ls")]
    List(list::List),
}

impl Dashboard {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::List(command) => command.run(app).await,
        }
    }
}
