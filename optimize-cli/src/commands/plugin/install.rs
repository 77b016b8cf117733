use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{built_in, usable};
use crate::app::App;
use crate::config::TrustStore;
use crate::error::CliError;
use crate::output::{Data, Outcome};
use crate::plugins::{Found, Managed, is_name};

/// Copy a program to the plugin directory and record its SHA-256; nothing is downloaded
#[derive(Args, Debug)]
pub(crate) struct Install {
    /// The program
    path: PathBuf,
    /// The name of the plugin [default: that of the file, after optimize-]
    #[arg(long)]
    name: Option<String>,
    /// Replace a plugin of the same name
    #[arg(long)]
    force: bool,
}

/// Remove an installed plugin, and the trust in it
#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// The name of the plugin
    name: String,
}

impl Install {
    pub(super) fn run(self, app: &App) -> Result<Outcome, CliError> {
        let path = self.path.display();
        let name = self.name.clone().or_else(|| Found::name_of(&self.path)).ok_or_else(|| {
            CliError::config(format!("install {path}: its name does not begin with optimize-"))
                .with_hint("name the plugin with --name NAME")
        })?;
        usable(&name, &format!("install {path}"))?;
        app.check_columns(&["name", "sha256"])?;
        let mut managed = Managed::read(&app.environment)?;
        if managed.installed(&name).is_some() && !self.force {
            let problem = format!("install {path}: there is a plugin {name} already");
            return Err(CliError::config(problem).with_hint("pass --force to replace it"));
        }
        let sha256 = managed.install(&name, &self.path)?;
        if built_in(app).contains(&name) {
            app.printer.warning(&format!(
                "a command has the name {name} and is run instead; run the plugin by: optimize plugin exec {name} -- …"
            ));
        }
        Ok(Outcome::Data(Data::record(&json!({ "name": name, "sha256": sha256 }))))
    }
}

impl Remove {
    pub(super) fn run(self, app: &App) -> Result<Outcome, CliError> {
        if !is_name(&self.name) || !Managed::read(&app.environment)?.remove(&self.name)? {
            let problem = format!("remove the plugin `{}`: none of this name was installed", self.name.escape_debug());
            return Err(
                CliError::config(problem).with_hint("optimize plugin list shows the installed plugins and their paths")
            );
        }
        let mut trust = TrustStore::read(&app.environment)?;
        if trust.distrust_plugin(&self.name) {
            trust.save()?;
        }
        app.printer.remark(&format!("removed {}", self.name));
        Ok(Outcome::Done)
    }
}
