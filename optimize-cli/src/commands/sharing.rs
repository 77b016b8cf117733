//! Sharing of reports and dashboards.

use clap::Subcommand;

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Sharing {
    /// Turn sharing off; existing links work again when it is turned on
    Disable,
    /// Turn sharing on; this overrides the server's configuration file
    Enable,
}

impl Sharing {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let client = app.client().await?;
        match self {
            Self::Disable => client.sharing().disable().await?,
            Self::Enable => client.sharing().enable().await?,
        }
        app.printer.remark(match self {
            Self::Disable => "sharing is disabled",
            Self::Enable => "sharing is enabled",
        });
        Ok(Outcome::Done)
    }
}
