//! Tokens.

mod doctor;
mod helper;
mod login;
mod logout;
mod status;
mod token;

pub(crate) use login::Login;

use clap::Subcommand;
use optimize_auth::Claims;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Auth {
    Doctor(doctor::Doctor),
    Helper(helper::Helper),
    Login(Login),
    Logout(logout::Logout),
    Status(status::Status),
    Token(token::Token),
}

impl Auth {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Doctor(command) => command.run(app).await,
            Self::Helper(command) => command.run(app).await,
            Self::Login(command) => command.run(app).await,
            Self::Logout(command) => command.run(app).await,
            Self::Status(command) => command.run(app).await,
            Self::Token(command) => command.run(app).await,
        }
    }
}

/// A collection that does not exist lists nothing, so asking for it tests a token and reads no data.
const NO_COLLECTION: &str = "optimize-auth-status";

/// Asks the server whether it accepts the token.
async fn check_accepted(app: &App) -> Result<(), CliError> {
    app.client().await?.reports().list(&NO_COLLECTION.into()).await?;
    Ok(())
}

fn shown(claims: &Claims) -> Value {
    let end = claims.expires_at.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    json!({
        "aud": claims.audience,
        "iss": claims.issuer,
        "scope": claims.scope,
        "exp": end.map(|time| time.to_string()),
    })
}
