//! From settings to what authenticates requests: the strategy, its preset, its store.

use std::path::{Path, PathBuf};
use std::time::Duration;

use optimize_auth::{
    AuthError, Cached, Credentials, FileStore, Preset, ServiceUrl, StrategyRegistry, StrategySettings, Surroundings,
};

use super::layers::Layers;
use super::schema::{Key, Origin, SecretRef, Setting, SettingValue};
use super::{DEFAULT_TIMEOUT, Settings, env_layer, paths, secrets, trust};
use crate::env_vars::{self, CLIENT, Environment};
use crate::error::CliError;
use crate::{descriptors, supervisor};

/// Strategies that are known by what is set, in the order in which they are looked for.
const TELLTALES: [(Key, &str); 8] = [
    (Key::Token, "static"),
    (Key::TokenFile, "token-file"),
    (Key::Command, "exec"),
    (Key::Sources, "chain"),
    (Key::AssertionFile, "client-assertion"),
    (Key::ClientId, "client-credentials"),
    (Key::ClientSecret, "client-credentials"),
    (Key::PrivateKey, "client-credentials"),
];

/// Stands for no audience at all.
const NO_AUDIENCE: &str = "none";

/// A parameter of the token request, and where it comes from.
pub(crate) struct Requested {
    pub(crate) value: String,
    pub(crate) source: RequestSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestSource {
    Setting,
    Preset,
    Default,
}

impl RequestSource {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::Preset => "preset",
            Self::Default => "default",
        }
    }
}

/// What programs may be asked for.
const SECRETS: [Key; 3] = [Key::ClientSecret, Key::PrivateKey, Key::Token];

/// What else a run brings along.
pub(crate) struct Occasion<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) timeout: Option<Duration>,
    pub(crate) is_interactive: bool,
}

impl Occasion<'_> {
    /// How long to wait for a secret.
    pub(crate) fn limit(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(DEFAULT_TIMEOUT))
    }
}

/// Where tokens are kept between runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenCache {
    Off,
    Directory(PathBuf),
    #[cfg(feature = "keyring")]
    Keyring(PathBuf),
}

impl Settings {
    /// The name of the strategy, and where it was chosen.
    pub(crate) fn strategy(&self) -> Option<(String, String)> {
        strategy(&self.layers)
    }

    /// What is known of the provider. Camunda SaaS is known by the base URL, by a region and a cluster id where there is no
    /// other base URL, or by Camunda's token endpoint.
    pub(crate) fn preset(&self) -> Result<Option<Preset>, CliError> {
        let layers = &self.layers;
        let need = |key: Key, preset: &str| {
            layers.text(key).ok_or_else(|| {
                CliError::config(format!("use the preset `{preset}`: {} is not set", key.path()))
                    .with_hint(how_to_set(key))
            })
        };
        let wrong = |error: AuthError| self.placed(&error, layers).unwrap_or_else(|| error.into());
        let saas = || Preset::saas(&need(Key::Region, "saas")?, &need(Key::ClusterId, "saas")?).map_err(wrong);
        let is_at = |key: Key, is_host: fn(&str) -> bool| {
            let url = layers.text(key).and_then(|text| url_host(&text));
            url.is_some_and(|host| is_host(&host))
        };
        let is_cluster = layers.has(Key::Region) && layers.has(Key::ClusterId);
        match layers.text(Key::Preset).as_deref() {
            Some("saas") | None if is_cluster && !layers.has(Key::BaseUrl) => saas().map(Some),
            Some("saas") if layers.has(Key::BaseUrl) => Ok(Some(Preset::saas_with_known_url())),
            Some("saas") => saas().map(Some),
            None if is_at(Key::BaseUrl, |host| host.ends_with(".optimize.camunda.io"))
                || is_at(Key::TokenUrl, |host| host == "login.cloud.camunda.io") =>
            {
                Ok(Some(Preset::saas_with_known_url()))
            }
            None => Ok(None),
            Some("self-managed") => Ok(Some(Preset::keycloak(&need(Key::RealmUrl, "self-managed")?))),
            Some("entra") => {
                let application = layers.text(Key::ApplicationId).or_else(|| layers.text(Key::ClientId));
                let application = application.map_or_else(|| need(Key::ApplicationId, "entra"), Ok)?;
                Preset::entra(&need(Key::Tenant, "entra")?, &application).map_err(wrong).map(Some)
            }
            Some(_) => Err(self.invalid(Key::Preset, "expected saas, self-managed or entra")),
        }
    }

    /// What authenticates requests. Secrets are read now; tokens are kept between runs unless the settings say otherwise.
    pub(crate) fn credentials(&self, occasion: &Occasion<'_>) -> Result<Credentials, CliError> {
        let Some((strategy, _)) = self.strategy() else {
            let seen = env_layer::unused_credentials(occasion.environment);
            let seen = if seen.is_empty() { String::new() } else { format!("; seen: {}", seen.join(", ")) };
            return Err(CliError::config(format!("authenticate: no credentials are configured{seen}")).with_hint(
                "set OPTIMIZE_CLIENT_ID, OPTIMIZE_CLIENT_SECRET and OPTIMIZE_TOKEN_URL; or OPTIMIZE_TOKEN for a \
                 server with a shared token; or run: optimize auth login",
            ));
        };
        self.check_whole_set(&strategy, occasion.environment)?;
        if matches!(strategy.as_str(), "exec" | "chain") {
            descriptors::keep_from_children();
        }
        if asks_for_tokens(&strategy) {
            self.token_url()?;
            self.issuer_url()?;
        }
        let surroundings = self.surroundings(occasion)?;
        let settings = self.strategy_settings(&self.layers, &strategy, occasion)?;
        let source = StrategyRegistry::default()
            .build(settings, &surroundings)
            .map_err(|error| self.placed(&error, &self.layers).unwrap_or_else(|| error.into()))?;
        let cached = Cached::new(source);
        Ok(match self.token_cache(occasion.environment)? {
            TokenCache::Off => cached.into(),
            TokenCache::Directory(directory) => cached.with_store(FileStore::new(directory)).into(),
            #[cfg(feature = "keyring")]
            TokenCache::Keyring(locks) => cached.with_store(optimize_auth::KeyringStore::new("optimize", locks)).into(),
        })
    }

    /// Reads every setting as if it were used, and starts nothing.
    pub(crate) fn check(&self, occasion: &Occasion<'_>) -> Result<(), CliError> {
        self.output()?;
        self.timeout()?;
        if self.sandbox {
            return Ok(());
        }
        self.base_url()?;
        let runs_programs = self.layers.said(Key::Command).is_some()
            || SECRETS.iter().any(|key| matches!(self.layers.secret(*key), Some(SecretRef::Command(_))));
        if runs_programs {
            return self.http().map(drop);
        }
        self.credentials(occasion).map(drop)
    }

    /// Where tokens are kept between runs: where it was said, else in the user's cache directory.
    pub(crate) fn token_cache(&self, environment: &Environment) -> Result<TokenCache, CliError> {
        let own = paths::token_cache(environment);
        match self.layers.text(Key::TokenCache).as_deref() {
            None => Ok(own.map_or(TokenCache::Off, TokenCache::Directory)),
            Some("off" | "memory") => Ok(TokenCache::Off),
            #[cfg(feature = "keyring")]
            Some("keyring") => Ok(own.map_or(TokenCache::Off, TokenCache::Keyring)),
            Some(directory) if Path::new(directory).is_absolute() => Ok(TokenCache::Directory(directory.into())),
            Some(_) => Err(self.invalid(Key::TokenCache, "expected off, memory or the absolute path of a directory")),
        }
    }

    fn surroundings(&self, occasion: &Occasion<'_>) -> Result<Surroundings, CliError> {
        let mut surroundings = Surroundings::default();
        surroundings.http = self.http()?;
        surroundings.timeout = occasion.timeout;
        surroundings.base_url = self.base_url().ok().map(|url| url.to_string());
        surroundings.profile.clone_from(&self.profile);
        surroundings.allows_insecure_http = self.allows_insecure_http()?;
        surroundings.is_interactive = match self.layers.text(Key::Interactive).as_deref() {
            None | Some("never") => false,
            Some("if-tty") => occasion.is_interactive,
            Some(_) => return Err(self.invalid(Key::Interactive, "expected never or if-tty")),
        };
        surroundings.helper_supervisor = supervisor::prefix();
        let allowed = self.layers.list(Key::EnvAllow).unwrap_or_default();
        surroundings.helper_environment =
            occasion.environment.for_helper(&allowed).map_err(|problem| self.invalid(Key::EnvAllow, &problem))?;
        Ok(surroundings)
    }

    /// What a strategy is built from: all of the credential set, so that a part without a meaning is reported, and of the
    /// rest what the strategy has a use for.
    fn strategy_settings(
        &self,
        layers: &Layers,
        strategy: &str,
        occasion: &Occasion<'_>,
    ) -> Result<StrategySettings, CliError> {
        let mut settings = StrategySettings::new(strategy);
        let of_set = Key::CREDENTIALS
            .into_iter()
            .filter(|key| !matches!(key, Key::Strategy | Key::Interactive | Key::EnvAllow) && layers.has(*key));
        for key in of_set {
            check_programs(layers, key)?;
            settings = match key {
                Key::Command => settings.with_list(key.name(), layers.list(key).unwrap_or_default()),
                Key::Sources => settings.with_nested(key.name(), self.members(layers, occasion)?),
                key => match (layers.secret(key), layers.text(key)) {
                    // A token is read now: no run lasts so long that its file would have to be read again.
                    (Some(SecretRef::File(path)), _)
                        if path.as_os_str() != "-" && key != Key::Token && !secrets::may_block(path) =>
                    {
                        settings.with_secret_file(key.name(), path)
                    }
                    (Some(secret), _) => {
                        let what = key.name().replace('_', " ");
                        settings.with_secret(key.name(), secrets::resolve(secret, &what, occasion)?)
                    }
                    (None, text) => settings.with_text(key.name(), text.unwrap_or_default()),
                },
            };
        }
        if strategy == "chain" || !asks_for_tokens(strategy) {
            return Ok(settings);
        }
        for key in Key::USE.into_iter().filter(|key| self.is_of_use(layers, strategy, *key)) {
            if let Some(requested) = self.requested_by(layers, strategy, key)? {
                settings = settings.with_text(key.name(), requested.value);
            }
        }
        Ok(settings)
    }

    /// A setting of the token request as it is sent; `None` is not sent. This is what is shown, too.
    pub(crate) fn requested(&self, key: Key) -> Result<Option<Requested>, CliError> {
        let strategy = self.strategy().map(|(name, _)| name).unwrap_or_default();
        self.requested_by(&self.layers, &strategy, key)
    }

    /// The same of a member of a chain: what is not set there is as it is for all. What nobody has set comes from the
    /// preset, and the audience by default from Camunda's documentation.
    fn requested_by(&self, member: &Layers, strategy: &str, key: Key) -> Result<Option<Requested>, CliError> {
        let set = |key: Key| member.text(key).or_else(|| self.layers.text(key));
        if let Some(value) = set(key) {
            let is_none = key == Key::Audience && value == NO_AUDIENCE;
            return Ok((!is_none).then_some(Requested { value, source: RequestSource::Setting }));
        }
        // An issuer that is set is asked for its own token endpoint.
        if key == Key::TokenUrl && set(Key::Issuer).is_some() {
            return Ok(None);
        }
        let preset = self.preset()?;
        let of_preset = preset.as_ref().and_then(|preset| of_preset(preset, key));
        if let Some(value) = of_preset {
            return Ok(Some(Requested { value, source: RequestSource::Preset }));
        }
        let is_client = strategy.starts_with("client-") || (strategy == "exec" && member.has(Key::ClientId));
        let says_what_for = preset.is_some() || set(Key::Scope).is_some() || set(Key::Resource).is_some();
        let is_default = key == Key::Audience && is_client && !says_what_for;
        let value = Preset::DEFAULT_AUDIENCE.to_owned();
        Ok(is_default.then_some(Requested { value, source: RequestSource::Default }))
    }

    /// What a strategy makes no use of is left out, since it may stand in the environment for other runs.
    fn is_of_use(&self, layers: &Layers, strategy: &str, key: Key) -> bool {
        let client_auth = layers.text(Key::ClientAuth).or_else(|| self.layers.text(Key::ClientAuth));
        let is_key = layers.has(Key::PrivateKey) || client_auth.as_deref() == Some("private-key-jwt");
        let is_client = strategy == "client-credentials";
        match key {
            Key::KeyId | Key::SigningAlgorithm => is_client && is_key,
            Key::AssertionAudience => is_client && (is_key || client_auth.as_deref() == Some("client-secret-jwt")),
            Key::ClientAuth => is_client || strategy == "exec" && layers.has(Key::ClientId),
            Key::Issuer => strategy != "exec" || layers.has(Key::ClientId),
            _ => true,
        }
    }

    /// The members of a chain. What is not said of one is as it is for all.
    fn members(&self, layers: &Layers, occasion: &Occasion<'_>) -> Result<Vec<StrategySettings>, CliError> {
        let tables = layers.tables(Key::Sources).unwrap_or_default();
        let members = tables.iter().map(|table: &Vec<Setting>| {
            let member = layers.of_member(table);
            let Some((strategy, _)) = strategy(&member) else {
                return Err(self.invalid(Key::Sources, "a member says neither its strategy nor its credentials"));
            };
            self.strategy_settings(&member, &strategy, occasion)
        });
        members.collect()
    }

    /// A client id without a proof, or a proof without an id.
    fn check_whole_set(&self, strategy: &str, environment: &Environment) -> Result<(), CliError> {
        if !strategy.starts_with("client-") {
            return Ok(());
        }
        let has = |key| self.layers.has(key);
        let needs_secret = matches!(
            self.layers.text(Key::ClientAuth).as_deref(),
            None | Some("post" | "basic" | "json" | "client-secret-jwt")
        );
        let proofs = [Key::ClientSecret, Key::PrivateKey, Key::AssertionFile];
        match (has(Key::ClientId), proofs.into_iter().find(|key| has(*key))) {
            (true, None) if needs_secret => Err(self.half_a_set(Key::ClientId, "client secret", environment)),
            (false, Some(proof)) => Err(self.half_a_set(proof, "client id", environment)),
            _ => Ok(()),
        }
    }

    fn half_a_set(&self, present: Key, missing: &str, environment: &Environment) -> CliError {
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
        let is_of_environment = matches!(self.layers.said(present).map(|said| &said.origin), Some(Origin::Variable(_)));
        let seen = if is_of_environment { env_layer::unused_credentials(environment) } else { Vec::new() };
        let seen = if seen.is_empty() { String::new() } else { format!("; {}", seen.join("; ")) };
        CliError::config(format!("authenticate: {} is set ({origin}), but there is no {missing}{seen}", present.path()))
            .with_hint(hint)
    }

    /// An error about a setting, with where the setting was made or how it can be.
    fn placed(&self, error: &AuthError, layers: &Layers) -> Option<CliError> {
        let name = error.setting()?;
        let key = Key::of_auth(name).or_else(|| Key::ALL.iter().copied().find(|key| key.path() == name))?;
        let message = error.in_full();
        if layers.has(key) {
            return Some(CliError::config(format!("{message} ({})", layers.origin(key))));
        }
        let chosen = self.strategy().map(|(_, origin)| format!(" (strategy chosen by {origin})")).unwrap_or_default();
        Some(CliError::config(format!("{message}{chosen}")).with_hint(how_to_set(key)))
    }
}

/// Fails if a setting names a program that another user can change.
fn check_programs(layers: &Layers, key: Key) -> Result<(), CliError> {
    let Some(setting) = layers.said(key) else { return Ok(()) };
    match &setting.value {
        SettingValue::List(command) if key == Key::Command => trust::check_program(setting, command),
        SettingValue::Secret(SecretRef::Command(command)) => trust::check_program(setting, command),
        _ => Ok(()),
    }
}

/// Whether a strategy makes use of a token endpoint.
pub(crate) fn asks_for_tokens(strategy: &str) -> bool {
    matches!(strategy, "client-credentials" | "client-assertion" | "exec" | "chain")
}

fn strategy(layers: &Layers) -> Option<(String, String)> {
    if let Some(name) = layers.text(Key::Strategy) {
        return Some((name, layers.origin(Key::Strategy)));
    }
    let (key, name) = TELLTALES.into_iter().find(|(key, _)| layers.has(*key))?;
    Some((name.to_owned(), layers.origin(key)))
}

/// The host of a URL in lower case.
fn url_host(text: &str) -> Option<String> {
    let url = ServiceUrl::parse_allowing_insecure_http(text).ok()?;
    url.as_url().host_str().map(str::to_ascii_lowercase)
}

fn of_preset(preset: &Preset, key: Key) -> Option<String> {
    match key {
        Key::TokenUrl => Some(preset.token_url.clone()),
        Key::Issuer => preset.issuer.clone(),
        Key::Audience => preset.audience.clone(),
        Key::Scope => preset.scope.clone(),
        Key::AssertionAudience => preset.assertion_audience.map(str::to_owned),
        _ => None,
    }
}

/// Where a setting can be made.
pub(super) fn how_to_set(key: Key) -> String {
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
