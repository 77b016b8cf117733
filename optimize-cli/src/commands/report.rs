//! Reports.

mod data;

use clap::Subcommand;

use super::entities::{Delete, Export, Kind, List};
use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    Data(data::ReportData),
    /// Delete reports, also from the dashboards and combined reports that use them
    #[command(visible_alias = "rm")]
    Delete(Delete),
    /// Print the definitions of reports, byte for byte as the server sends them
    Export(Export),
    /// List the ids of the reports in a collection
    #[command(visible_alias = "ls")]
    List(List),
}

impl Report {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Data(command) => command.run(app).await,
            Self::Delete(command) => command.run(Kind::Report, app).await,
            Self::Export(command) => command.run(Kind::Report, app).await,
            Self::List(command) => command.run(Kind::Report, app).await,
        }
    }
}
