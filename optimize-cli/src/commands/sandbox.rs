//! The embedded server.

mod serve;

use clap::Subcommand;

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    Serve(serve::Serve),
}

impl SandboxCommand {
    pub(crate) async fn run(self, _: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Serve(command) => command.run().await,
        }
    }
}
