use clap::Args;
use serde_json::json;

use super::found;
use crate::app::App;
use crate::config::TrustStore;
use crate::env_vars::PLUGIN_NAME;
use crate::error::CliError;
use crate::output::{Data, Outcome};
use crate::plugins;

/// Trust a plugin with a token, or a credential helper that a project's configuration names
///
/// A plugin is trusted as it is now: once its file changes it is not trusted any more. A helper is trusted by its exact
/// arguments.
#[derive(Args, Debug)]
pub(crate) struct Trust {
    /// The name of the plugin
    #[arg(required_unless_present_any = ["list", "command"], conflicts_with_all = ["list", "command"])]
    name: Option<String>,
    /// Let it have tokens, by `optimize auth token`
    #[arg(long, requires = "name", required_unless_present_any = ["list", "command", "revoke"])]
    token: bool,
    /// Trust it no longer
    #[arg(long, conflicts_with = "list")]
    revoke: bool,
    /// List what is trusted
    #[arg(long)]
    list: bool,
    /// The program of the helper and its arguments
    #[arg(value_name = "COMMAND", last = true)]
    command: Vec<String>,
}

impl Trust {
    pub(super) fn run(self, app: &App) -> Result<Outcome, CliError> {
        if app.environment.raw(PLUGIN_NAME).is_some() && !self.list {
            return Err(CliError::untrusted("change what is trusted: a plugin asks for it, and only a person may"));
        }
        let mut trust = TrustStore::read(&app.environment)?;
        if self.list {
            let helpers = trust.helpers().iter().map(|command| json!({ "command": command }));
            let plugins = trust.plugins().map(|(name, sha256)| json!({ "plugin": name, "sha256": sha256 }));
            return Ok(Outcome::Data(Data::rows(helpers.chain(plugins).collect::<Vec<_>>().into_iter())));
        }
        let subject = self.name.clone().unwrap_or_else(|| self.command.join(" "));
        match (&self.name, self.revoke) {
            (Some(name), false) => {
                let plugin = found(name, app)?;
                let failed = |error| CliError::io(format!("read {}", plugin.path.display()), error);
                trust.trust_with_token(name, plugins::digest(&plugin.path).map_err(failed)?);
            }
            (None, false) => {
                if !self.command.first().is_some_and(|program| std::path::Path::new(program).is_absolute()) {
                    return Err(CliError::config(format!("trust {subject}: the path of the program is not absolute")));
                }
                trust.trust_helper(self.command);
            }
            (name, true) => {
                let was_trusted = match name {
                    Some(name) => trust.distrust_plugin(name),
                    None => trust.distrust_helper(&self.command),
                };
                if !was_trusted {
                    return Err(CliError::config(format!("revoke the trust in {subject}: there is none"))
                        .with_hint("optimize plugin trust --list tells what is trusted"));
                }
            }
        }
        trust.save()?;
        app.printer.remark(&if self.revoke {
            format!("{subject} is no longer trusted")
        } else {
            format!("{subject} is trusted")
        });
        Ok(Outcome::Done)
    }
}
