//! Tokens.

mod status;
mod token;

use clap::Subcommand;

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Auth {
    Status(status::Status),
    Token(token::Token),
}

impl Auth {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Status(command) => command.run(app).await,
            Self::Token(command) => command.run(app).await,
        }
    }
}
