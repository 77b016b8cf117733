//! The layers of one run: which files there are, which profile is used, and in which order they have priority.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use figment::Profile;

use crate::env_vars::{CONFIG, Environment, PROFILE};
use crate::error::Error;
use crate::file::ConfigFile;
use crate::keys::{Key, Reach};
use crate::layers::{Layer, Layers};
use crate::overrides::Overrides;
use crate::setting::{Origin, Setting};
use crate::settings::{DEFAULT_TIMEOUT, SANDBOX_PROFILE};
use crate::suggest::suggest;
use crate::trust::{self, Standing};
use crate::trust_store::TrustStore;
use crate::types::TokenCachePlace;
use crate::{env_layer, ownership, paths};

/// The layers of one run, not yet read as settings.
pub struct Loaded {
    pub(crate) layers: Layers,
    /// The profile in use; `None` if none was named.
    pub profile: Option<String>,
    /// Where it was named.
    pub(crate) profile_origin: Option<String>,
    pub(crate) sandbox: bool,
    /// The environment variables that any profile of any file takes a secret from.
    pub secret_variables: Vec<String>,
}

impl Loaded {
    /// Reads every layer: `defaults → system file → user file → profile → named file → environment → flags`. The preset
    /// follows from these, and is put above the defaults when they are read as settings. A file that does not exist is skipped
    /// unless it was named. A profile that does not exist is an error unless it `may_be_new`.
    pub fn read(flags: &Overrides, environment: &Environment, may_be_new: bool) -> Result<Self, Error> {
        warn_of_odd_variables(environment);
        let Files { mut standard, mut named } = Files::read(flags, environment)?;
        let secret_variables = standard.iter().chain(&named).flat_map(ConfigFile::secret_variables).collect();
        let standing = named.as_ref().map(|file| standing(file, flags, environment)).transpose()?;
        let (profile, profile_origin) = chosen_profile(flags, environment, standard.iter().chain(&named))?.unzip();
        let sandbox = flags.sandbox || profile.as_deref() == Some(SANDBOX_PROFILE);
        let chosen = profile.as_deref().filter(|profile| *profile != SANDBOX_PROFILE && !flags.sandbox);
        if let Some(profile) = chosen.filter(|_| !may_be_new) {
            check_profile(profile, standard.iter().chain(&named))?;
        }
        let mut layers = Layers::new(paths::home(environment), profile.as_deref());
        layers.push(defaults(environment));
        for file in standard.iter_mut().chain(named.as_mut()) {
            file.keep_secrets(&mut layers);
        }
        for file in &mut standard {
            layers.push(Layer::new(Profile::Default, std::mem::take(&mut file.settings)));
        }
        if let Some(name) = &profile {
            for settings in standard.iter_mut().filter_map(|file| file.profiles.remove(name)) {
                layers.push(Layer::new(Profile::new(name), settings));
            }
        }
        let named_path = named.as_ref().map(|file| file.path.clone());
        if let Some(file) = &mut named {
            layers.push(Layer::new(Profile::Global, std::mem::take(&mut file.settings)));
            let settings = profile.as_ref().and_then(|name| file.profiles.remove(name));
            layers.push(Layer::new(Profile::Global, settings.unwrap_or_default()));
        }
        layers.push(Layer::new(Profile::Global, env_layer::general(environment)?));
        if sandbox {
            check_sandbox_flags(flags)?;
        } else {
            layers.push(Layer::new(Profile::Global, env_layer::server(environment)?));
        }
        layers.push(flags.layer());
        if let (Some(path), Some(standing)) = (named_path, standing) {
            trust::check(&layers, &path, standing)?;
        }
        Ok(Self { layers, profile, profile_origin, sandbox, secret_variables })
    }
}

/// What holds if nobody sets it.
fn defaults(environment: &Environment) -> Layer {
    let cache = TokenCachePlace::default_in(environment);
    let settings = [
        (Key::Output, "auto".into()),
        (Key::Timeout, format!("{DEFAULT_TIMEOUT}s").into()),
        (Key::AllowInsecureHttp, false.into()),
        (Key::TokenCache, cache.to_string().into()),
    ];
    let setting = |(key, value): (Key, figment::value::Value)| Setting::new(key, value, Origin::Default);
    Layer::new(Profile::Default, settings.map(setting).to_vec())
}

/// The profile to use, and where it was named.
fn chosen_profile<'a>(
    flags: &Overrides,
    environment: &Environment,
    files: impl DoubleEndedIterator<Item = &'a ConfigFile>,
) -> Result<Option<(String, String)>, Error> {
    if let Some(flag) = &flags.profile {
        return Ok(Some((flag.clone(), "--profile".to_owned())));
    }
    if let Some(variable) = environment.setting(PROFILE)? {
        return Ok(Some((variable.to_owned(), Origin::Variable(PROFILE.to_owned()).to_string())));
    }
    let of_file = |file: &ConfigFile| {
        Some((file.default_profile.clone()?, format!("default_profile of {}", file.path.display())))
    };
    Ok(files.rev().find_map(of_file))
}

/// The standing of the file that was named for this run.
pub(crate) fn standing(file: &ConfigFile, flags: &Overrides, environment: &Environment) -> Result<Standing, Error> {
    let (system, user) = (paths::system_file(), paths::user_file(environment));
    let own: Vec<_> = std::iter::once(system.as_path()).chain(user.as_deref()).collect();
    Ok(Standing::of(file, &own, &TrustStore::read(environment)?, flags.trust_config))
}

/// The configuration files there are.
pub struct Files {
    /// The administrator's and the user's, in this order.
    pub standard: Vec<ConfigFile>,
    /// The one that was named for this run.
    pub named: Option<ConfigFile>,
}

impl Files {
    /// Reads the files that exist.
    pub fn read(flags: &Overrides, environment: &Environment) -> Result<Self, Error> {
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

/// The file of the user is used even if others can write to it, but not its programs; others could send requests elsewhere.
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

/// The names of the profiles in the user's own file.
pub fn user_profiles(environment: &Environment) -> Result<Vec<String>, Error> {
    let file = paths::user_file(environment).filter(|path| path.exists());
    let file = file.map(|path| ConfigFile::read(&path)).transpose()?;
    Ok(file.map(|file| file.profiles.into_keys().collect()).unwrap_or_default())
}

/// Where a configuration file is, or would be.
pub struct FilePlace {
    /// `system`, `user` or `named`.
    pub layer: &'static str,
    /// The path.
    pub path: PathBuf,
}

const NAMED: &str = "named";

/// The places of configuration files, from the lowest priority to the highest.
pub fn places(flags: &Overrides, environment: &Environment) -> Result<Vec<FilePlace>, Error> {
    let named = match &flags.config {
        Some(path) => Some(path.clone()),
        None => environment.setting(CONFIG)?.map(PathBuf::from),
    };
    let places = [("system", Some(paths::system_file())), ("user", paths::user_file(environment)), (NAMED, named)];
    Ok(places.into_iter().filter_map(|(layer, path)| Some(FilePlace { layer, path: path? })).collect())
}

/// `--sandbox` excludes these flags by itself; the profile of that name is known only now.
fn check_sandbox_flags(flags: &Overrides) -> Result<(), Error> {
    let given = [
        ("--base-url", flags.base_url.is_some()),
        ("--client-secret-file", flags.client_secret_file.is_some()),
        ("--token-file", flags.token_file.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => Err(Error::usage(format!("combine {flag} with the profile `sandbox`, which has its own"))),
        None => Ok(()),
    }
}

fn check_profile<'a>(profile: &str, files: impl Iterator<Item = &'a ConfigFile>) -> Result<(), Error> {
    let mut known: Vec<&str> = files.flat_map(|file| file.profiles.keys().map(String::as_str)).collect();
    if known.contains(&profile) {
        return Ok(());
    }
    known.push(SANDBOX_PROFILE);
    known.sort_unstable();
    known.dedup();
    let error =
        Error::config(format!("the profile `{profile}`: there is no such profile; known: {}", known.join(", ")))
            .stating();
    Err(suggest(error, profile, known))
}
