use std::time::SystemTime;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use optimize_auth::{Clock, SystemClock};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

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
    /// Get a new token even if one is cached
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
        if self.refresh {
            app.credentials().await?.forget();
        }
        let token = app.token().await?;
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
            TokenFormat::Header if token.is_bearer() => joined(&["Authorization: Bearer ", secret]),
            TokenFormat::Header => joined(&[name.as_str(), ": ", &String::from_utf8_lossy(value.as_bytes())]),
            TokenFormat::Json => {
                let left = token.expires_at().map(|end| end.duration_since(now()).unwrap_or_default().as_secs());
                json(&TokenResponse {
                    access_token: secret,
                    token_type: "Bearer",
                    expires_in: left,
                    scope: token.scope(),
                })?
            }
            TokenFormat::ExecCredential => {
                let end = token.expires_at().and_then(|end| Timestamp::try_from(end).ok());
                let end = end.map(|end| end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
                json(&ExecCredential {
                    api_version: "client.authentication.k8s.io/v1",
                    kind: "ExecCredential",
                    status: ExecCredentialStatus { token: secret, expiration_timestamp: end },
                })?
            }
        };
        Ok(Outcome::Secret(text))
    }
}

#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: Option<u64>,
    scope: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential<'a> {
    api_version: &'static str,
    kind: &'static str,
    status: ExecCredentialStatus<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredentialStatus<'a> {
    token: &'a str,
    expiration_timestamp: Option<String>,
}

/// The JSON text, made in memory that is wiped.
fn json(value: &impl Serialize) -> Result<SecretString, CliError> {
    // Larger than any token, so that growing leaves no copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(128 << 10));
    serde_json::to_writer(&mut *text, value).map_err(|error| CliError::config(format!("print a token: {error}")))?;
    std::str::from_utf8(&text)
        .map(SecretString::from)
        .map_err(|error| CliError::config(format!("print a token: {error}")))
}

fn joined(parts: &[&str]) -> SecretString {
    let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        text.push_str(part);
    }
    text.as_str().into()
}

fn now() -> SystemTime {
    SystemClock.wall()
}
