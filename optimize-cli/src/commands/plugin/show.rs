use clap::Args;
use serde_json::json;

use super::{built_in, found};
use crate::app::App;
use crate::config::TrustStore;
use crate::error::CliError;
use crate::output::{Data, Outcome};
use crate::plugins::{self, Managed, Manifests};
use crate::sha256;

/// Show what is known of a plugin
#[derive(Args, Debug)]
pub(crate) struct Info {
    /// The name of the plugin
    name: String,
}

/// A row per plugin; starts those whose manifest is not known yet.
pub(super) fn list(app: &App) -> Outcome {
    let mut manifests = Manifests::read(&app.environment);
    let rows = plugins::find_all(&app.environment).into_iter().map(|plugin| {
        let manifest = if plugin.problem.is_none() { manifests.of(&plugin.path).ok() } else { None };
        json!({
            "name": plugin.name,
            "version": manifest.as_ref().map(|manifest| &manifest.version),
            "about": manifest.as_ref().map(|manifest| &manifest.about),
            "place": plugin.place.as_str(),
            "path": plugin.path.display().to_string(),
            "problem": plugin.problem.map(|problem| problem.text),
        })
    });
    Outcome::Data(Data::rows(rows.collect::<Vec<_>>().into_iter()))
}

impl Info {
    pub(super) fn run(self, app: &App) -> Result<Outcome, CliError> {
        let plugin = found(&self.name, app)?;
        let asked = match plugin.problem {
            None => Manifests::read(&app.environment).of(&plugin.path),
            Some(problem) => Err(problem.text),
        };
        let (manifest, problem) = match asked {
            Ok(manifest) => (Some(manifest), None),
            Err(problem) => (None, Some(problem)),
        };
        let failed = |error| CliError::io(format!("read {}", plugin.path.display()), error);
        let sha256 = sha256::of_file(&plugin.path).map_err(failed)?;
        let installed = Managed::read(&app.environment).ok().and_then(|managed| managed.installed(&self.name).cloned());
        let record = json!({
            "name": plugin.name,
            "path": plugin.path.display().to_string(),
            "place": plugin.place.as_str(),
            "sha256": sha256,
            "installed_from": installed.map(|installed| installed.from.display().to_string()),
            "shadowed": built_in(app).contains(&plugin.name),
            "trusted_with_token": TrustStore::read(&app.environment)?.trusts_with_token(&plugin.name, &sha256),
            "manifest": manifest,
            "problem": problem,
        });
        Ok(Outcome::Data(Data::record(&record)))
    }
}
