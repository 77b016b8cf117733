use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::app::App;
use crate::config::{ConfigFile, TrustStore, effects};
use crate::error::CliError;
use crate::output::{Data, Outcome};

/// Show what a configuration file does, and trust it
///
/// A file that --config or the variable `OPTIMIZE_CONFIG` names may come from another person. Until you trust it, it cannot decide where
/// requests and secrets go, which secrets are used, or which programs are run. The file is trusted as it is now: once it
/// changes, you are asked again.
#[derive(Args, Debug)]
pub(crate) struct Trust {
    /// The configuration file
    #[arg(required_unless_present = "list", conflicts_with = "list")]
    file: Option<PathBuf>,
    /// Remove the trust in the file
    #[arg(long, conflicts_with = "list")]
    revoke: bool,
    /// List the trusted files
    #[arg(long)]
    list: bool,
}

impl Trust {
    pub(super) fn run(self, app: &App) -> Result<Outcome, CliError> {
        let mut trust = TrustStore::read(&app.environment)?;
        let Some(file) = &self.file else {
            let rows = trust.configurations().map(
                |(path, sha256)| json!({ "file": path.display().to_string(), "sha256": sha256, "exists": path.exists() }),
            );
            return Ok(Outcome::Data(Data::rows(rows.collect::<Vec<_>>().into_iter())));
        };
        app.only_for_people("change what is trusted")?;
        if self.revoke {
            revoke(&mut trust, file, app)?;
        } else {
            decide(&mut trust, file, app)?;
        }
        Ok(Outcome::Done)
    }
}

/// The path under which trust is recorded. A file that is gone has the path that was typed.
fn recorded_path(file: &Path) -> Result<PathBuf, CliError> {
    let absolute = || std::path::absolute(file);
    file.canonicalize().or_else(|_| absolute()).map_err(|error| CliError::io(format!("find {}", file.display()), error))
}

fn decide(trust: &mut TrustStore, file: &Path, app: &App) -> Result<(), CliError> {
    let read = ConfigFile::read(file)?;
    let path = recorded_path(file)?;
    let name = path.display().to_string();
    if trust.configuration(&path) == Some(&read.sha256) {
        app.printer.remark(&format!("{name} is trusted already"));
        return Ok(());
    }
    let changed = if trust.configuration(&path).is_some() { " has changed since you trusted it. It" } else { "" };
    app.printer.say(&format!("The configuration file {name}{changed}"));
    for line in effects(&read) {
        app.printer.say(&format!("  - {line}"));
    }
    app.printer.say(&format!("SHA-256 {}", read.sha256));
    app.confirm("Trust this file as it is now?")?;
    trust.trust_configuration(path, read.sha256);
    trust.save()?;
    app.printer.remark(&format!("{name} is trusted until it changes"));
    Ok(())
}

fn revoke(trust: &mut TrustStore, file: &Path, app: &App) -> Result<(), CliError> {
    let path = recorded_path(file)?;
    if !trust.distrust_configuration(&path) {
        return Err(CliError::config(format!("remove the trust in {}: it is not trusted", path.display()))
            .with_hint("list what is trusted: optimize config trust --list"));
    }
    trust.save()?;
    app.printer.remark(&format!("{} is no longer trusted", path.display()));
    Ok(())
}
