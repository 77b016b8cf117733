//! A custom strategy: tokens from a mailbox, a directory in which another program leaves one file per token. The newest is used.
//!
//! It gets the cache, single flight, the retries, the stores and the redaction of the built-in ones, and can be a member of
//! a chain, because all of that is the host's. All that is here is where a token comes from.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use optimize_auth::{
    AuthError, AuthErrorKind, BuildContext, FetchContext, StrategyRegistry, StrategySettings, Token, TokenSource,
    read_secret_file,
};

/// Tokens from a mailbox.
#[derive(Debug)]
pub struct Mailbox {
    directory: PathBuf,
    lifetime: Duration,
}

impl Mailbox {
    /// Takes the settings by name. One that is not taken is an unknown one, and an error, without more work here.
    ///
    /// # Errors
    /// If `directory` is missing or `lifetime_seconds` is no number.
    pub fn from_settings(settings: &mut StrategySettings, _: &BuildContext) -> Result<Self, AuthError> {
        let directory = settings.required_text("directory")?.into();
        let lifetime = settings.text("lifetime_seconds")?.unwrap_or_else(|| "60".to_owned());
        let lifetime =
            lifetime.parse().map_err(|_| AuthError::invalid_setting("lifetime_seconds", "expected a number"))?;
        Ok(Self { directory, lifetime: Duration::from_secs(lifetime) })
    }

    fn newest(&self) -> std::io::Result<Option<PathBuf>> {
        let mut newest = None;
        for entry in std::fs::read_dir(&self.directory)? {
            let entry = entry?;
            newest = newest.max(Some((entry.metadata()?.modified()?, entry.path())));
        }
        Ok(newest.map(|(_, path)| path))
    }
}

#[async_trait]
impl TokenSource for Mailbox {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        let failed = |kind| AuthError::new(kind, format!("look into the mailbox {}", self.directory.display()));
        let newest = self.newest().map_err(|error| failed(AuthErrorKind::InvalidInput).with_source(error))?;
        // A chain tries its next source.
        let path = newest.ok_or_else(|| failed(AuthErrorKind::NotFound))?;
        Ok(Token::bearer(read_secret_file(&path, "token")?)?.with_lifetime(self.lifetime).without_storing())
    }
}

/// The built-in strategies and `mailbox`.
///
/// # Errors
/// Never, unless a later version of `optimize-auth` takes the name.
pub fn registry() -> Result<StrategyRegistry, AuthError> {
    let mut registry = StrategyRegistry::default();
    registry.register("mailbox", Mailbox::from_settings)?;
    Ok(registry)
}
