//! What commands work with: settings, and connections that are made when they are first needed.

use std::time::Duration;

use optimize_api::{Client, ErrorKind};
use optimize_auth::{ClientCredentials, Credentials, ServiceUrl};
use optimize_sandbox::Sandbox;
use tokio::sync::OnceCell;

use crate::config::{SANDBOX_PROFILE, Settings, Strategy};
use crate::env_vars::Environment;
use crate::error::CliError;
use crate::printer::Printer;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The context of one run.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) printer: Printer,
    environment: Environment,
    timeout: Option<Duration>,
    sandbox: OnceCell<Sandbox>,
    credentials: OnceCell<Credentials>,
}

/// How the program authenticates, without any secret.
#[derive(Debug)]
pub(crate) struct AuthSummary {
    pub(crate) strategy: &'static str,
    pub(crate) source: String,
    pub(crate) client_id: Option<String>,
    pub(crate) token_url: Option<String>,
    pub(crate) audience: Option<String>,
}

impl App {
    pub(crate) fn new(
        settings: Settings,
        printer: Printer,
        environment: Environment,
        timeout: Option<Duration>,
    ) -> Result<Self, CliError> {
        let timeout = timeout.or(settings.timeout()?);
        Ok(Self { settings, printer, environment, timeout, sandbox: OnceCell::new(), credentials: OnceCell::new() })
    }

    /// How long one request may take, or for `ready --wait` the waiting.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }

    /// The base URL of the server.
    pub(crate) async fn base_url(&self) -> Result<ServiceUrl, CliError> {
        let url = match self.sandbox().await? {
            Some(sandbox) => own_url(&sandbox.base_url())?,
            None => self.settings.base_url()?,
        };
        self.warn_if_insecure(&url);
        Ok(url)
    }

    /// A client with credentials.
    pub(crate) async fn client(&self) -> Result<Client, CliError> {
        let base_url = self.base_url().await?;
        let credentials = self.credentials().await?;
        let builder = Client::builder(base_url).credentials(credentials);
        Ok(builder.http(self.settings.http()?).timeout(self.timeout()).build()?)
    }

    /// A client that can only ask for readiness.
    pub(crate) async fn anonymous_client(&self, timeout: Duration) -> Result<Client, CliError> {
        let base_url = self.base_url().await?;
        Ok(Client::builder(base_url).http(self.settings.http()?).timeout(timeout).build()?)
    }

    /// What authenticates requests.
    pub(crate) async fn credentials(&self) -> Result<Credentials, CliError> {
        let credentials = self.credentials.get_or_try_init(|| async {
            if let Some(sandbox) = self.sandbox().await? {
                let secret = sandbox.client_secret().to_owned().into();
                let source = ClientCredentials::new(own_url(&sandbox.token_url())?, sandbox.client_id(), secret);
                return Ok(Credentials::new(source.with_audience(sandbox.audience())));
            }
            if let Some((Strategy::ClientCredentials, _)) = self.settings.strategy()
                && let Ok(url) = self.settings.token_url()
            {
                self.warn_if_insecure(&url);
            }
            self.settings.credentials(self.timeout, &self.environment)
        });
        credentials.await.cloned()
    }

    /// How the program authenticates.
    pub(crate) async fn auth_summary(&self) -> Result<AuthSummary, CliError> {
        if let Some(sandbox) = self.sandbox().await? {
            return Ok(AuthSummary {
                strategy: "client_credentials",
                source: "embedded server".to_owned(),
                client_id: Some(sandbox.client_id().to_owned()),
                token_url: Some(sandbox.token_url()),
                audience: Some(sandbox.audience().to_owned()),
            });
        }
        let settings = &self.settings;
        Ok(match settings.strategy() {
            None => AuthSummary {
                strategy: "none",
                source: String::new(),
                client_id: None,
                token_url: None,
                audience: None,
            },
            Some((Strategy::StaticToken, source)) => {
                AuthSummary { strategy: "static_token", source, client_id: None, token_url: None, audience: None }
            }
            Some((Strategy::ClientCredentials, source)) => AuthSummary {
                strategy: "client_credentials",
                source,
                client_id: settings.client_id(),
                token_url: Some(settings.token_url()?.to_string()),
                audience: settings.audience(),
            },
        })
    }

    /// Adds what a rejected token's audience tells, since a wrong one is the usual reason.
    pub(crate) fn explain(&self, error: CliError) -> CliError {
        let is_unauthorized = error.api().is_some_and(|api| api.kind() == ErrorKind::Unauthorized);
        let token = self.credentials.get().and_then(Credentials::cached_token);
        let Some(claims) = token.filter(|_| is_unauthorized).and_then(|token| token.claims()) else { return error };
        if claims.audience.is_empty() {
            return error.with_hint(
                "the token names no audience, so the server may not take it for its own; set OPTIMIZE_AUDIENCE",
            );
        }
        let audience = claims.audience.join(", ");
        error.with_hint(format!(
            "the token is for the audience {audience}; is that the server's? if not, set OPTIMIZE_AUDIENCE"
        ))
    }

    async fn sandbox(&self) -> Result<Option<&Sandbox>, CliError> {
        if !self.settings.sandbox {
            return Ok(None);
        }
        let start = || async {
            let failed =
                |error| CliError::io(format!("start the embedded server of the profile `{SANDBOX_PROFILE}`"), error);
            Sandbox::builder().start().await.map_err(failed)
        };
        self.sandbox.get_or_try_init(start).await.map(Some)
    }

    fn warn_if_insecure(&self, url: &ServiceUrl) {
        if url.is_insecure() {
            self.printer
                .warning(&format!("{url} is plain http: others on the network can read what is sent, credentials too"));
        }
    }
}

fn own_url(text: &str) -> Result<ServiceUrl, CliError> {
    ServiceUrl::parse(text).map_err(|error| CliError::config(format!("use the embedded server: {error}")))
}
