//! Configuration.

mod trust;

use clap::Subcommand;
use serde_json::json;

use super::auth::Login;
use crate::app::App;
use crate::config::{self, Explained, Files, SANDBOX_PROFILE, Settings};
use crate::error::CliError;
use crate::output::{Data, Document, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show every setting with its value, where it was made, and where else it was made and does not count
    ///
    /// Of secrets only their places are shown.
    Explain,
    /// Set up a profile: asks, tests the connection, and saves; the same as `optimize auth login`
    Init(Login),
    /// Show where configuration files are, from the one that counts least
    Path,
    /// List the profiles
    Profiles,
    /// Print the JSON Schema of a configuration file, for editors
    Schema,
    Trust(trust::Trust),
    /// Check the configuration: files, environment and flags, for each profile
    ///
    /// Files that settings name are read, helpers are not started, and no server is asked; `optimize auth doctor` does
    /// that.
    Validate,
}

impl Config {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Explain => {
                let row = |found: Explained| json!({ "setting": found.setting, "value": found.value, "source": found.source, "hides": found.hides });
                Ok(Outcome::Data(Data::rows(app.settings.explain(&app.environment)?.into_iter().map(row))))
            }
            Self::Init(login) => login.run(app).await,
            Self::Path => {
                let places = config::places(&app.flags, &app.environment)?;
                let row = |place: config::FilePlace| json!({ "layer": place.layer, "path": place.path.display().to_string(), "exists": place.path.exists() });
                Ok(Outcome::Data(Data::rows(places.into_iter().map(row))))
            }
            Self::Profiles => profiles(app),
            Self::Schema => {
                let text = serde_json::to_string_pretty(&config::json_schema());
                let text = text.map_err(|error| CliError::config(format!("write the schema: {error}")))?;
                Ok(Outcome::Document(Document::new(text, None)))
            }
            Self::Trust(command) => command.run(app),
            Self::Validate => validate(app),
        }
    }
}

/// The settings as if the profile had been named.
fn of_profile(app: &App, profile: Option<&str>) -> Result<Settings, CliError> {
    let mut flags = app.flags.clone();
    if let Some(profile) = profile {
        flags.profile = Some(profile.to_owned());
        flags.sandbox = false;
    }
    Settings::load(&flags, &app.environment, false)
}

/// All names, the built-in one last.
fn names(app: &App) -> Result<Vec<(String, String)>, CliError> {
    let files = Files::read(&app.flags, &app.environment)?;
    let mut names: Vec<(String, String)> = Vec::new();
    for file in files.standard.iter().chain(&files.named) {
        for name in file.profiles.keys() {
            let path = file.path.display().to_string();
            match names.iter_mut().find(|(known, _)| known == name) {
                Some((_, paths)) => *paths = format!("{paths}, {path}"),
                None => names.push((name.clone(), path)),
            }
        }
    }
    names.sort();
    names.push((SANDBOX_PROFILE.to_owned(), "built in".to_owned()));
    Ok(names)
}

fn profiles(app: &App) -> Result<Outcome, CliError> {
    let current = Settings::load(&app.flags, &app.environment, true)?.profile;
    let rows = names(app)?.into_iter().map(|(name, file)| {
        let settings = of_profile(app, Some(&name)).ok().filter(|settings| !settings.sandbox);
        let base_url = settings.and_then(|settings| settings.base_url().ok()).map(|url| url.to_string());
        json!({ "profile": name, "current": current.as_deref() == Some(&name), "base_url": base_url, "file": file })
    });
    Ok(Outcome::Data(Data::rows(rows.collect::<Vec<_>>().into_iter())))
}

/// A row for each profile, and one for what counts without any.
fn validate(app: &App) -> Result<Outcome, CliError> {
    let current = of_profile(app, None)?;
    let mut subjects: Vec<Option<String>> = names(app)?.into_iter().map(|(name, _)| Some(name)).collect();
    subjects.retain(|name| name.as_deref() != Some(SANDBOX_PROFILE));
    if current.profile.is_none() {
        subjects.insert(0, None);
    }
    let mut rows = Vec::new();
    let mut bad = 0;
    for profile in &subjects {
        let checked = of_profile(app, profile.as_deref()).and_then(|settings| settings.check(&app.occasion()));
        let problem = checked.err().map(|error| match error.hint() {
            Some(hint) => format!("failed to {error} ({hint})"),
            None => format!("failed to {error}"),
        });
        bad += usize::from(problem.is_some());
        rows.push(json!({ "profile": profile, "valid": problem.is_none(), "problem": problem }));
    }
    let mut data = Data::rows(rows.into_iter());
    data.wraps = true;
    data.failure = (bad > 0).then(|| CliError::config(format!("validate {bad} of {} profiles", subjects.len())));
    Ok(Outcome::Data(data))
}
