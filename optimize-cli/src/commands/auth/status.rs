use clap::Args;
use jiff::Timestamp;
use optimize_api::CollectionId;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome};

/// Show how tokens are got, and from where that was configured
#[derive(Args, Debug)]
pub(crate) struct Status {
    /// Get a token, show its claims, and ask the server whether it accepts it
    #[arg(long)]
    check: bool,
}

/// A collection that does not exist lists nothing, so asking for it tests the token and reads no data.
const NO_COLLECTION: &str = "optimize-auth-status";

impl Status {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let auth = app.auth_summary().await?;
        let mut record = json!({
            "profile": app.settings.profile,
            "strategy": auth.strategy,
            "source": auth.source,
            "client_id": auth.client_id,
            "token_url": auth.token_url,
            "audience": auth.audience,
            "scope": app.settings.scope(),
            "resource": app.settings.resource(),
        });
        if self.check {
            let token = app.credentials().await?.token().await?;
            record["claims"] = match token.claims() {
                Some(claims) => json!({
                    "aud": claims.audience,
                    "iss": claims.issuer,
                    "scope": claims.scope,
                    "exp": claims.expires_at.and_then(readable),
                }),
                None => Value::Null,
            };
            app.client().await?.reports().list(&CollectionId::from(NO_COLLECTION)).await?;
            record["accepted"] = Value::Bool(true);
        }
        Ok(Outcome::Data(Data::record(&record)))
    }
}

fn readable(seconds: i64) -> Option<String> {
    Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}
