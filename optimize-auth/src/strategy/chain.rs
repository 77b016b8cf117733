//! Several sources, of which the first that has a credential is used.

use async_trait::async_trait;

use crate::error::{AuthError, AuthErrorKind};
use crate::source::{FetchContext, TokenSource};
use crate::store::StoreKey;
use crate::token::Token;

/// Asks its sources in order.
///
/// Only [`NotFound`](AuthErrorKind::NotFound) and [`Unsupported`](AuthErrorKind::Unsupported) lead on to the next one. Any
/// other error ends the chain: a source that is configured and fails must not be replaced by another identity in silence.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_auth::{Chain, Credentials, StaticBearer, TokenFile};
///
/// let chain = Chain::new(vec![
///     ("file".to_owned(), Box::new(TokenFile::new("/run/secrets/no-such-token")) as _),
///     ("fallback".to_owned(), Box::new(StaticBearer::new("shared-secret".into())?) as _),
/// ])?;
/// assert!(Credentials::new(chain).headers().await.is_ok(), "the second one has a token");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Chain {
    sources: Vec<(String, Box<dyn TokenSource>)>,
}

impl Chain {
    /// Creates a chain of these sources, each with a name for errors. Fails if `sources` is empty.
    pub fn new(sources: Vec<(String, Box<dyn TokenSource>)>) -> Result<Self, AuthError> {
        if sources.is_empty() {
            return Err(AuthError::invalid_setting("sources", "a chain needs at least one"));
        }
        Ok(Self { sources })
    }
}

#[async_trait]
impl TokenSource for Chain {
    async fn fetch(&self, context: &FetchContext) -> Result<Token, AuthError> {
        let mut attempts = Vec::new();
        for (name, source) in &self.sources {
            match source.fetch(context).await {
                Ok(token) => return Ok(token),
                Err(error) => {
                    let goes_on = matches!(error.kind(), AuthErrorKind::NotFound | AuthErrorKind::Unsupported);
                    attempts.push(format!("{name}: {}", error.in_full()));
                    if !goes_on {
                        return Err(error.retold(format!("get a token from the chain ({})", attempts.join("; "))));
                    }
                }
            }
        }
        let message = format!("find a credential in the chain ({})", attempts.join("; "));
        Err(AuthError::new(AuthErrorKind::NotFound, message))
    }

    fn is_renewable(&self) -> bool {
        self.sources.iter().any(|(_, source)| source.is_renewable())
    }

    fn store_key(&self) -> Option<StoreKey> {
        let keys: Vec<_> = self.sources.iter().filter_map(|(name, source)| Some((name, source.store_key()?))).collect();
        let builder = StoreKey::builder("chain");
        let key = keys.iter().fold(builder, |builder, (name, key)| builder.with_key(name, key));
        (!keys.is_empty()).then(|| key.build())
    }

    async fn erase(&self) -> Result<(), AuthError> {
        for (_, source) in &self.sources {
            source.erase().await?;
        }
        Ok(())
    }

    async fn log_in(&self) -> Result<(), AuthError> {
        for (_, source) in &self.sources {
            source.log_in().await?;
        }
        Ok(())
    }
}
