//! What commands work with: settings, and connections that are made when they are first needed.

use std::io::IsTerminal;
use std::time::Duration;

use optimize_api::Client;
use optimize_auth::{
    AuthError, BuiltinStrategy, ClientAuth, ClientAuthMethod, ClientCredentials, Credentials, ServiceUrl, Token,
};
use tokio::sync::OnceCell;

use crate::config::{DEFAULT_TIMEOUT, Draft, Key, Occasion, RequestSource, Settings, asks_for_tokens};
use crate::embedded::{self, Sandbox};
use crate::env_vars::{Environment, PLUGIN_NAME, PROXIES};
use crate::error::CliError;
use crate::flags::GlobalArgs;
use crate::hints::{self, Facts};
use crate::output::check_columns;
use crate::printer::Printer;
use crate::prompt::Terminal;
use crate::text::visible;

/// How long a run waits at its end for a token that it does not need itself.
const LONGEST_SETTLING: Duration = Duration::from_secs(5);

/// The context of one run.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) printer: Printer,
    pub(crate) environment: Environment,
    pub(crate) flags: GlobalArgs,
    /// All commands of the program, for those that tell of the others.
    pub(crate) commands: fn() -> clap::Command,
    timeout: Option<Duration>,
    sandbox: OnceCell<Sandbox>,
    credentials: OnceCell<Credentials>,
}

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
    pub(crate) fn new(
        settings: Settings,
        printer: Printer,
        environment: Environment,
        flags: GlobalArgs,
        commands: fn() -> clap::Command,
    ) -> Self {
        let timeout = settings.timeout().or(flags.timeout);
        let environment = environment.with_secrets(&settings.secret_variables);
        Self {
            settings,
            printer,
            environment,
            flags,
            commands,
            timeout,
            sandbox: OnceCell::new(),
            credentials: OnceCell::new(),
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
            None => self.settings.base_url(),
        }
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
                let proof = ClientAuth::Post(sandbox.client_secret().to_owned().into());
                let source = ClientCredentials::new(own_url(&sandbox.token_url())?, sandbox.client_id(), proof);
                return Ok(Credentials::new(source.with_audience(sandbox.audience())));
            }
            for url in [self.settings.token_url(), self.settings.issuer_url()].into_iter().flatten().flatten() {
                self.warn_if_insecure(&url);
                self.check_proxy(&url)?;
            }
            self.settings.credentials(&self.occasion())
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
        self.settings.with_client_auth(client_auth)?.credentials(&self.occasion())
    }

    pub(crate) fn occasion(&self) -> Occasion<'_> {
        Occasion { environment: &self.environment, timeout: self.timeout, is_interactive: self.is_interactive() }
    }

    /// The same run with the settings of a profile that is being set up.
    pub(crate) fn trial(&self, profile: &str, draft: &Draft) -> Result<Self, CliError> {
        Ok(Self {
            settings: draft.settings(profile, &self.environment)?,
            printer: self.printer,
            environment: self.environment.clone(),
            flags: self.flags.clone(),
            commands: self.commands,
            timeout: self.timeout,
            sandbox: OnceCell::new(),
            credentials: OnceCell::new(),
        })
    }

    /// Whether a person can be asked.
    pub(crate) fn is_interactive(&self) -> bool {
        !self.flags.no_input && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Fails if `--columns` names a column that is not one of `known`. For commands that change something before they
    /// have rows to print.
    pub(crate) fn check_columns(&self, known: &[&str]) -> Result<(), CliError> {
        if self.flags.columns_optional { Ok(()) } else { check_columns(&self.flags.columns, known) }
    }

    /// Asks whether to continue; `--yes` answers yes.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), CliError> {
        if self.flags.yes {
            return Ok(());
        }
        if !self.is_interactive() {
            let problem = format!("ask \"{question}\": standard input or error is no terminal, or --no-input is set");
            return Err(CliError::usage(problem).with_hint("pass --yes if you are sure"));
        }
        if Terminal::open()?.agrees(question)? { Ok(()) } else { Err(CliError::declined()) }
    }

    /// Fails if a plugin asks: what this changes is for a person to decide. A plugin can hide that it is one; see SECURITY.md.
    pub(crate) fn only_for_people(&self, action: &str) -> Result<(), CliError> {
        match plugin_that_asks(&self.environment) {
            Some(name) => {
                Err(CliError::untrusted(format!("{action}: the plugin {name} asks for it, and only a person may")))
            }
            None => Ok(()),
        }
    }

    /// Lets a refresh in the background end, so that its token is not lost for the next run.
    pub(crate) async fn settle(&self) {
        if let Some(credentials) = self.credentials.get() {
            credentials.settle(LONGEST_SETTLING).await;
        }
    }

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
        let of_use = |value: Option<String>| value.filter(|_| asks_for_tokens(strategy));
        Ok(AuthSummary {
            source,
            client_id: of_use(settings.client_id()),
            token_url: of_use(settings.token_url()?.map(|url| url.to_string())),
            issuer: of_use(settings.issuer()?),
            audience: of_use(settings.audience()?),
            strategy: strategy.to_string(),
        })
    }

    /// Adds the known cause of an error and its fix. Failures on the way to the API lead to `optimize auth doctor`.
    pub(crate) fn explain(&self, error: CliError) -> CliError {
        const DOCTOR: &str = "to check each step, run `optimize auth doctor`";
        if error.is_explained() || !hints::is_for_doctor(&error) {
            return self.diagnose(error);
        }
        let error = self.diagnose(error);
        let hint = error.hint().map_or_else(|| DOCTOR.to_owned(), |hint| format!("{hint}; {DOCTOR}"));
        error.explained(Some(hint))
    }

    /// Adds the known cause of an error and its fix.
    pub(crate) fn diagnose(&self, error: CliError) -> CliError {
        if error.is_explained() || error.hint().is_some() {
            return error.explained(None);
        }
        let hint = hints::find(&error, &self.facts());
        error.explained(hint)
    }

    /// What the causes of errors are looked for with.
    pub(crate) fn facts(&self) -> Facts {
        let settings = &self.settings;
        let audience = settings.requested(Key::Audience).ok().flatten();
        Facts {
            base_url: settings.base_url().ok(),
            token_url: settings.token_url().ok().flatten(),
            issuer: settings.issuer().ok().flatten(),
            audience: audience.filter(|audience| audience.source == RequestSource::Setting).map(|set| set.value),
            claims: self.credentials.get().and_then(Credentials::cached_token).and_then(|token| token.claims()),
            proxy: self.proxy(),
        }
    }

    /// The variable of the environment that sets a proxy for https.
    pub(crate) fn proxy(&self) -> Option<&'static str> {
        let is_set = |name: &&str| self.environment.raw(name).is_some_and(|value| !value.is_empty());
        PROXIES.into_iter().find(is_set)
    }

    /// Fails if the proxy's address cannot be read: the HTTP library would do without the proxy.
    fn check_proxy(&self, url: &ServiceUrl) -> Result<(), CliError> {
        let Some(name) = self.proxy().filter(|_| hints::uses_proxy(url)) else { return Ok(()) };
        let value = self.environment.raw(name).and_then(|value| value.to_str()).unwrap_or_default();
        if is_proxy_address(value) {
            return Ok(());
        }
        let hint = hints::filled(&hints::PROXY_ADDRESS, &[("proxy", name)]);
        Err(CliError::config(format!("use the proxy of {name}: its value is not a URL")).with_hint(hint))
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

/// The plugin that has started this program.
pub(crate) fn plugin_that_asks(environment: &Environment) -> Option<String> {
    environment.raw(PLUGIN_NAME).map(|name| visible(&name.to_string_lossy()).into_owned())
}

fn own_url(text: &str) -> Result<ServiceUrl, CliError> {
    ServiceUrl::parse(text).map_err(|error| CliError::config(format!("use the embedded server: {error}")))
}

/// Whether the HTTP library can read it: a URL, or a host and a port, without a character that ends the user name and the
/// password too early.
fn is_proxy_address(text: &str) -> bool {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let authority = with_scheme.split_once("://").map_or("", |(_, rest)| rest);
    let parsed = url::Url::parse(&with_scheme).ok();
    let is_known = parsed.as_ref().is_some_and(|url| {
        url.has_host() && matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h")
    });
    // What stands before an @ is one user name and one password.
    let is_plain = authority.rsplit_once('@').is_none_or(|(user, _)| !user.contains(['@', '/', '?', '#']));
    is_known && is_plain
}

#[cfg(test)]
mod tests {
    use super::is_proxy_address;

    #[test]
    fn the_address_of_a_proxy_is_a_url_with_an_encoded_password() {
        for good in [
            "http://proxy:3128",
            "proxy:3128",
            "http://user:p%40ss%23@proxy:3128/",
            "socks5h://127.0.0.1:1080",
            "https://u:p@[::1]:8080",
        ] {
            assert!(is_proxy_address(good), "{good}");
        }
        for bad in [
            "http://user:p@ss@proxy:3128",
            "http://user:p#ss@proxy:1",
            "http://u:p/w@proxy:1",
            "ftp://proxy",
            "http://",
            "::",
        ] {
            assert!(!is_proxy_address(bad), "{bad}");
        }
    }
}
