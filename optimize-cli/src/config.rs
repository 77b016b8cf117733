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
mod nearest;
mod paths;
mod schema;
mod secret_command;
mod secrets;
mod trust;
mod trust_store;
mod user_file;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use optimize_auth::http::HttpOptions;
use optimize_auth::{Issuer, ServiceUrl, ServiceUrlError, read_secret_file};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::env_vars::{CONFIG, Environment, PROFILE};
use crate::error::CliError;
use crate::flags::{GlobalArgs, duration};
use crate::format::Format;
use crate::{input, ownership};
pub(crate) use file::{ConfigFile, is_plain};
use layers::Layers;
pub(crate) use nearest::suggest;
pub(crate) use schema::Key;
use schema::{Origin, Reach, Setting, SettingValue};

pub(crate) use auth::{Occasion, RequestSource, TokenCache, asks_for_tokens};
pub(crate) use certificates::check as check_certificates;
pub(crate) use draft::Draft;
pub(crate) use effects::effects;
pub(crate) use explain::Explained;
pub(crate) use json_schema::json_schema;
pub(crate) use paths::{cache_directory, data_directory, home};
pub(crate) use trust::Standing;
pub(crate) use trust_store::TrustStore;
pub(crate) use user_file::UserFile;

/// The profile that stands for the embedded server.
pub(crate) const SANDBOX_PROFILE: &str = "sandbox";

/// How long one request may take, in seconds.
pub(crate) const DEFAULT_TIMEOUT: u64 = 60;

/// The merged settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    layers: Layers,
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
    /// Reads every layer. A file that does not exist is skipped unless it was named. A profile that does not exist is an
    /// error unless it `may_be_new`.
    pub(crate) fn load(flags: &GlobalArgs, environment: &Environment, may_be_new: bool) -> Result<Self, CliError> {
        warn_of_odd_variables(environment);
        let Files { mut standard, mut named } = Files::read(flags, environment)?;
        let secret_variables = standard.iter().chain(&named).flat_map(ConfigFile::secret_variables).collect();
        let standing = named.as_ref().map(|file| standing(file, flags, environment)).transpose()?;
        let default = || {
            let mut files = standard.iter().chain(&named).rev();
            files.find_map(|file| {
                Some((file.default_profile.clone()?, format!("default_profile of {}", file.path.display())))
            })
        };
        let profile = match (&flags.profile, environment.setting(PROFILE)?) {
            (Some(flag), _) => Some((flag.clone(), "--profile".to_owned())),
            (None, Some(variable)) => Some((variable.to_owned(), Origin::Variable(PROFILE.to_owned()).to_string())),
            (None, None) => default(),
        };
        let (profile, profile_origin) = profile.unzip();
        let sandbox = flags.sandbox || profile.as_deref() == Some(SANDBOX_PROFILE);
        let chosen = profile.as_deref().filter(|profile| *profile != SANDBOX_PROFILE && !flags.sandbox);
        if let Some(profile) = chosen.filter(|_| !may_be_new) {
            check_profile(profile, standard.iter().chain(&named))?;
        }
        let of_profile = |file: &mut ConfigFile| profile.as_ref().and_then(|name| file.profiles.remove(name));
        let mut layers = Layers::of(home(environment));
        let from_profile: Vec<_> = standard.iter_mut().filter_map(of_profile).collect();
        for settings in standard.into_iter().map(|file| file.settings).chain(from_profile) {
            layers.push(&settings);
        }
        let named_path = named.as_ref().map(|file| file.path.clone());
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
        if let (Some(path), Some(standing)) = (named_path, standing) {
            trust::check(&layers, &path, standing)?;
        }
        Ok(Self { layers, profile, profile_origin, sandbox, secret_variables })
    }

    /// The base URL, without what people copy along: `/api` or `/api/public`.
    pub(crate) fn base_url(&self) -> Result<ServiceUrl, CliError> {
        let preset = || Ok::<_, CliError>(self.preset()?.and_then(|preset| preset.base_url));
        let Some(text) = self.layers.text(Key::BaseUrl).map_or_else(preset, |text| Ok(Some(text)))? else {
            let problem = "find the server: no base URL is set";
            return Err(CliError::config(problem)
                .with_hint("pass --base-url URL, set OPTIMIZE_BASE_URL, or try the embedded server with --sandbox"));
        };
        let short = text.trim_end_matches('/');
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
        let parse = if self.allows_insecure_http()? { Issuer::parse_allowing_insecure_http } else { Issuer::parse };
        parse(text).map_err(|error| self.invalid(Key::Issuer, &error.to_string()))
    }

    /// How the client authenticates at the token endpoint, if that is set.
    pub(crate) fn client_auth(&self) -> Option<String> {
        self.layers.text(Key::ClientAuth)
    }

    /// The same settings, but with this `client_auth`.
    pub(crate) fn with_client_auth(&self, client_auth: &str) -> Self {
        let origin = Origin::Flag("auth doctor");
        let setting = Setting { key: Key::ClientAuth, value: SettingValue::Text(client_auth.to_owned()), origin };
        let mut settings = self.clone();
        settings.layers.push_partial(&[setting]);
        settings
    }

    /// Where the issuer is reached.
    pub(crate) fn issuer_url(&self) -> Result<Option<ServiceUrl>, CliError> {
        self.issuer()?.map(|text| self.service_url(Key::Issuer, &text)).transpose()
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

    /// Reads what every run makes use of.
    pub(crate) fn check_run(&self) -> Result<(), CliError> {
        self.output()?;
        self.timeout().map(drop)
    }

    /// How connections are made.
    pub(crate) fn http(&self) -> Result<HttpOptions, CliError> {
        let options = HttpOptions::default().with_user_agent(concat!("optimize-cli/", env!("CARGO_PKG_VERSION")));
        let options = match self.layers.text(Key::CaFile) {
            Some(path) => {
                let bytes = self.read_file(Key::CaFile, &path)?;
                let with_path = |(problem, hint): (&str, String)| {
                    self.invalid(Key::CaFile, &format!("{path} {problem}")).with_hint(hint)
                };
                certificates::check(&bytes, &path).map_err(with_path)?;
                let options = options.with_root_certificates(bytes);
                let unreadable = |_| with_path(certificates::unreadable(&path));
                options.check_root_certificates().map_err(unreadable)?;
                options
            }
            None => options,
        };
        let (cert, key) = (self.layers.text(Key::ClientCertFile), self.layers.text(Key::ClientKeyFile));
        let incomplete = |present: Key, missing: Key| {
            Err(self.invalid(present, &format!("{} is not set", missing.path())).with_hint(auth::how_to_set(missing)))
        };
        match (cert, key) {
            (None, None) => Ok(options),
            (Some(_), None) => incomplete(Key::ClientCertFile, Key::ClientKeyFile),
            (None, Some(_)) => incomplete(Key::ClientKeyFile, Key::ClientCertFile),
            (Some(cert), Some(key)) => {
                let cert = self.read_file(Key::ClientCertFile, &cert)?;
                let cert = String::from_utf8(cert).map_err(|_| self.invalid(Key::ClientCertFile, "it is not PEM"))?;
                let key = read_secret_file(Path::new(&key), "key of the client certificate")?;
                let pem = Zeroizing::new([&cert, "\n", key.expose_secret()].concat());
                Ok(options.with_client_identity(SecretString::from(pem.as_str())))
            }
        }
    }

    fn read_file(&self, key: Key, path: &str) -> Result<Vec<u8>, CliError> {
        input::read_whole(Path::new(path))
            .map_err(|error| CliError::io(format!("read {} {path} ({})", key.path(), self.layers.origin(key)), error))
    }

    /// The client id.
    pub(crate) fn client_id(&self) -> Option<String> {
        self.layers.text(Key::ClientId)
    }

    /// The audience to ask for.
    pub(crate) fn audience(&self) -> Result<Option<String>, CliError> {
        self.used(Key::Audience)
    }

    /// The scope to ask for.
    pub(crate) fn scope(&self) -> Result<Option<String>, CliError> {
        self.used(Key::Scope)
    }

    /// The resource to ask for.
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
    pub(crate) fn get(&self, key: Key, environment: &Environment) -> Result<Option<String>, CliError> {
        let all = self.explain(environment)?;
        Ok(all.into_iter().find(|found| found.setting == key.path()).and_then(|found| found.value))
    }

    fn invalid(&self, key: Key, problem: &str) -> CliError {
        CliError::config(format!("use {} ({}): {problem}", key.path(), self.layers.origin(key)))
    }
}

/// Whose choice the file is that was named for this run.
pub(crate) fn standing(file: &ConfigFile, flags: &GlobalArgs, environment: &Environment) -> Result<Standing, CliError> {
    let (system, user) = (paths::system_file(), paths::user_file(environment));
    let own: Vec<_> = std::iter::once(system.as_path()).chain(user.as_deref()).collect();
    Ok(Standing::of(file, &own, &TrustStore::read(environment)?, flags.trust_config))
}

/// The configuration files there are.
pub(crate) struct Files {
    /// The administrator's and the user's, in this order.
    pub(crate) standard: Vec<ConfigFile>,
    /// The one that was named for this run.
    pub(crate) named: Option<ConfigFile>,
}

impl Files {
    pub(crate) fn read(flags: &GlobalArgs, environment: &Environment) -> Result<Self, CliError> {
        let mut files = Self { standard: Vec::new(), named: None };
        for place in places(flags, environment)? {
            if place.layer == NAMED {
                files.named = Some(ConfigFile::read(&place.path)?);
            } else if place.path.exists() {
                let file = ConfigFile::read(&place.path)?;
                warn_if_open(&file);
                files.standard.push(file);
            }
        }
        Ok(files)
    }
}

/// A file of the user's own is used even if others can write to it, but not its programs; others could send requests elsewhere.
fn warn_if_open(file: &ConfigFile) {
    // Some commands read the files once for each profile.
    static WARNED: AtomicBool = AtomicBool::new(false);
    let mut settings = file.settings.iter().chain(file.profiles.values().flatten());
    if settings.any(|setting| setting.key.reach() != Reach::Nowhere)
        && let Err(problem) = ownership::check_file(&file.path)
        && !WARNED.swap(true, Ordering::Relaxed)
    {
        tracing::warn!("{problem}, so they can decide where your requests go");
    }
}

/// A variable that is misspelt would be ignored, and another server or profile be used. Quotes are kept by files for
/// containers, and no id or URL has them.
fn warn_of_odd_variables(environment: &Environment) {
    // Some commands load the settings once for each profile.
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        for (name, meant) in env_layer::misspelt(environment) {
            tracing::warn!("the variable {name} is not known and is ignored; did you mean OPTIMIZE_{meant}?");
        }
        for name in env_layer::quoted(environment) {
            tracing::warn!("the value of {name} is in quotes, which are part of the value; remove them");
        }
    }
}

/// Fails if a setting cannot have this value.
pub(crate) fn check_value(key: Key, value: &str, environment: &Environment) -> Result<(), CliError> {
    let mut layers = Layers::of(home(environment));
    let setting = Setting { key, value: SettingValue::Text(value.to_owned()), origin: Origin::Flag("config set") };
    layers.push_partial(&[setting]);
    let settings = Settings { layers, ..Settings::default() };
    match key {
        Key::BaseUrl => settings.base_url().map(drop),
        Key::TokenUrl => settings.token_url().map(drop),
        Key::Issuer => settings.issuer_url().map(drop),
        Key::TokenCache => settings.token_cache(environment).map(drop),
        Key::CaFile => settings.http().map(drop),
        Key::Preset if !matches!(value, "saas" | "self-managed" | "entra") => settings.preset().map(drop),
        _ => settings.check_run(),
    }
}

/// A secret in a file; `-` is standard input. `what` names it in errors.
pub(crate) fn read_secret(file: &Path, what: &str, occasion: &Occasion<'_>) -> Result<SecretString, CliError> {
    secrets::resolve(&schema::SecretRef::File(file.to_owned()), what, occasion)
}

/// The names of the profiles in the user's own file.
pub(crate) fn user_profiles(environment: &Environment) -> Result<Vec<String>, CliError> {
    let file = paths::user_file(environment).filter(|path| path.exists());
    let file = file.map(|path| ConfigFile::read(&path)).transpose()?;
    Ok(file.map(|file| file.profiles.into_keys().collect()).unwrap_or_default())
}

/// Where a configuration file is, or would be.
pub(crate) struct FilePlace {
    /// `system`, `user` or `named`.
    pub(crate) layer: &'static str,
    pub(crate) path: PathBuf,
}

const NAMED: &str = "named";

/// The places of configuration files, from the one that counts least.
pub(crate) fn places(flags: &GlobalArgs, environment: &Environment) -> Result<Vec<FilePlace>, CliError> {
    let named = match &flags.config {
        Some(path) => Some(path.clone()),
        None => environment.setting(CONFIG)?.map(PathBuf::from),
    };
    let places = [("system", Some(paths::system_file())), ("user", paths::user_file(environment)), (NAMED, named)];
    Ok(places.into_iter().filter_map(|(layer, path)| Some(FilePlace { layer, path: path? })).collect())
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
    Err(suggest(error, profile, known))
}
