use std::time::SystemTime;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use optimize_auth::{Clock, SystemClock};
use secrecy::ExposeSecret;
use serde_json::json;

use super::check_plugin;
use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

/// Print a token
#[derive(Args, Debug)]
pub(crate) struct Token {
    /// How to print it
    #[arg(long, value_enum, default_value = "raw")]
    format: TokenFormat,
    /// Get a new token even if there is one in the cache
    #[arg(long)]
    refresh: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TokenFormat {
    /// The token alone
    Raw,
    /// A header line, as curl reads it with -H @-
    Header,
    /// `access_token`, `token_type`, `expires_in` (seconds from now) and `scope`
    Json,
    /// An `ExecCredential` of Kubernetes
    ExecCredential,
}

impl Token {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        check_plugin(app)?;
        let credentials = app.credentials().await?;
        if self.refresh {
            credentials.forget();
        }
        let token = credentials.token().await?;
        let secret = token.secret().expose_secret();
        let Some((name, value)) = token.as_header() else {
            return Err(CliError::config("print a token: the strategy `none` has none"));
        };
        if !token.is_bearer() && !matches!(self.format, TokenFormat::Header) {
            let problem = format!("print a token: the credential is the header {name}, not a bearer token");
            return Err(CliError::config(problem).with_hint("print it with --format header"));
        }
        let text = match self.format {
            TokenFormat::Raw => token.secret().clone(),
            TokenFormat::Header if token.is_bearer() => format!("Authorization: Bearer {secret}").into(),
            TokenFormat::Header => format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())).into(),
            TokenFormat::Json => {
                let left = token.expires_at().map(|end| end.duration_since(now()).unwrap_or_default().as_secs());
                let answer = json!({
                    "access_token": secret, "token_type": "Bearer", "expires_in": left, "scope": token.scope(),
                });
                answer.to_string().into()
            }
            TokenFormat::ExecCredential => {
                let end = token.expires_at().and_then(|end| Timestamp::try_from(end).ok());
                let end = end.map(|end| end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
                let credential = json!({
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "kind": "ExecCredential",
                    "status": { "token": secret, "expirationTimestamp": end },
                });
                credential.to_string().into()
            }
        };
        Ok(Outcome::Text(text))
    }
}

fn now() -> SystemTime {
    SystemClock.wall()
}
