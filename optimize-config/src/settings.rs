//! Settings from files, a profile, the environment and flags, merged, and checked when they are used.

use std::path::Path;
use std::time::Duration;

use optimize_auth::http::HttpOptions;
use optimize_auth::{ClientAuthMethod, Issuer, ServiceUrl, ServiceUrlError, read_secret_file};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::auth::{self, Occasion};
use crate::env_vars::Environment;
use crate::error::Error;
use crate::keys::{Auth, Connection, Key, Printing, Provider, Server, Storage};
use crate::layers::{Layer, Layers};
use crate::load::Loaded;
use crate::overrides::Overrides;
use crate::paths::home;
use crate::setting::{Origin, SecretRef, Setting};
use crate::types::Address;
use crate::{certificates, input, preset, secrets};

/// The profile that stands for the embedded server.
pub const SANDBOX_PROFILE: &str = "sandbox";

/// How long one request may take, in seconds.
pub const DEFAULT_TIMEOUT: u64 = 60;

/// The settings of a run, each of its own type, and the layers that they come from.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub(crate) layers: Layers,
    pub(crate) server: Server,
    pub(crate) output: Printing,
    pub(crate) http: Connection,
    pub(crate) storage: Storage,
    pub(crate) provider: Provider,
    pub(crate) auth: Auth,
    /// The profile in use; `None` if none was named.
    pub profile: Option<String>,
    /// Where it was named.
    pub(crate) profile_origin: Option<String>,
    /// Whether the embedded server is to be used.
    pub sandbox: bool,
    /// The environment variables that any profile of any file takes a secret from.
    pub secret_variables: Vec<String>,
    /// The `User-Agent` of all requests.
    pub(crate) user_agent: Option<String>,
}

impl Settings {
    /// Reads every layer. A profile that does not exist is an error unless it `may_be_new`.
    pub fn load(overrides: &Overrides, environment: &Environment, may_be_new: bool) -> Result<Self, Error> {
        let loaded = Loaded::read(overrides, environment, may_be_new)?;
        Ok(Self {
            profile: loaded.profile,
            profile_origin: loaded.profile_origin,
            sandbox: loaded.sandbox,
            secret_variables: loaded.secret_variables,
            ..Self::of(loaded.layers)?
        })
    }

    /// The same settings for a program that calls itself so in requests.
    pub fn with_user_agent(self, name: &str) -> Self {
        Self { user_agent: Some(name.to_owned()), ..self }
    }

    /// The settings in these layers. What the preset supplies fills in what nobody set.
    pub(crate) fn of(layers: Layers) -> Result<Self, Error> {
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
    pub(crate) fn set(&self, key: Key) -> Option<&Setting> {
        self.layers.get(key).filter(|setting| setting.origin.is_set())
    }

    /// The string of a setting that the user made.
    pub(crate) fn set_text(&self, key: Key) -> Option<String> {
        self.set(key)?.value.as_str().map(str::to_owned)
    }

    /// The base URL, without what people copy along: `/api` or `/api/public`.
    pub fn base_url(&self) -> Result<ServiceUrl, Error> {
        if self.set(Key::BaseUrl).is_none() {
            self.preset()?;
        }
        let Some(address) = &self.server.base_url else {
            return Err(Error::config("no base URL is set")
                .stating()
                .with_hint("pass --base-url URL, set OPTIMIZE_BASE_URL, or try the embedded server with --sandbox"));
        };
        let short = address.as_str().trim_end_matches('/');
        let short = short.strip_suffix("/public").filter(|short| short.ends_with("/api")).unwrap_or(short);
        self.service_url(Key::BaseUrl, short.strip_suffix("/api").unwrap_or(short))
    }

    /// The token endpoint, if it need not be asked for.
    pub fn token_url(&self) -> Result<Option<ServiceUrl>, Error> {
        self.used(Key::TokenUrl)?.map(|text| self.service_url(Key::TokenUrl, &text)).transpose()
    }

    /// A URL that belongs to the server or to its issuer.
    pub fn url_beside(&self, text: &str) -> Result<ServiceUrl, Error> {
        self.service_url(Key::BaseUrl, text)
    }

    /// The issuer of this identifier.
    pub fn issuer_at(&self, text: &str) -> Result<Issuer, Error> {
        let parse = if self.allows_insecure_http() { Issuer::parse_allowing_insecure_http } else { Issuer::parse };
        parse(text).map_err(|error| self.layers.invalid(Key::Issuer, &error.to_string()))
    }

    /// How the client authenticates at the token endpoint, if that is set.
    pub fn client_auth(&self) -> Option<ClientAuthMethod> {
        self.auth.client_auth.as_deref().copied()
    }

    /// The same settings, but with this `client_auth`.
    pub fn with_client_auth(&self, client_auth: ClientAuthMethod) -> Result<Self, Error> {
        let setting = Setting::new(Key::ClientAuth, client_auth.name(), Origin::Flag("auth doctor"));
        let mut settings = self.clone();
        settings.layers.push(Layer::completing(vec![setting], Vec::new()));
        settings.auth = settings.layers.extract_auth()?;
        Ok(settings)
    }

    /// Where the issuer is reached.
    pub fn issuer_url(&self) -> Result<Option<ServiceUrl>, Error> {
        self.issuer()?.map(|text| self.service_url(Key::Issuer, &text)).transpose()
    }

    /// A URL that a credential may be sent to, as far as the settings allow.
    pub(crate) fn service_url(&self, key: Key, text: &str) -> Result<ServiceUrl, Error> {
        let parse =
            if self.allows_insecure_http() { ServiceUrl::parse_allowing_insecure_http } else { ServiceUrl::parse };
        parse(text).map_err(|error| {
            let problem = self.layers.invalid(key, &error.to_string());
            problem.with_hint(address_hint(&error))
        })
    }

    pub(crate) fn allows_insecure_http(&self) -> bool {
        self.http.allow_insecure_http.as_deref().copied().unwrap_or(false)
    }

    /// Whether commands that change something ask first.
    pub fn is_protected(&self) -> bool {
        self.server.protected.as_deref().copied().unwrap_or(false)
    }

    /// The word of the output format.
    pub fn output(&self) -> Option<&'static str> {
        self.output.output.as_deref().map(|format| format.0)
    }

    /// How long one request may take, if the user set it.
    pub fn timeout(&self) -> Option<Duration> {
        self.set(Key::Timeout)?;
        self.http.timeout.as_deref().copied()
    }

    /// How connections are made.
    pub fn http(&self) -> Result<HttpOptions, Error> {
        let own = concat!("optimize-config/", env!("CARGO_PKG_VERSION"));
        let options = HttpOptions::default().with_user_agent(self.user_agent.as_deref().unwrap_or(own));
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

    fn read_file(&self, key: Key, path: &Path) -> Result<Vec<u8>, Error> {
        input::read_whole(path).map_err(|error| {
            Error::io(format!("read {} {} ({})", key.path(), path.display(), self.layers.origin(key)), error)
        })
    }

    /// The client id.
    pub fn client_id(&self) -> Option<String> {
        self.auth.client_id.as_deref().cloned()
    }

    /// The audience to request.
    pub fn audience(&self) -> Result<Option<String>, Error> {
        self.used(Key::Audience)
    }

    /// The scope to request.
    pub fn scope(&self) -> Result<Option<String>, Error> {
        self.used(Key::Scope)
    }

    /// The resource to request.
    pub fn resource(&self) -> Result<Option<String>, Error> {
        self.used(Key::Resource)
    }

    /// The issuer, as it was given.
    pub fn issuer(&self) -> Result<Option<String>, Error> {
        self.used(Key::Issuer)
    }

    fn used(&self, key: Key) -> Result<Option<String>, Error> {
        Ok(self.requested(key)?.map(|requested| requested.value))
    }

    /// The value of a setting as it is used, from any layer; of a secret, where it is.
    pub fn get(&self, key: Key) -> Result<Option<String>, Error> {
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
pub(crate) fn with_address_hint(error: Error, key: Key, text: Option<String>) -> Error {
    match text.filter(|_| matches!(key, Key::BaseUrl | Key::TokenUrl | Key::Issuer)).map(|text| Address::parse(&text)) {
        Some(Err(problem)) => error.with_hint(address_hint(&problem)),
        _ => error,
    }
}

/// Fails if a setting cannot have this value.
pub fn check_value(key: Key, value: &str, environment: &Environment) -> Result<(), Error> {
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
pub fn read_secret(file: &Path, what: &str, occasion: &Occasion<'_>) -> Result<SecretString, Error> {
    secrets::resolve(&SecretRef::File(file.to_owned()), what, occasion, &Layers::default())
}
