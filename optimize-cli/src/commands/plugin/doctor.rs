use serde_json::json;

use super::built_in;
use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome};
use crate::plugins::{self, Found, Managed, Manifests, Place};

/// A row a plugin and check: `ok`, `warn` or `fail`, with what it is about.
pub(super) fn run(app: &App) -> Result<Outcome, CliError> {
    let mut manifests = Manifests::read(&app.environment);
    let managed = Managed::read(&app.environment)?;
    let built_in = built_in(app);
    let mut rows = Vec::new();
    let mut failed = 0;
    for plugin in plugins::find_all(&app.environment) {
        let mut told = |check: &str, status: &str, detail: String| {
            failed += usize::from(status == "fail");
            rows.push(json!({ "plugin": plugin.name, "check": check, "status": status, "detail": detail }));
        };
        let path = plugin.path.display().to_string();
        match plugin.problem {
            None if built_in.contains(&plugin.name) => {
                let exec = format!("a command has this name; run it by: optimize plugin exec {} -- …", plugin.name);
                told("run", "warn", exec);
            }
            None => told("run", "ok", path),
            Some(problem) => {
                told("run", "fail", format!("{path}: {problem}"));
                continue;
            }
        }
        match integrity(&plugin, &managed) {
            Some(Ok(detail)) => told("integrity", "ok", detail),
            Some(Err(problem)) => told("integrity", "fail", problem),
            None => {}
        }
        match manifests.of(&plugin.path) {
            Err(problem) => told("manifest", "warn", problem),
            Ok(manifest) if manifest.name != plugin.name => {
                told("manifest", "warn", format!("it calls itself {}", manifest.name));
            }
            Ok(manifest) => match manifest.host_problem() {
                None => told("manifest", "ok", format!("{} {}", manifest.name, manifest.version)),
                Some(problem) => told("manifest", "fail", problem),
            },
        }
    }
    let mut data = Data::rows(rows.into_iter());
    data.wraps = true;
    data.failure = (failed > 0).then(|| CliError::config(format!("find every plugin sound: {failed} checks failed")));
    Ok(Outcome::Data(data))
}

/// Whether a managed plugin is still what was installed.
fn integrity(plugin: &Found, managed: &Managed) -> Option<Result<String, String>> {
    if plugin.place != Place::Managed {
        return None;
    }
    Some(match (managed.installed(&plugin.name), plugins::digest(&plugin.path)) {
        (_, Err(error)) => Err(format!("it cannot be read: {error}")),
        (None, _) => Err("it was not put there by `optimize plugin install`".to_owned()),
        (Some(installed), Ok(sha256)) if installed.sha256 == sha256 => Ok(format!("SHA-256 {sha256}")),
        (Some(_), Ok(_)) => Err("it has changed since it was installed".to_owned()),
    })
}
