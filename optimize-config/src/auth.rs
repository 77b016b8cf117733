//! From settings to what authenticates requests: the strategy, its preset, its store.

use std::sync::Arc;
use std::time::Duration;

use optimize_auth::{
    AuthError, BuildContext, BuiltinStrategy, Cached, ClientAuthMethod, Credentials, FileStore, Observer,
    StrategyRegistry, StrategySettings,
};
use secrecy::SecretString;

use crate::env_vars::{self, CLIENT, Environment};
use crate::error::Error;
use crate::keys::{Auth, Key};
use crate::layers::Layers;
use crate::setting::{Origin, SecretRef, Setting};
use crate::settings::{DEFAULT_TIMEOUT, Settings};
use crate::types::{Form, Interactive, TokenCachePlace};
use crate::{env_layer, secrets, trust};

/// Strategies that follow from what is set, in the order in which they are looked for.
const IMPLIED: [(Key, BuiltinStrategy); 8] = [
    (Key::Token, BuiltinStrategy::Static),
    (Key::TokenFile, BuiltinStrategy::TokenFile),
    (Key::Command, BuiltinStrategy::Exec),
    (Key::Sources, BuiltinStrategy::Chain),
    (Key::AssertionFile, BuiltinStrategy::ClientAssertion),
    (Key::ClientId, BuiltinStrategy::ClientCredentials),
    (Key::ClientSecret, BuiltinStrategy::ClientCredentials),
    (Key::PrivateKey, BuiltinStrategy::ClientCredentials),
];

/// The secrets that a program may print.
const SECRETS: [Key; 3] = [Key::ClientSecret, Key::PrivateKey, Key::Token];

/// What else a run brings along.
pub struct Occasion<'a> {
    /// The environment variables.
    pub environment: &'a Environment,
    /// How long one request may take, if that is set.
    pub timeout: Option<Duration>,
    /// Whether a person can be asked.
    pub is_interactive: bool,
    /// The words before each program that is started, which end it with this program.
    pub supervisor: fn() -> Vec<String>,
    /// What watches requests for tokens.
    pub observer: Option<Arc<dyn Observer>>,
    /// Asks the person at the terminal for a secret of this name.
    pub ask_secret: Option<AskSecret>,
}

/// Asks the person at the terminal for a secret of this name.
pub type AskSecret = fn(&str) -> Result<SecretString, Box<dyn std::error::Error + Send + Sync>>;

impl<'a> Occasion<'a> {
    /// Of a program that asks nobody, and starts programs as they are.
    pub(crate) fn of_a_program(environment: &'a Environment, timeout: Option<Duration>) -> Self {
        Self { environment, timeout, is_interactive: false, supervisor: Vec::new, observer: None, ask_secret: None }
    }

    /// How long to wait for a secret.
    pub(crate) fn limit(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(DEFAULT_TIMEOUT))
    }
}

impl Settings {
    /// The strategy, and where it was chosen.
    pub fn strategy(&self) -> Option<(BuiltinStrategy, String)> {
        strategy(&self.auth, &self.layers)
    }

    /// What authenticates requests. Secrets are read now; tokens are kept between runs unless the settings disable that.
    pub fn credentials(&self, occasion: &Occasion<'_>) -> Result<Credentials, Error> {
        let Some((strategy, _)) = self.strategy() else {
            let seen = env_layer::unused_credentials(occasion.environment);
            let seen = if seen.is_empty() { String::new() } else { format!("; seen: {}", seen.join(", ")) };
            return Err(Error::config(format!("no credentials are configured{seen}")).stating().with_hint(
                "set OPTIMIZE_CLIENT_ID, OPTIMIZE_CLIENT_SECRET and OPTIMIZE_TOKEN_URL; or OPTIMIZE_TOKEN for a \
                 server with a shared token; or run: optimize auth login",
            ));
        };
        self.check_whole_set(strategy, occasion.environment)?;
        if uses_token_endpoint(strategy) {
            self.token_url()?;
            self.issuer_url()?;
        }
        let context = self.build_context(strategy, occasion)?;
        let settings = self.strategy_settings(&self.auth, &self.layers, strategy, occasion)?;
        let source = StrategyRegistry::default()
            .build(settings, &context)
            .map_err(|error| self.placed(&error).unwrap_or_else(|| error.into()))?;
        let cached = Cached::new(source);
        let cached = match &occasion.observer {
            Some(observer) => cached.with_observer(observer.clone()),
            None => cached,
        };
        Ok(match self.token_cache() {
            TokenCachePlace::Nowhere => cached.into(),
            TokenCachePlace::Directory(directory) => cached.with_store(FileStore::new(directory)).into(),
            #[cfg(feature = "keyring")]
            TokenCachePlace::Keyring => match crate::paths::token_cache(occasion.environment) {
                Some(locks) => cached.with_store(optimize_auth::KeyringStore::new("optimize", locks)).into(),
                None => cached.into(),
            },
        })
    }

    /// Reads every setting as if it were used, and starts nothing.
    pub fn check(&self, occasion: &Occasion<'_>) -> Result<(), Error> {
        if self.sandbox {
            return Ok(());
        }
        self.base_url()?;
        let of_program =
            |key: &Key| matches!(self.layers.get(*key).and_then(Setting::secret), Some(SecretRef::Command(_)));
        let runs_programs = self.auth.command.is_some() || SECRETS.iter().any(of_program);
        if runs_programs {
            return self.http().map(drop);
        }
        self.credentials(occasion).map(drop)
    }

    /// Where tokens are kept between runs.
    pub fn token_cache(&self) -> TokenCachePlace {
        self.storage.token_cache.as_deref().cloned().unwrap_or(TokenCachePlace::Nowhere)
    }

    fn build_context(&self, strategy: BuiltinStrategy, occasion: &Occasion<'_>) -> Result<BuildContext, Error> {
        let mut context = BuildContext::default();
        context.http = self.http()?;
        context.timeout = occasion.timeout;
        context.base_url = self.base_url().ok().map(|url| url.to_string());
        context.profile.clone_from(&self.profile);
        context.allows_insecure_http = self.allows_insecure_http();
        let may_ask = self.auth.interactive.as_deref() == Some(&Interactive::IfTerminal);
        context.is_interactive = may_ask && occasion.is_interactive;
        if matches!(strategy, BuiltinStrategy::Exec | BuiltinStrategy::Chain) {
            context.helper_supervisor = (occasion.supervisor)();
        }
        let allowed = self.auth.env_allow.as_deref().cloned().unwrap_or_default();
        context.helper_environment = occasion
            .environment
            .for_helper(&allowed)
            .map_err(|problem| self.layers.invalid(Key::EnvAllow, &problem))?;
        Ok(context)
    }

    /// What a strategy is built from: all of the credential set, so that a part without a meaning is reported, and of the
    /// rest what the strategy has a use for.
    fn strategy_settings(
        &self,
        auth: &Auth,
        layers: &Layers,
        strategy: BuiltinStrategy,
        occasion: &Occasion<'_>,
    ) -> Result<StrategySettings, Error> {
        let mut settings = StrategySettings::new(strategy.name());
        let is_of_set = |key: &Key| !matches!(key, Key::Strategy | Key::Interactive | Key::EnvAllow);
        for setting in Key::CREDENTIALS.into_iter().filter(is_of_set).filter_map(|key| layers.get(key)) {
            check_programs(setting)?;
            let name = setting.key.name();
            settings = match (setting.key.form(), setting.secret()) {
                (Form::List, _) => settings.with_list(name, setting.list().unwrap_or_default()),
                (Form::Tables, _) => settings.with_nested(name, self.members(setting, layers, occasion)?),
                // A token is read now: no run lasts so long that its file would have to be read again.
                (_, Some(SecretRef::File(path)))
                    if path.as_os_str() != "-" && setting.key != Key::Token && !secrets::may_block(&path) =>
                {
                    settings.with_secret_file(name, path)
                }
                (_, Some(secret)) => {
                    let what = name.replace('_', " ");
                    settings.with_secret(name, secrets::resolve(&secret, &what, occasion, layers)?)
                }
                (_, None) => settings.with_text(name, setting.value.as_str().unwrap_or_default()),
            };
        }
        if strategy == BuiltinStrategy::Chain || !uses_token_endpoint(strategy) {
            return Ok(settings);
        }
        for key in Key::USE.into_iter().filter(|key| self.is_of_use(auth, strategy, *key)) {
            if let Some(requested) = self.requested_by(auth, layers, strategy, key)? {
                settings = settings.with_text(key.name(), requested.value);
            }
        }
        Ok(settings)
    }

    /// The members of a chain. What is not set in one is as it is for all.
    fn members(
        &self,
        sources: &Setting,
        layers: &Layers,
        occasion: &Occasion<'_>,
    ) -> Result<Vec<StrategySettings>, Error> {
        let members = sources.members().into_iter().map(|settings| {
            let member = layers.of_member(&settings);
            let auth: Auth = member.extract_auth()?;
            let Some((strategy, _)) = strategy(&auth, &member) else {
                let problem = "a member has neither a strategy nor credentials";
                return Err(self.layers.invalid(Key::Sources, problem));
            };
            self.strategy_settings(&auth, &member, strategy, occasion)
        });
        members.collect()
    }

    /// A client id without a proof, or a proof without an id.
    fn check_whole_set(&self, strategy: BuiltinStrategy, environment: &Environment) -> Result<(), Error> {
        if !matches!(strategy, BuiltinStrategy::ClientCredentials | BuiltinStrategy::ClientAssertion) {
            return Ok(());
        }
        let has = |key| self.layers.has(key);
        let needs_secret = !matches!(
            self.client_auth(),
            Some(ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::Mtls | ClientAuthMethod::None)
        );
        let proofs = [Key::ClientSecret, Key::PrivateKey, Key::AssertionFile];
        match (has(Key::ClientId), proofs.into_iter().find(|key| has(*key))) {
            (true, None) if needs_secret => Err(self.half_a_set(Key::ClientId, "client secret", environment)),
            (false, Some(proof)) => Err(self.half_a_set(proof, "client id", environment)),
            _ => Ok(()),
        }
    }

    fn half_a_set(&self, present: Key, missing: &str, environment: &Environment) -> Error {
        let origin = self.layers.origin(present);
        let counterpart = CLIENT.iter().find_map(|(id, secret)| {
            let is = |name: &str| origin.ends_with(&format!(" {name}"));
            if is(id) { Some(*secret) } else { is(secret).then_some(*id) }
        });
        let hint = match (counterpart, present) {
            (Some(name), _) => format!("set {name} too"),
            (None, Key::ClientId) => "set client_secret beside it, or pass --client-secret-file FILE".to_owned(),
            (None, _) => {
                "set client_id beside it, or OPTIMIZE_CLIENT_ID and OPTIMIZE_CLIENT_SECRET together".to_owned()
            }
        };
        let is_of_environment =
            matches!(self.layers.get(present).map(|setting| &setting.origin), Some(Origin::Variable(_)));
        let seen = if is_of_environment { env_layer::unused_credentials(environment) } else { Vec::new() };
        let seen = if seen.is_empty() { String::new() } else { format!("; {}", seen.join("; ")) };
        Error::config(format!("{} is set ({origin}), but there is no {missing}{seen}", present.path()))
            .stating()
            .with_hint(hint)
    }

    /// An error about a setting, with where the setting was made or how it can be.
    pub(crate) fn placed(&self, error: &AuthError) -> Option<Error> {
        let name = error.setting()?;
        let key = Key::of_auth(name).or_else(|| Key::ALL.iter().copied().find(|key| key.path() == name))?;
        let message = error.in_full();
        if self.layers.has(key) {
            return Some(Error::config(format!("{message} ({})", self.layers.origin(key))).stating());
        }
        let chosen = self.strategy().map(|(_, origin)| format!(" (strategy chosen by {origin})")).unwrap_or_default();
        Some(Error::config(format!("{message}{chosen}")).stating().with_hint(how_to_set(key)))
    }
}

/// Fails if a setting names a program that another user can change.
fn check_programs(setting: &Setting) -> Result<(), Error> {
    match (setting.secret(), setting.list()) {
        (None, Some(command)) if setting.key == Key::Command => trust::check_program(setting, &command),
        (Some(SecretRef::Command(command)), _) => trust::check_program(setting, &command),
        _ => Ok(()),
    }
}

/// Whether a strategy makes use of a token endpoint.
pub fn uses_token_endpoint(strategy: BuiltinStrategy) -> bool {
    matches!(
        strategy,
        BuiltinStrategy::ClientCredentials
            | BuiltinStrategy::ClientAssertion
            | BuiltinStrategy::Exec
            | BuiltinStrategy::Chain
    )
}

/// The strategy that is set or implied, and where.
fn strategy(auth: &Auth, layers: &Layers) -> Option<(BuiltinStrategy, String)> {
    if let Some(strategy) = auth.strategy.as_deref() {
        return Some((*strategy, layers.origin(Key::Strategy)));
    }
    let (key, strategy) = IMPLIED.into_iter().find(|(key, _)| layers.has(*key))?;
    Some((strategy, layers.origin(key)))
}

/// Where a setting can be made.
pub(crate) fn how_to_set(key: Key) -> String {
    let set = CLIENT[0];
    let variable = match key {
        Key::ClientId => Some(set.0),
        Key::ClientSecret => Some(set.1),
        Key::Token => Some(env_vars::TOKENS[0]),
        Key::PrivateKey => Some(env_vars::PRIVATE_KEY_FILE),
        Key::AssertionFile => Some(env_vars::ASSERTION_FILE),
        key => key.variables().first().copied(),
    };
    let table =
        if key.path().starts_with("auth.") { "the `auth` table of the configuration" } else { "the configuration" };
    match variable {
        Some(variable) => format!("set {variable}, or {} in {table}", key.name()),
        None => format!("set {} in {table}", key.name()),
    }
}
