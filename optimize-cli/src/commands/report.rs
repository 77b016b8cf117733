//! Reports.

mod data;
mod list;

use clap::Subcommand;

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    Data(data::ReportData),
    #[command(visible_alias = "ls")]
    List(list::List),
}

impl Report {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Data(command) => command.run(app).await,
            Self::List(command) => command.run(app).await,
        }
    }
}
