use serde_json::json;

use super::built_in;
use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome, counted};
use crate::plugins::{self, Manifests};

/// A row per plugin and check: `ok`, `warn` or `fail`, with details.
pub(super) fn run(app: &App) -> Outcome {
    let mut manifests = Manifests::read(&app.environment);
    let built_in = built_in(app);
    let mut rows = Vec::new();
    let mut failed = 0;
    for plugin in plugins::find_all(&app.environment) {
        let mut report = |check: &str, status: &str, detail: String| {
            failed += usize::from(status == "fail");
            rows.push(json!({ "plugin": plugin.name, "check": check, "status": status, "detail": detail }));
        };
        for (path, problem) in &plugin.skipped {
            report("run", "fail", format!("{}: {}", path.display(), problem.text));
        }
        let path = plugin.path.display().to_string();
        match plugin.problem {
            None if built_in.contains(&plugin.name) => {
                let exec = format!("a command has this name; run it by: optimize plugin exec {} -- …", plugin.name);
                report("run", "warn", exec);
            }
            None => report("run", "ok", path),
            Some(problem) => {
                report("run", "fail", format!("{path}: {}", problem.text));
                continue;
            }
        }
        match manifests.of(&plugin.path) {
            Err(problem) => report("manifest", "warn", problem),
            Ok(manifest) if manifest.name != plugin.name => {
                report("manifest", "warn", format!("it calls itself {}", manifest.name));
            }
            Ok(manifest) => match manifest.host_problem() {
                None => report("manifest", "ok", format!("{} {}", manifest.name, manifest.version)),
                Some(problem) => report("manifest", "fail", problem),
            },
        }
    }
    let mut data = Data::rows(rows.into_iter());
    data.wraps = true;
    data.failure =
        (failed > 0).then(|| CliError::config(format!("{} failed", counted(failed as u64, "check"))).stating());
    Outcome::Data(data)
}
