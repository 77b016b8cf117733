//! How the program authenticates, without any secret.

use optimize_auth::BuiltinStrategy;

use super::App;
use crate::config::uses_token_endpoint;
use crate::error::CliError;

/// How the program authenticates, without any secret.
#[derive(Debug)]
pub(crate) struct AuthSummary {
    pub(crate) strategy: String,
    pub(crate) source: String,
    pub(crate) client_id: Option<String>,
    pub(crate) token_url: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<String>,
}

impl App {
    /// How the program authenticates.
    pub(crate) async fn auth_summary(&self) -> Result<AuthSummary, CliError> {
        if let Some(sandbox) = self.sandbox().await? {
            return Ok(AuthSummary {
                strategy: "client-credentials".to_owned(),
                source: "embedded server".to_owned(),
                client_id: Some(sandbox.client_id().to_owned()),
                token_url: Some(sandbox.token_url()),
                issuer: None,
                audience: Some(sandbox.audience().to_owned()),
            });
        }
        let settings = &self.settings;
        let (strategy, source) = settings.strategy().unwrap_or((BuiltinStrategy::None, String::new()));
        let of_use = |value: Option<String>| value.filter(|_| uses_token_endpoint(strategy));
        Ok(AuthSummary {
            source,
            client_id: of_use(settings.client_id()),
            token_url: of_use(settings.token_url()?.map(|url| url.to_string())),
            issuer: of_use(settings.issuer()?),
            audience: of_use(settings.audience()?),
            strategy: strategy.to_string(),
        })
    }
}
