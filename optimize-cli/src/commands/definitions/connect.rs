//! Which environment of which project, and the server of it.

use std::path::{Path, PathBuf};

use clap::Args;
use optimize_definitions::{Environment, Project};

use crate::app::App;
use crate::config::Files;
use crate::error::CliError;

/// A project and one of its environments.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// The environment; the one of the profile in use, or the only one there is
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// The directory of the project, or one below it
    #[arg(long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    project: PathBuf,
}

impl Place {
    pub(super) fn of(environment: &str, project: &Path) -> Self {
        Self { env: Some(environment.to_owned()), project: project.to_owned() }
    }

    /// Connects with the profile of the environment, unless a flag names the server.
    pub(super) async fn connect(&self, app: &App) -> Result<(Environment, Project), CliError> {
        let project = Project::find(&self.project)?;
        let name = self.name(app, &project)?;
        let flags = &app.flags;
        let is_named = flags.profile.is_some() || flags.sandbox || flags.base_url.is_some();
        let profile = project.profile(&name);
        let is_current = app.settings.profile.as_deref() == Some(profile);
        let other =
            if is_named || is_current || !has_profile(app, profile)? { None } else { Some(app.with_profile(profile)?) };
        let app = other.as_ref().unwrap_or(app);
        let server = app.base_url().await?.to_string();
        Ok((Environment::new(project.clone(), name, server, app.client().await?), project))
    }

    fn name(&self, app: &App, project: &Project) -> Result<String, CliError> {
        let known = project.environments();
        if let Some(name) = &self.env {
            return Ok(name.clone());
        }
        let of_profile = app
            .settings
            .profile
            .as_ref()
            .and_then(|profile| known.iter().find(|name| project.profile(name) == profile));
        match (of_profile, known.as_slice()) {
            (Some(name), _) => Ok(name.clone()),
            (None, [only]) => Ok(only.clone()),
            (None, _) => Err(CliError::usage("which environment is not clear")
                .stating()
                .with_hint(format!("pass --env; the project has {}", known.join(", ")))),
        }
    }
}

fn has_profile(app: &App, profile: &str) -> Result<bool, CliError> {
    let files = Files::read(&app.flags.overrides(), &app.environment)?;
    Ok(files.standard.iter().chain(&files.named).any(|file| file.profile_names().any(|name| name == profile)))
}
