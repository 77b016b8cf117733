use clap::Args;
use serde_json::json;

use super::found;
use crate::app::App;
use crate::config::TrustStore;
use crate::error::CliError;
use crate::output::{Data, Outcome};
use crate::sha256;

/// Allow a plugin to get tokens
///
/// A plugin is trusted as it is now: once its file changes it is not trusted any more.
#[derive(Args, Debug)]
pub(crate) struct Trust {
    /// The name of the plugin
    #[arg(required_unless_present = "list", conflicts_with = "list")]
    name: Option<String>,
    /// Allow it to get tokens with `optimize auth token`
    #[arg(long, requires = "name", required_unless_present_any = ["list", "revoke"])]
    token: bool,
    /// Remove the trust
    #[arg(long, conflicts_with = "list")]
    revoke: bool,
    /// List the trusted plugins
    #[arg(long)]
    list: bool,
}

impl Trust {
    pub(super) fn run(self, app: &App) -> Result<Outcome, CliError> {
        let mut trust = TrustStore::read(&app.environment)?;
        let Some(name) = &self.name else {
            let plugins = trust.plugins().map(|(name, sha256)| json!({ "plugin": name, "sha256": sha256 }));
            return Ok(Outcome::Data(Data::rows(plugins.collect::<Vec<_>>().into_iter())));
        };
        app.only_for_people("change what is trusted")?;
        if self.revoke {
            if !trust.distrust_plugin(name) {
                return Err(CliError::config(format!("remove the trust in {name}: it is not trusted"))
                    .with_hint("list what is trusted: optimize plugin trust --list"));
            }
        } else {
            let plugin = found(name, app)?;
            if let Some(problem) = plugin.problem {
                return Err(CliError::config(format!("trust the plugin {name}: {}", problem.text)));
            }
            let failed = |error| CliError::io(format!("read {}", plugin.path.display()), error);
            trust.trust_with_token(name, sha256::of_file(&plugin.path).map_err(failed)?);
        }
        trust.save()?;
        app.printer.remark(&format!("{name} is {} trusted", if self.revoke { "no longer" } else { "now" }));
        Ok(Outcome::Done)
    }
}
