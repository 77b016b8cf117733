//! Programs that extend this one.

mod test_credential;

use clap::Subcommand;

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    TestCredential(test_credential::TestCredential),
}

impl Plugin {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::TestCredential(command) => command.run(app).await,
        }
    }
}
