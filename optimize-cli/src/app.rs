//! What commands work with: settings, and connections that are made when they are first needed.

mod ask;
mod auth_summary;
mod explain;
mod proxy;

use std::sync::Arc;
use std::time::Duration;

use optimize_api::Client;
use optimize_auth::{
    AuthError, Cached, ClientAuth, ClientAuthMethod, ClientCredentials, Credentials, ServiceUrl, Token,
};
use tokio::sync::OnceCell;

use crate::config::{DEFAULT_TIMEOUT, Draft, Occasion, Overrides, Settings};
use crate::embedded::{self, Sandbox};
use crate::env_vars::Environment;
use crate::error::CliError;
use crate::flags::GlobalArgs;
use crate::output::Screen;
use crate::printer::Printer;
use crate::prompt::Terminal;
use crate::summary::Tally;
use crate::supervisor;

pub(crate) use ask::plugin_that_asks;

/// How long a run waits at its end for a token that it does not need itself.
const LONGEST_SETTLING: Duration = Duration::from_secs(5);

/// How the program calls itself in requests.
pub(crate) const USER_AGENT: &str = concat!("optimize-cli/", env!("CARGO_PKG_VERSION"));

/// The context of one run.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) printer: Printer,
    pub(crate) environment: Environment,
    pub(crate) flags: GlobalArgs,
    /// All commands of the program, for those that describe the others.
    pub(crate) commands: fn() -> clap::Command,
    /// What is counted for the summary.
    pub(crate) tally: Arc<Tally>,
    timeout: Option<Duration>,
    sandbox: OnceCell<Sandbox>,
    credentials: OnceCell<Credentials>,
}

impl App {
    pub(crate) fn new(
        settings: Settings,
        printer: Printer,
        environment: Environment,
        flags: GlobalArgs,
        commands: fn() -> clap::Command,
    ) -> Self {
        let settings = settings.with_user_agent(USER_AGENT);
        let timeout = settings.timeout().or(flags.timeout);
        let environment = environment.with_secrets(&settings.secret_variables);
        Self {
            settings,
            printer,
            environment,
            flags,
            commands,
            tally: Arc::default(),
            timeout,
            sandbox: OnceCell::new(),
            credentials: OnceCell::new(),
        }
    }

    /// The same, counting what happens in this tally.
    pub(crate) fn counting(self, tally: Arc<Tally>) -> Self {
        Self { tally, ..self }
    }

    /// What the run knows of its screen, and of the columns to show.
    pub(crate) fn screen(&self) -> Screen<'_> {
        Screen {
            printer: self.printer,
            environment: &self.environment,
            columns: &self.flags.columns,
            are_columns_optional: self.flags.columns_optional,
            is_format_asked: self.flags.output.is_some(),
            tally: &self.tally,
        }
    }

    /// How long one request may take, or for `ready --wait` the waiting.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(DEFAULT_TIMEOUT))
    }

    /// The base URL of the server.
    pub(crate) async fn base_url(&self) -> Result<ServiceUrl, CliError> {
        let url = self.server().await?;
        self.warn_if_insecure(&url);
        self.check_proxy(&url)?;
        Ok(url)
    }

    /// The base URL as it is used, if there is one.
    pub(crate) async fn shown_base_url(&self) -> Option<String> {
        self.server().await.ok().map(|url| url.to_string())
    }

    /// What stands before an id in the address of its page in the server's user interface.
    pub(crate) async fn page_of(&self, noun: &str) -> Result<String, CliError> {
        let url = self.server().await?.to_string();
        Ok(format!("{}/#/{noun}/", url.trim_end_matches('/')))
    }

    async fn server(&self) -> Result<ServiceUrl, CliError> {
        match self.sandbox().await? {
            Some(sandbox) => own_url(&sandbox.base_url()),
            None => Ok(self.settings.base_url()?),
        }
    }

    /// A client with credentials.
    pub(crate) async fn client(&self) -> Result<Client, CliError> {
        let base_url = self.base_url().await?;
        let credentials = self.credentials().await?;
        let builder = Client::builder(base_url).credentials(credentials).observer(self.tally.clone());
        Ok(builder.http(self.settings.http()?).timeout(self.timeout()).build()?)
    }

    /// A client without credentials, for readiness.
    pub(crate) async fn anonymous_client(&self, timeout: Duration) -> Result<Client, CliError> {
        let base_url = self.base_url().await?;
        let builder = Client::builder(base_url).observer(self.tally.clone());
        Ok(builder.http(self.settings.http()?).timeout(timeout).build()?)
    }

    /// What authenticates requests.
    pub(crate) async fn credentials(&self) -> Result<Credentials, CliError> {
        let credentials = self.credentials.get_or_try_init(|| async {
            if let Some(sandbox) = self.sandbox().await? {
                let proof = ClientAuth::Post(sandbox.client_secret().to_owned().into());
                let source = ClientCredentials::new(own_url(&sandbox.token_url())?, sandbox.client_id(), proof);
                let cached = Cached::new(source.with_audience(sandbox.audience()));
                return Ok(cached.with_observer(self.tally.clone()).into());
            }
            for url in [self.settings.token_url(), self.settings.issuer_url()].into_iter().flatten().flatten() {
                self.warn_if_insecure(&url);
                self.check_proxy(&url)?;
            }
            Ok::<_, CliError>(self.settings.credentials(&self.occasion())?)
        });
        credentials.await.cloned()
    }

    /// A token, within the time that one request may take.
    pub(crate) async fn token(&self) -> Result<Token, CliError> {
        Ok(self.token_or_refusal(&self.credentials().await?).await??)
    }

    /// The same of these credentials; what keeps them from a token is separate from a wait that is over.
    pub(crate) async fn token_or_refusal(
        &self,
        credentials: &Credentials,
    ) -> Result<Result<Token, AuthError>, CliError> {
        let late = |_| CliError::not_ready(format!("get a token: none arrived within {:?}", self.timeout()));
        tokio::time::timeout(self.timeout(), credentials.token()).await.map_err(late)
    }

    /// Credentials of a client that authenticates in this way.
    pub(crate) fn credentials_by(&self, client_auth: ClientAuthMethod) -> Result<Credentials, CliError> {
        Ok(self.settings.with_client_auth(client_auth)?.credentials(&self.occasion())?)
    }

    pub(crate) fn occasion(&self) -> Occasion<'_> {
        Occasion {
            environment: &self.environment,
            timeout: self.timeout,
            is_interactive: self.is_interactive(),
            supervisor: supervisor::prefix,
            observer: Some(self.tally.clone()),
            ask_secret: Some(|name| Ok(Terminal::open().and_then(|mut terminal| terminal.ask_secret(name))?)),
        }
    }

    /// The same run with the settings of a profile that is being set up.
    pub(crate) fn trial(&self, profile: &str, draft: &Draft) -> Result<Self, CliError> {
        Ok(Self {
            settings: draft.settings(profile, &self.environment)?.with_user_agent(USER_AGENT),
            printer: self.printer,
            environment: self.environment.clone(),
            flags: self.flags.clone(),
            commands: self.commands,
            tally: self.tally.clone(),
            timeout: self.timeout,
            sandbox: OnceCell::new(),
            credentials: OnceCell::new(),
        })
    }

    /// The same run with another profile.
    pub(crate) fn with_profile(&self, profile: &str) -> Result<Self, CliError> {
        let overrides = Overrides { profile: Some(profile.to_owned()), ..self.flags.overrides() };
        let settings = Settings::load(&overrides, &self.environment, false)?;
        let app = Self::new(settings, self.printer, self.environment.clone(), self.flags.clone(), self.commands);
        Ok(app.counting(self.tally.clone()))
    }

    /// Lets a refresh in the background end, so that its token is not lost for the next run.
    pub(crate) async fn settle(&self) {
        if let Some(credentials) = self.credentials.get() {
            credentials.settle(LONGEST_SETTLING).await;
        }
    }

    async fn sandbox(&self) -> Result<Option<&Sandbox>, CliError> {
        if !self.settings.sandbox {
            return Ok(None);
        }
        self.sandbox.get_or_try_init(embedded::start).await.map(Some)
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
