//! Tokens.

mod doctor;
mod helper;
mod login;
mod logout;
mod status;
mod switch;
mod token;

pub(crate) use login::Login;
pub(crate) use switch::Switch;

use clap::Subcommand;
use optimize_auth::Claims;
use serde_json::{Value, json};

use crate::app::App;
use crate::config::TrustStore;
use crate::env_vars::PLUGIN_NAME;
use crate::error::CliError;
use crate::output::Outcome;
use crate::{plugins, sha256, text};

#[derive(Debug, Subcommand)]
pub(crate) enum Auth {
    Doctor(doctor::Doctor),
    Helper(helper::Helper),
    /// List the profiles
    #[command(visible_alias = "ls")]
    List,
    Login(Box<Login>),
    Logout(logout::Logout),
    Status(status::Status),
    Switch(Switch),
    Token(token::Token),
}

impl Auth {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Doctor(command) => command.run(app).await,
            Self::Helper(command) => command.run(app).await,
            Self::List => super::config::profiles(app),
            Self::Login(command) => command.run(app).await,
            Self::Logout(command) => command.run(app).await,
            Self::Status(command) => command.run(app).await,
            Self::Switch(command) => command.run(app),
            Self::Token(command) => command.run(app).await,
        }
    }
}

/// A collection that does not exist lists nothing, so listing it tests a token and reads no data.
const NO_COLLECTION: &str = "optimize-auth-status";

/// Asks the server whether it accepts the token.
async fn check_accepted(app: &App) -> Result<(), CliError> {
    app.client().await?.reports().list(NO_COLLECTION).await?;
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

/// A plugin gets no token unless the user has said so. It is least privilege between programs of one user, not a
/// security boundary: a plugin can hide that it is one.
fn check_plugin(app: &App) -> Result<(), CliError> {
    let Some(name) = app.environment.raw(PLUGIN_NAME) else { return Ok(()) };
    let name = name.to_string_lossy();
    let plugin = plugins::find(&name, &app.environment);
    let sha256 = plugin.and_then(|plugin| sha256::of_file(&plugin.path).ok()).unwrap_or_default();
    if TrustStore::read(&app.environment)?.trusts_with_token(&name, &sha256) {
        return Ok(());
    }
    let command = text::command_line(["optimize", "plugin", "trust", &name, "--token"]);
    Err(CliError::untrusted(format!("hand out a token: the plugin {name} asks for it and is not trusted with one"))
        .with_hint(format!("if you trust it as it is now: {command}")))
}
