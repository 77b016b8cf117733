use clap::Args;
use optimize_auth::FileStore;

use crate::app::App;
use crate::config::TokenCachePlace;
use crate::error::CliError;
use crate::output::{Outcome, counted};

/// Drop the cached token, and what a credential helper keeps
#[derive(Args, Debug)]
pub(crate) struct Logout {
    /// Drop the cached tokens of all profiles
    #[arg(long)]
    all: bool,
}

impl Logout {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        if self.all
            && let TokenCachePlace::Directory(directory) = app.settings.token_cache()
        {
            let failed = |error| CliError::io(format!("empty the token cache {}", directory.display()), error);
            let count = FileStore::new(&directory).clear().map_err(failed)?;
            app.printer.remark(&format!("dropped {}", counted(count as u64, "cached token")));
            return Ok(Outcome::Done);
        }
        let credentials = app.credentials().await?;
        let was_there = credentials.cached_token().await.is_some();
        credentials.log_out().await?;
        app.printer.remark(if was_there { "dropped the cached token" } else { "there was no cached token" });
        Ok(Outcome::Done)
    }
}
