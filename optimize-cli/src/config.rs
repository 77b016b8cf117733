//! Configuration: files, a profile, the environment and flags, merged into settings that are checked when they are used.

mod auth;
mod certificates;
mod draft;
mod effects;
mod env_layer;
mod explain;
mod file;
mod flag_layer;
mod json_schema;
mod layers;
mod load;
mod paths;
mod preset;
mod secret_command;
mod secrets;
mod setting;
mod settings;
mod suggest;
mod token_request;
mod trust;
mod trust_store;
mod types;
mod user_file;

use std::path::Path;
use std::time::Duration;

use optimize_auth::http::HttpOptions;
use optimize_auth::{ClientAuthMethod, Issuer, ServiceUrl, ServiceUrlError, read_secret_file};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::env_vars::Environment;
use crate::error::CliError;
use crate::flags::GlobalArgs;
use crate::format::Format;
use crate::input;
use layers::{Layer, Layers};
use setting::{Origin, SecretRef, Setting};
use settings::{Auth, Connection, Printing, Provider, Server, Storage};
use types::Address;

pub(crate) use auth::{Occasion, uses_token_endpoint};
pub(crate) use certificates::check as check_certificates;
pub(crate) use draft::Draft;
pub(crate) use effects::effects;
pub(crate) use explain::Explained;
pub(crate) use file::{ConfigFile, is_plain};
pub(crate) use json_schema::json_schema;
use layers::problem;
pub(crate) use load::{FilePlace, Files, Loaded, places, user_profiles};
pub(crate) use paths::{cache_directory, data_directory, home};
pub(crate) use settings::Key;
pub(crate) use suggest::suggest;
pub(crate) use token_request::RequestSource;
pub(crate) use trust_store::TrustStore;
pub(crate) use types::TokenCachePlace;
pub(crate) use user_file::UserFile;

/// The profile that stands for the embedded server.
pub(crate) const SANDBOX_PROFILE: &str = "sandbox";

/// How long one request may take, in seconds.
pub(crate) const DEFAULT_TIMEOUT: u64 = 60;

/// The settings of a run, each of its own type, and the layers that they come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    layers: Layers,
    server: Server,
    output: Printing,
    http: Connection,
    storage: Storage,
    provider: Provider,
    auth: Auth,
    /// The profile in use; `None` if none was named.
    pub(crate) profile: Option<String>,
    /// Where it was named.
    profile_origin: Option<String>,
    /// Whether the embedded server is to be used.
    pub(crate) sandbox: bool,
    /// The environment variables that any profile of any file takes a secret from.
    pub(crate) secret_variables: Vec<String>,
}

impl Settings {
    /// Reads every layer. A profile that does not exist is an error unless it `may_be_new`.
    pub(crate) fn load(flags: &GlobalArgs, environment: &Environment, may_be_new: bool) -> Result<Self, CliError> {
        let loaded = Loaded::read(flags, environment, may_be_new)?;
        Ok(Self {
            profile: loaded.profile,
            profile_origin: loaded.profile_origin,
            sandbox: loaded.sandbox,
            secret_variables: loaded.secret_variables,
            ..Self::of(loaded.layers)?
        })
    }

    /// The settings in these layers. What the preset supplies fills in what nobody set.
    fn of(layers: Layers) -> Result<Self, CliError> {
        let mut settings = Self {
            server: layers.extract()?,
            output: layers.extract()?,
            http: layers.extract()?,
            storage: layers.extract()?,
            provider: layers.extract()?,
            auth: layers.extract_auth()?,
            layers,
            ..Self::default()
        };
        // What the preset needs may be missing. That is an error for the commands that use the preset.
        if let Ok(Some(preset)) = settings.preset() {
            let supplied = preset::supplied(&preset, settings.set(Key::Issuer).is_some());
            settings.layers.push_preset(supplied);
            settings.server = settings.layers.extract()?;
            settings.auth = settings.layers.extract_auth()?;
        }
        Ok(settings)
    }

    /// A setting that the user made, rather than the preset or the program.
    fn set(&self, key: Key) -> Option<&Setting> {
        self.layers.get(key).filter(|setting| setting.origin.is_set())
    }

    /// The string of a setting that the user made.
    fn set_text(&self, key: Key) -> Option<String> {
        self.set(key)?.value.as_str().map(str::to_owned)
    }

    /// The base URL, without what people copy along: `/api` or `/api/public`.
    pub(crate) fn base_url(&self) -> Result<ServiceUrl, CliError> {
        if self.set(Key::BaseUrl).is_none() {
            self.preset()?;
        }
        let Some(address) = &self.server.base_url else {
            return Err(CliError::config("no base URL is set")
                .stating()
                .with_hint("pass --base-url URL, set OPTIMIZE_BASE_URL, or try the embedded server with --sandbox"));
        };
        let short = address.as_str().trim_end_matches('/');
        let short = short.strip_suffix("/public").filter(|short| short.ends_with("/api")).unwrap_or(short);
        self.service_url(Key::BaseUrl, short.strip_suffix("/api").unwrap_or(short))
    }

    /// The token endpoint, if it need not be asked for.
    pub(crate) fn token_url(&self) -> Result<Option<ServiceUrl>, CliError> {
        self.used(Key::TokenUrl)?.map(|text| self.service_url(Key::TokenUrl, &text)).transpose()
    }

    /// A URL that belongs to the server or to its issuer.
    pub(crate) fn url_beside(&self, text: &str) -> Result<ServiceUrl, CliError> {
        self.service_url(Key::BaseUrl, text)
    }

    /// The issuer of this identifier.
    pub(crate) fn issuer_at(&self, text: &str) -> Result<Issuer, CliError> {
        let parse = if self.allows_insecure_http() { Issuer::parse_allowing_insecure_http } else { Issuer::parse };
        parse(text).map_err(|error| self.layers.invalid(Key::Issuer, &error.to_string()))
    }

    /// How the client authenticates at the token endpoint, if that is set.
    pub(crate) fn client_auth(&self) -> Option<ClientAuthMethod> {
        self.auth.client_auth.as_deref().copied()
    }

    /// The same settings, but with this `client_auth`.
    pub(crate) fn with_client_auth(&self, client_auth: ClientAuthMethod) -> Result<Self, CliError> {
        let setting = Setting::new(Key::ClientAuth, client_auth.name(), Origin::Flag("auth doctor"));
        let mut settings = self.clone();
        settings.layers.push(Layer::completing(vec![setting], Vec::new()));
        settings.auth = settings.layers.extract_auth()?;
        Ok(settings)
    }

    /// Where the issuer is reached.
    pub(crate) fn issuer_url(&self) -> Result<Option<ServiceUrl>, CliError> {
        self.issuer()?.map(|text| self.service_url(Key::Issuer, &text)).transpose()
    }

    /// A URL that a credential may be sent to, as far as the settings allow.
    fn service_url(&self, key: Key, text: &str) -> Result<ServiceUrl, CliError> {
        let parse =
            if self.allows_insecure_http() { ServiceUrl::parse_allowing_insecure_http } else { ServiceUrl::parse };
        parse(text).map_err(|error| {
            let problem = self.layers.invalid(key, &error.to_string());
            problem.with_hint(address_hint(&error))
        })
    }

    fn allows_insecure_http(&self) -> bool {
        self.http.allow_insecure_http.as_deref().copied().unwrap_or(false)
    }

    /// The output format.
    pub(crate) fn output(&self) -> Option<Format> {
        self.output.output.as_deref().copied()
    }

    /// How long one request may take, if the user set it.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.set(Key::Timeout)?;
        self.http.timeout.as_deref().copied()
    }

    /// How connections are made.
    pub(crate) fn http(&self) -> Result<HttpOptions, CliError> {
        let options = HttpOptions::default().with_user_agent(concat!("optimize-cli/", env!("CARGO_PKG_VERSION")));
        let options = match self.http.ca_file.as_deref() {
            Some(file) => {
                let path = file.display().to_string();
                let bytes = self.read_file(Key::CaFile, file)?;
                let with_path = |(problem, hint): (&str, String)| {
                    self.layers.invalid(Key::CaFile, &format!("{path} {problem}")).with_hint(hint)
                };
                certificates::check(&bytes, &path).map_err(with_path)?;
                let options = options.with_root_certificates(bytes);
                let unreadable = |_| with_path(certificates::unreadable(&path));
                options.client().map_err(unreadable)?;
                options
            }
            None => options,
        };
        let (cert, key) = (self.http.client_cert_file.as_deref(), self.http.client_key_file.as_deref());
        let incomplete = |present: Key, missing: Key| {
            let problem = self.layers.invalid(present, &format!("{} is not set", missing.path()));
            Err(problem.with_hint(auth::how_to_set(missing)))
        };
        match (cert, key) {
            (None, None) => Ok(options),
            (Some(_), None) => incomplete(Key::ClientCertFile, Key::ClientKeyFile),
            (None, Some(_)) => incomplete(Key::ClientKeyFile, Key::ClientCertFile),
            (Some(cert), Some(key)) => {
                let cert = self.read_file(Key::ClientCertFile, cert)?;
                let cert =
                    String::from_utf8(cert).map_err(|_| self.layers.invalid(Key::ClientCertFile, "it is not PEM"))?;
                let key = read_secret_file(key, "key of the client certificate")?;
                let pem = Zeroizing::new([&cert, "\n", key.expose_secret()].concat());
                Ok(options.with_client_identity(SecretString::from(pem.as_str())))
            }
        }
    }

    fn read_file(&self, key: Key, path: &Path) -> Result<Vec<u8>, CliError> {
        input::read_whole(path).map_err(|error| {
            CliError::io(format!("read {} {} ({})", key.path(), path.display(), self.layers.origin(key)), error)
        })
    }

    /// The client id.
    pub(crate) fn client_id(&self) -> Option<String> {
        self.auth.client_id.as_deref().cloned()
    }

    /// The audience to request.
    pub(crate) fn audience(&self) -> Result<Option<String>, CliError> {
        self.used(Key::Audience)
    }

    /// The scope to request.
    pub(crate) fn scope(&self) -> Result<Option<String>, CliError> {
        self.used(Key::Scope)
    }

    /// The resource to request.
    pub(crate) fn resource(&self) -> Result<Option<String>, CliError> {
        self.used(Key::Resource)
    }

    /// The issuer, as it was given.
    pub(crate) fn issuer(&self) -> Result<Option<String>, CliError> {
        self.used(Key::Issuer)
    }

    fn used(&self, key: Key) -> Result<Option<String>, CliError> {
        Ok(self.requested(key)?.map(|requested| requested.value))
    }

    /// The value of a setting as it is used, from any layer; of a secret, where it is.
    pub(crate) fn get(&self, key: Key) -> Result<Option<String>, CliError> {
        let all = self.explain()?;
        Ok(all.into_iter().find(|found| found.setting == key.path()).and_then(|found| found.value))
    }
}

/// How to fix a URL that cannot be used.
fn address_hint(error: &ServiceUrlError) -> &'static str {
    match error {
        ServiceUrlError::Insecure { .. } => {
            "use https, or set allow_insecure_http = true (or the environment variable \
             OPTIMIZE_ALLOW_INSECURE_HTTP=true) if you accept that others may read your credentials"
        }
        ServiceUrlError::UserInfo => "remove what stands before the @",
        _ => "it looks like https://optimize.example.com",
    }
}

/// Adds to an error about a URL how it is fixed.
fn with_address_hint(error: CliError, key: Key, text: Option<String>) -> CliError {
    match text.filter(|_| matches!(key, Key::BaseUrl | Key::TokenUrl | Key::Issuer)).map(|text| Address::parse(&text)) {
        Some(Err(problem)) => error.with_hint(address_hint(&problem)),
        _ => error,
    }
}

/// Fails if a setting cannot have this value.
pub(crate) fn check_value(key: Key, value: &str, environment: &Environment) -> Result<(), CliError> {
    let mut layers = Layers::new(home(environment), None);
    let setting = Setting::new(key, value, Origin::Flag("config set"));
    layers.push(Layer::completing(vec![setting], Vec::new()));
    let settings = Settings::of(layers)?;
    match key {
        Key::BaseUrl => settings.base_url().map(drop),
        Key::TokenUrl => settings.token_url().map(drop),
        Key::Issuer => settings.issuer_url().map(drop),
        Key::CaFile => settings.http().map(drop),
        _ => Ok(()),
    }
}

/// A secret in a file; `-` is standard input. `what` names it in errors.
pub(crate) fn read_secret(file: &Path, what: &str, occasion: &Occasion<'_>) -> Result<SecretString, CliError> {
    secrets::resolve(&SecretRef::File(file.to_owned()), what, occasion, &Layers::default())
}
