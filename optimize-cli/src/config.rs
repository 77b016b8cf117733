//! Configuration: files, a profile, the environment and flags, merged into settings that are checked when they are used.

mod env_layer;
mod file;
mod flag_layer;
mod layers;
mod nearest;
mod paths;
mod schema;
mod secrets;

use std::path::{Path, PathBuf};
use std::time::Duration;

use optimize_auth::http::HttpOptions;
use optimize_auth::{ClientAuth, ClientCredentials, Credentials, ServiceUrl, ServiceUrlError};

use crate::cli::{GlobalArgs, duration};
use crate::env_vars::{CLIENT, CONFIG, Environment, PROFILE};
use crate::error::CliError;
use crate::output::Format;
use file::ConfigFile;
use layers::Layers;
use schema::Key;

/// The profile that stands for the embedded server.
pub(crate) const SANDBOX_PROFILE: &str = "sandbox";

/// The merged settings.
#[derive(Debug)]
pub(crate) struct Settings {
    layers: Layers,
    /// The profile in use; `None` if none was named.
    pub(crate) profile: Option<String>,
    /// Whether the embedded server is to be used.
    pub(crate) sandbox: bool,
}

/// How tokens are got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    StaticToken,
    ClientCredentials,
}

impl Settings {
    /// Reads every layer. A file that does not exist is skipped unless it was named.
    pub(crate) fn load(flags: &GlobalArgs, environment: &Environment) -> Result<Self, CliError> {
        let mut standard = Vec::new();
        for path in [Some(paths::system_file()), paths::user_file(environment)].into_iter().flatten() {
            if path.exists() {
                standard.push(ConfigFile::read(&path)?);
            }
        }
        let named = match &flags.config {
            Some(path) => Some(path.clone()),
            None => environment.setting(CONFIG)?.map(PathBuf::from),
        };
        let mut named = named.map(|path| ConfigFile::read(&path)).transpose()?;
        let profile = match (&flags.profile, environment.setting(PROFILE)?) {
            (Some(flag), _) => Some(flag.clone()),
            (None, Some(variable)) => Some(variable.to_owned()),
            (None, None) => standard.iter().chain(&named).rev().find_map(|file| file.default_profile.clone()),
        };
        let sandbox = flags.sandbox || profile.as_deref() == Some(SANDBOX_PROFILE);
        if let Some(profile) = profile.as_deref().filter(|profile| *profile != SANDBOX_PROFILE && !flags.sandbox) {
            check_profile(profile, standard.iter().chain(&named))?;
        }
        let of_profile = |file: &mut ConfigFile| profile.as_ref().and_then(|name| file.profiles.remove(name));
        let mut layers = Layers::default();
        let from_profile: Vec<_> = standard.iter_mut().filter_map(of_profile).collect();
        for settings in standard.into_iter().map(|file| file.settings).chain(from_profile) {
            layers.push(&settings);
        }
        if let Some(mut file) = named.take() {
            let from_profile = of_profile(&mut file);
            layers.push(&file.settings);
            layers.push(&from_profile.unwrap_or_default());
        }
        layers.push(&env_layer::general(environment)?);
        if sandbox {
            check_sandbox_flags(flags)?;
        } else {
            layers.push(&env_layer::server(environment)?);
        }
        layers.push_partial(&flag_layer::settings(flags));
        Ok(Self { layers, profile, sandbox })
    }

    /// The base URL, without what people copy along: `/api` or `/api/public`.
    pub(crate) fn base_url(&self) -> Result<ServiceUrl, CliError> {
        let Some(text) = self.layers.text(Key::BaseUrl) else {
            let problem = "find the server: no base URL is set";
            return Err(CliError::config(problem)
                .with_hint("pass --base-url URL, set OPTIMIZE_BASE_URL, or try the embedded server with --sandbox"));
        };
        let short = text.trim_end_matches('/');
        let short = short.strip_suffix("/public").filter(|short| short.ends_with("/api")).unwrap_or(short);
        self.service_url(Key::BaseUrl, short.strip_suffix("/api").unwrap_or(short))
    }

    /// The token endpoint.
    pub(crate) fn token_url(&self) -> Result<ServiceUrl, CliError> {
        let Some(text) = self.layers.text(Key::TokenUrl) else {
            return Err(CliError::config("find the token endpoint: no token URL is set")
                .with_hint("set OPTIMIZE_TOKEN_URL, or token_url in the `auth` table of the configuration"));
        };
        self.service_url(Key::TokenUrl, &text)
    }

    fn service_url(&self, key: Key, text: &str) -> Result<ServiceUrl, CliError> {
        let parsed = if self.allows_insecure_http()? {
            ServiceUrl::parse_allowing_insecure_http(text)
        } else {
            ServiceUrl::parse(text)
        };
        parsed.map_err(|error| {
            let hint = match &error {
                ServiceUrlError::Insecure { .. } => {
                    "use https, or set allow_insecure_http = true (or the environment \
                     variable OPTIMIZE_ALLOW_INSECURE_HTTP=true) if you accept that others may read your credentials"
                }
                ServiceUrlError::UserInfo => "remove what stands before the @",
                _ => "it looks like https://optimize.example.com",
            };
            self.invalid(key, &error.to_string()).with_hint(hint)
        })
    }

    fn allows_insecure_http(&self) -> Result<bool, CliError> {
        match self.layers.text(Key::AllowInsecureHttp).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(self.invalid(Key::AllowInsecureHttp, "expected true or false")),
        }
    }

    /// The output format, unless a flag says otherwise.
    pub(crate) fn output(&self) -> Result<Option<Format>, CliError> {
        let Some(text) = self.layers.text(Key::Output) else { return Ok(None) };
        let known = <Format as clap::ValueEnum>::from_str(&text, true);
        known.map(Some).map_err(|_| self.invalid(Key::Output, &format!("expected one of {}", Format::names())))
    }

    /// How long one request may take, unless a flag says otherwise.
    pub(crate) fn timeout(&self) -> Result<Option<Duration>, CliError> {
        let Some(text) = self.layers.text(Key::Timeout) else { return Ok(None) };
        duration(&text).map(Some).map_err(|problem| self.invalid(Key::Timeout, &problem))
    }

    /// How connections are made.
    pub(crate) fn http(&self) -> Result<HttpOptions, CliError> {
        let options = HttpOptions::default().with_user_agent(concat!("optimize-cli/", env!("CARGO_PKG_VERSION")));
        let Some(path) = self.layers.text(Key::CaFile) else { return Ok(options) };
        let pem = std::fs::read(Path::new(&path)).map_err(|error| {
            CliError::io(format!("read ca_file {path} ({})", self.layers.origin(Key::CaFile)), error)
        })?;
        Ok(options.with_root_certificates(pem))
    }

    /// How tokens are got, and where that was said.
    pub(crate) fn strategy(&self) -> Option<(Strategy, String)> {
        let has = |key| self.layers.secret(key).is_some() || self.layers.text(key).is_some();
        if has(Key::Token) {
            return Some((Strategy::StaticToken, self.layers.origin(Key::Token)));
        }
        let part = [Key::ClientId, Key::ClientSecret].into_iter().find(|key| has(*key))?;
        Some((Strategy::ClientCredentials, self.layers.origin(part)))
    }

    /// The client id.
    pub(crate) fn client_id(&self) -> Option<String> {
        self.layers.text(Key::ClientId)
    }

    /// The audience to ask for.
    pub(crate) fn audience(&self) -> Option<String> {
        self.layers.text(Key::Audience)
    }

    /// The scope to ask for.
    pub(crate) fn scope(&self) -> Option<String> {
        self.layers.text(Key::Scope)
    }

    /// The resource to ask for.
    pub(crate) fn resource(&self) -> Option<String> {
        self.layers.text(Key::Resource)
    }

    /// How the client authenticates at the token endpoint.
    pub(crate) fn client_auth(&self) -> Result<ClientAuth, CliError> {
        match self.layers.text(Key::ClientAuth).as_deref() {
            None | Some("post") => Ok(ClientAuth::Post),
            Some("basic") => Ok(ClientAuth::Basic),
            Some("json") => Ok(ClientAuth::Json),
            Some(_) => Err(self.invalid(Key::ClientAuth, "expected post, basic or json")),
        }
    }

    /// What authenticates requests. Secrets are read now.
    pub(crate) fn credentials(
        &self,
        timeout: Option<Duration>,
        environment: &Environment,
    ) -> Result<Credentials, CliError> {
        if let Some(token) = self.layers.secret(Key::Token) {
            return Ok(Credentials::static_bearer(secrets::resolve(token, "token", environment)?)?);
        }
        let (client_id, client_secret) = match (self.client_id(), self.layers.secret(Key::ClientSecret)) {
            (Some(id), Some(secret)) => (id, secret),
            (Some(_), None) => return Err(self.half_a_set(Key::ClientId, "client secret")),
            (None, Some(_)) => return Err(self.half_a_set(Key::ClientSecret, "client id")),
            (None, None) => {
                return Err(CliError::config("authenticate: no credentials are configured").with_hint(
                    "set OPTIMIZE_CLIENT_ID, OPTIMIZE_CLIENT_SECRET and OPTIMIZE_TOKEN_URL; or OPTIMIZE_TOKEN for a \
                     server with a shared token",
                ));
            }
        };
        let token_url = self.token_url()?;
        let client_auth = self.client_auth()?;
        let secret = secrets::resolve(client_secret, "client secret", environment)?;
        let mut source =
            ClientCredentials::new(token_url, client_id, secret).with_client_auth(client_auth).with_http(self.http()?);
        if let Some(audience) = self.audience() {
            source = source.with_audience(audience);
        }
        if let Some(scope) = self.scope() {
            source = source.with_scope(scope);
        }
        if let Some(resource) = self.resource() {
            source = source.with_resource(resource);
        }
        if let Some(timeout) = timeout {
            source = source.with_timeout(timeout);
        }
        Ok(Credentials::new(source))
    }

    fn half_a_set(&self, present: Key, missing: &str) -> CliError {
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
        CliError::config(format!("authenticate: {} is set ({origin}), but there is no {missing}", present.path()))
            .with_hint(hint)
    }

    fn invalid(&self, key: Key, problem: &str) -> CliError {
        CliError::config(format!("use {} ({}): {problem}", key.path(), self.layers.origin(key)))
    }
}

/// `--sandbox` excludes these flags by itself; the profile of that name is known only now.
fn check_sandbox_flags(flags: &GlobalArgs) -> Result<(), CliError> {
    let given = [
        ("--base-url", flags.base_url.is_some()),
        ("--client-secret-file", flags.client_secret_file.is_some()),
        ("--token-file", flags.token_file.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => {
            Err(CliError::usage(format!("combine {flag} with the profile `sandbox`, which has its own")))
        }
        None => Ok(()),
    }
}

fn check_profile<'a>(profile: &str, files: impl Iterator<Item = &'a ConfigFile>) -> Result<(), CliError> {
    let mut known: Vec<&str> = files.flat_map(|file| file.profiles.keys().map(String::as_str)).collect();
    if known.contains(&profile) {
        return Ok(());
    }
    known.push(SANDBOX_PROFILE);
    known.sort_unstable();
    known.dedup();
    let error =
        CliError::config(format!("use the profile `{profile}`: there is no such profile; known: {}", known.join(", ")));
    Err(nearest::suggest(error, profile, known))
}
