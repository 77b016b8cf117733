//! Sources by name and settings, for hosts that read them from a configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use crate::error::{AuthError, AuthErrorKind};
use crate::http::HttpOptions;
use crate::source::TokenSource;
use crate::words::nearest;

mod builtin;
mod settings;

pub use builtin::BuiltinStrategy;
pub use settings::StrategySettings;

/// What sources are built with, whatever their settings are.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BuildContext {
    /// How connections are made.
    pub http: HttpOptions,
    /// How long one token request may take. Default 30 s.
    pub timeout: Option<Duration>,
    /// The base URL of the API, for credential helpers.
    pub base_url: Option<String>,
    /// The profile in use, for credential helpers.
    pub profile: Option<String>,
    /// The environment of credential helpers. Default empty.
    pub helper_environment: Vec<(String, String)>,
    /// What runs credential helpers and ends what they leave behind; see
    /// [`Helper::with_supervisor`](crate::exec::Helper::with_supervisor). Default nothing.
    pub helper_supervisor: Vec<String>,
    /// Whether the user can be asked.
    pub is_interactive: bool,
    /// Whether plain http to other machines is permitted.
    pub allows_insecure_http: bool,
}

type Factory = dyn Fn(&mut StrategySettings, &BuildContext, &StrategyRegistry) -> Result<Box<dyn TokenSource>, AuthError>
    + Send
    + Sync;

/// Maps the name of a strategy to what builds its source.
///
/// An object that a program makes, not a global. A registered strategy gets the cache, the stores and the redaction of
/// the built-in ones by being put into [`Credentials`](crate::Credentials) like them.
///
/// ```
/// use optimize_auth::{BuildContext, Credentials, StrategyRegistry, StrategySettings};
///
/// let settings = StrategySettings::new("client-credentials")
///     .with_text("token_url", "https://login.example.com/oauth/token")
///     .with_text("client_id", "my-client")
///     .with_secret("client_secret", "my-secret".into());
/// let source = StrategyRegistry::default().build(settings, &BuildContext::default())?;
/// let credentials = Credentials::new(source);
/// # drop(credentials);
/// # Ok::<(), optimize_auth::AuthError>(())
/// ```
pub struct StrategyRegistry {
    factories: BTreeMap<String, Box<Factory>>,
}

impl Default for StrategyRegistry {
    /// Every [`BuiltinStrategy`].
    fn default() -> Self {
        let mut registry = Self { factories: BTreeMap::new() };
        builtin::add_to(&mut registry);
        registry
    }
}

impl StrategyRegistry {
    /// Adds a strategy. `build` takes its settings by name; what it leaves is an unknown setting, and an error.
    ///
    /// Fails if the name is taken.
    pub fn register<S: TokenSource + 'static>(
        &mut self,
        name: impl Into<String>,
        build: impl Fn(&mut StrategySettings, &BuildContext) -> Result<S, AuthError> + Send + Sync + 'static,
    ) -> Result<(), AuthError> {
        let name = name.into();
        if self.factories.contains_key(&name) {
            let message = format!("register the strategy `{name}`: the name is taken");
            return Err(AuthError::new(AuthErrorKind::InvalidInput, message));
        }
        self.insert(&name, move |settings, context, _| Ok(Box::new(build(settings, context)?)));
        Ok(())
    }

    fn insert(
        &mut self,
        name: &str,
        build: impl Fn(&mut StrategySettings, &BuildContext, &Self) -> Result<Box<dyn TokenSource>, AuthError>
        + Send
        + Sync
        + 'static,
    ) {
        self.factories.insert(name.to_owned(), Box::new(build));
    }

    /// The names of all strategies, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.factories.keys().map(String::as_str)
    }

    /// Builds a source from a serde value: an object with `strategy` and that strategy's settings.
    ///
    /// A secret is a text, or `{"file": "PATH"}`. Errors name the setting, and never its value.
    pub fn build_value(&self, value: Value, context: &BuildContext) -> Result<Box<dyn TokenSource>, AuthError> {
        self.build(StrategySettings::from_value(value)?, context)
    }

    /// Builds a source. A setting that the strategy does not know is an error, so that none is ignored in silence.
    pub fn build(
        &self,
        mut settings: StrategySettings,
        context: &BuildContext,
    ) -> Result<Box<dyn TokenSource>, AuthError> {
        let name = settings.required_text("strategy")?;
        let Some(factory) = self.factories.get(&name) else {
            let known = self.names().collect::<Vec<_>>().join(", ");
            let nearest = nearest(&name, self.names()).map(|name| format!("; did you mean `{name}`?"));
            let problem = format!("there is no such strategy; known: {known}{}", nearest.unwrap_or_default());
            return Err(AuthError::invalid_setting("strategy", &problem));
        };
        let source = factory(&mut settings, context, self)?;
        settings.finish(&name)?;
        Ok(source)
    }
}

impl fmt::Debug for StrategyRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.factories.keys()).finish()
    }
}

/// A secret in a file, or one that is already at hand.
pub(crate) enum SecretSetting {
    Here(SecretString),
    File(std::path::PathBuf),
}
