//! Dashboards.

use clap::Subcommand;

use super::entities::{Delete, Export, Kind, List};
use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Dashboard {
    /// Delete dashboards; their reports stay
    #[command(visible_alias = "rm")]
    Delete(Delete),
    /// Print the definitions of dashboards and their reports, byte for byte as the server sends them
    Export(Export),
    /// List the ids of the dashboards in a collection
    #[command(visible_alias = "ls")]
    List(List),
}

impl Dashboard {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Delete(command) => command.run(Kind::Dashboard, app).await,
            Self::Export(command) => command.run(Kind::Dashboard, app).await,
            Self::List(command) => command.run(Kind::Dashboard, app).await,
        }
    }
}
