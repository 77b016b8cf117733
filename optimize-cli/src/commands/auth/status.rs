use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{check_accepted, shown};
use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome};

/// Show which credentials are used, where they are set, and the claims of the cached token
#[derive(Args, Debug)]
pub(crate) struct Status {
    /// Get a token if none is cached, and check that the server accepts it
    #[arg(long)]
    check: bool,
}

impl Status {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let auth = app.auth_summary().await?;
        let cache = app.settings.token_cache().to_string();
        let mut record = json!({
            "profile": app.settings.profile,
            "base_url": app.shown_base_url().await,
            "strategy": auth.strategy,
            "source": auth.source,
            "client_id": auth.client_id,
            "token_url": auth.token_url,
            "issuer": auth.issuer,
            "audience": auth.audience,
            "scope": app.settings.scope()?,
            "resource": app.settings.resource()?,
            "token_cache": if app.settings.sandbox { "off" } else { &cache },
        });
        let token = if self.check {
            Some(app.token().await?)
        } else {
            // Credentials that cannot be used are reported by --check, and by every command that needs them.
            match app.credentials().await {
                Ok(credentials) => credentials.cached_token().await,
                Err(_) => None,
            }
        };
        if let Some(token) = &token {
            let end = token.expires_at().and_then(|end| Timestamp::try_from(end).ok());
            record["expires_at"] = end.map(|end| end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).into();
            record["claims"] = token.claims().as_ref().map_or(Value::Null, shown);
        }
        if self.check {
            check_accepted(app).await?;
            record["accepted"] = Value::Bool(true);
        }
        Ok(Outcome::Data(Data::record(&record)))
    }
}
