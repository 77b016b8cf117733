//! Configuration.

mod trust;

use clap::{Args, Subcommand};
use serde_json::json;

use super::auth::{Login, Switch};
use crate::app::App;
use crate::config::{self, Explained, Files, Key, Loaded, SANDBOX_PROFILE, Settings, UserFile};
use crate::error::CliError;
use crate::output::{Data, Document, Outcome};
use crate::suggest::suggest;

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show all settings, where each is set, and what it overrides
    ///
    /// Secrets are not shown, only where they are.
    #[command(visible_alias = "list")]
    Explain,
    Get(Get),
    /// Set up a profile: asks, tests the connection, and saves; the same as `optimize auth login`
    Init(Box<Login>),
    /// List the configuration files, lowest priority first
    Path,
    /// List the profiles
    Profiles,
    /// Print the JSON Schema of a configuration file, for editors
    Schema,
    Set(Set),
    Trust(trust::Trust),
    /// Choose the default profile; the same as `optimize auth switch`
    Use(Switch),
    /// Check the configuration: files, environment and flags, for each profile
    ///
    /// It reads the files that settings name. It starts no helper and sends no request; `optimize auth doctor` does both.
    Validate,
}

/// Print the value of one setting as it is used
///
/// A secret is not printed, only where it is.
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// The name of the setting, such as timeout or auth.audience
    setting: String,
}

/// Change one setting in your configuration file
///
/// It is changed in the profile in use; without a profile, for all profiles. Secrets are refused: `optimize auth login`
/// saves them.
#[derive(Args, Debug)]
pub(crate) struct Set {
    /// The name of the setting, such as timeout or auth.audience
    setting: String,
    /// The new value
    value: String,
}

impl Get {
    fn run(&self, app: &App) -> Result<Outcome, CliError> {
        let key = key(&self.setting)?;
        match app.settings.get(key)? {
            Some(value) => Ok(Outcome::Document(Document::new(value, None))),
            None => Err(CliError::not_found(format!("get {}: it is not set", key.path()))),
        }
    }
}

impl Set {
    fn run(&self, app: &App) -> Result<Outcome, CliError> {
        app.only_for_people("change the configuration")?;
        let key = key(&self.setting)?;
        // What is wrong in the file now may be what this corrects.
        let profile = Loaded::read(&app.flags.overrides(), &app.environment, false)?.profile;
        let profile = profile.as_deref();
        config::check_value(key, &self.value, &app.environment)?;
        let mut file = UserFile::open(&app.environment)?;
        file.set(profile, key, &self.value)?;
        let path = file.save()?;
        let place = profile.map_or_else(|| "for all profiles".to_owned(), |name| format!("in the profile `{name}`"));
        app.printer.remark(&format!("set {} {place}, in {}", key.path(), path.display()));
        Ok(Outcome::Done)
    }
}

fn key(name: &str) -> Result<Key, CliError> {
    Key::named(name).ok_or_else(|| {
        let error = CliError::usage(format!("unknown setting `{}`", name.escape_debug())).stating();
        let error = error.with_hint("optimize config schema lists all settings");
        suggest(error, name, Key::ALL.iter().flat_map(|key| [key.path(), key.name()]))
    })
}

impl Config {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Explain => {
                let row = |found: Explained| json!({ "setting": found.setting, "value": found.value, "source": found.source, "hides": found.hides });
                Ok(Outcome::Data(Data::rows(app.settings.explain()?.into_iter().map(row))))
            }
            Self::Get(command) => command.run(app),
            Self::Init(login) => login.run(app).await,
            Self::Path => {
                let places = config::places(&app.flags.overrides(), &app.environment)?;
                let row = |place: config::FilePlace| json!({ "layer": place.layer, "path": place.path.display().to_string(), "exists": place.path.exists() });
                Ok(Outcome::Data(Data::rows(places.into_iter().map(row))))
            }
            Self::Profiles => profiles(app),
            Self::Schema => {
                let text = serde_json::to_string_pretty(&config::json_schema());
                let text = text.map_err(|error| CliError::config(format!("write the schema: {error}")))?;
                Ok(Outcome::Document(Document::new(text, None)))
            }
            Self::Set(command) => command.run(app),
            Self::Trust(command) => command.run(app),
            Self::Use(command) => command.run(app),
            Self::Validate => validate(app),
        }
    }
}

/// The settings with this profile.
fn of_profile(app: &App, profile: Option<&str>) -> Result<Settings, CliError> {
    let mut overrides = app.flags.overrides();
    if let Some(profile) = profile {
        overrides.profile = Some(profile.to_owned());
        overrides.sandbox = false;
    }
    Ok(Settings::load(&overrides, &app.environment, false)?)
}

/// All names, the built-in one last.
fn names(app: &App) -> Result<Vec<(String, String)>, CliError> {
    let files = Files::read(&app.flags.overrides(), &app.environment)?;
    let mut names: Vec<(String, String)> = Vec::new();
    for file in files.standard.iter().chain(&files.named) {
        for name in file.profile_names() {
            let path = file.path.display().to_string();
            match names.iter_mut().find(|(known, _)| known == name) {
                Some((_, paths)) => *paths = format!("{paths}, {path}"),
                None => names.push((name.to_owned(), path)),
            }
        }
    }
    names.sort();
    names.push((SANDBOX_PROFILE.to_owned(), "built in".to_owned()));
    Ok(names)
}

pub(super) fn profiles(app: &App) -> Result<Outcome, CliError> {
    let current = Loaded::read(&app.flags.overrides(), &app.environment, true)?.profile;
    let rows = names(app)?.into_iter().map(|(name, file)| {
        let settings = of_profile(app, Some(&name)).ok().filter(|settings| !settings.sandbox);
        let base_url = settings.and_then(|settings| settings.base_url().ok()).map(|url| url.to_string());
        json!({ "profile": name, "current": current.as_deref() == Some(&name), "base_url": base_url, "file": file })
    });
    Ok(Outcome::Data(Data::rows(rows.collect::<Vec<_>>().into_iter())))
}

/// A row for each profile, and one for the settings without any.
fn validate(app: &App) -> Result<Outcome, CliError> {
    // A value that cannot be read is a problem of its profile, and one of the rows.
    let current = Loaded::read(&app.flags.overrides(), &app.environment, false)?.profile;
    let mut subjects: Vec<Option<String>> = names(app)?.into_iter().map(|(name, _)| Some(name)).collect();
    subjects.retain(|name| name.as_deref() != Some(SANDBOX_PROFILE));
    if current.is_none() {
        subjects.insert(0, None);
    }
    let mut rows = Vec::new();
    let mut bad = 0;
    for profile in &subjects {
        let checked = of_profile(app, profile.as_deref()).and_then(|settings| Ok(settings.check(&app.occasion())?));
        let problem = checked.err().map(|error| error.with_hint_in_message());
        bad += usize::from(problem.is_some());
        rows.push(json!({ "profile": profile, "valid": problem.is_none(), "problem": problem }));
    }
    let mut data = Data::rows(rows.into_iter());
    data.wraps = true;
    data.failure = (bad > 0).then(|| CliError::config(format!("validate {bad} of {} profiles", subjects.len())));
    Ok(Outcome::Data(data))
}
