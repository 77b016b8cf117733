//! A ready client from what the user has configured.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use optimize_api::{Client, ClientBuilder};
use optimize_auth::{Credentials, Observer};

use crate::auth::Occasion;
use crate::env_vars::Environment;
use crate::error::Error;
use crate::overrides::Overrides;
use crate::settings::Settings;

/// A client with the settings that `optimize` itself would use: the same files, variables and profile.
///
/// The same as [`Options::default()`](Options) and [`client`](Options::client).
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = optimize_config::client().await?;
/// println!("{} collections", client.collections().list().await?.len());
/// # Ok(())
/// # }
/// ```
pub async fn client() -> Result<Client, Error> {
    Options::default().client().await
}

/// Which configuration is read. The default is that of the command line without a flag.
///
/// Files are read, programs for secrets run and secrets resolved on a thread for blocking work, so that no worker of the
/// runtime waits. Nothing is sent.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use optimize_config::{Environment, Options};
///
/// let variables = [("OPTIMIZE_BASE_URL", "https://optimize.example"), ("OPTIMIZE_TOKEN", "shared-secret")];
/// let environment = Environment::new(variables.map(|(name, value)| (name.into(), value.into())));
/// assert!(Options::default().with_environment(environment).client().await.is_ok());
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use = "it reads nothing until a client or credentials are requested"]
pub struct Options {
    overrides: Overrides,
    environment: Option<Environment>,
    user_agent: Option<String>,
    observer: Option<Arc<dyn Observer>>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("overrides", &self.overrides)
            .field("environment", &self.environment)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// The profile to use instead of `OPTIMIZE_PROFILE` and the file's `default_profile`. One that no file has is an error
    /// that names the known ones.
    pub fn with_profile(mut self, profile: impl Into<String>) -> Self {
        self.overrides.profile = Some(profile.into());
        self
    }

    /// A further configuration file, instead of the one in `OPTIMIZE_CONFIG`; it has priority over the user's. Naming it here
    /// makes it trusted: it may decide where secrets go and which programs run.
    pub fn with_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.overrides.config = Some(path.into());
        self.overrides.trust_config = true;
        self
    }

    /// The environment to read instead of the process's own. For tests, and for programs with variables of their own.
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// The `User-Agent` of all requests; `optimize-config/VERSION` by default.
    pub fn with_user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// What is called after each request, and after each token. Default none.
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// A client with everything that is configured: server, credentials, TLS, time limit.
    pub async fn client(self) -> Result<Client, Error> {
        let builder = self.client_builder().await?;
        builder.build().map_err(|error| Error::config(format!("build the client: {error}")))
    }

    /// The same before it is built, for a retry policy, an observer or another setting of the program.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use optimize_api::RetryPolicy;
    ///
    /// let builder = optimize_config::Options::default().with_profile("staging").client_builder().await?;
    /// let client = builder.retry(RetryPolicy::default().with_attempts(1)).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn client_builder(self) -> Result<ClientBuilder, Error> {
        self.read(|settings, occasion| {
            let base_url = settings.base_url()?;
            if base_url.is_insecure() {
                tracing::warn!(
                    "{base_url} is plain http: others on the network can read what is sent, credentials too"
                );
            }
            let builder = Client::builder(base_url).credentials(settings.credentials(occasion)?);
            let builder = match &occasion.observer {
                Some(observer) => builder.observer(observer.clone()),
                None => builder,
            };
            Ok(builder.http(settings.http()?).timeout(occasion.limit()))
        })
        .await
    }

    /// The credentials alone, for another client.
    pub async fn credentials(self) -> Result<Credentials, Error> {
        self.read(Settings::credentials).await
    }

    async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(&Settings, &Occasion<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let reading = tokio::task::spawn_blocking(move || {
            let environment = self.environment.unwrap_or_else(Environment::of_this_process);
            let mut settings = Settings::load(&self.overrides, &environment, false)?;
            if settings.sandbox {
                return Err(Error::config("the profile `sandbox` is the embedded server of the command line")
                    .stating()
                    .with_hint("choose another profile, or start a server with the crate optimize-sandbox"));
            }
            settings.user_agent = self.user_agent;
            let environment = environment.with_secrets(&settings.secret_variables);
            let occasion = Occasion::of_a_program(&environment, settings.timeout());
            work(&settings, &Occasion { observer: self.observer, ..occasion })
        });
        match reading.await {
            Ok(read) => read,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Error::config("read the configuration: the runtime is shutting down")),
        }
    }
}
