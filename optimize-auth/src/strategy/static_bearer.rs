//! A token that was agreed beforehand.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::error::AuthError;
use crate::source::{FetchContext, TokenSource};
use crate::token::Token;

/// The shared token of a self-managed Optimize (`api.accessToken`), or any token obtained elsewhere.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_auth::{Credentials, StaticBearer};
///
/// let credentials = Credentials::new(StaticBearer::new("shared-secret".into())?);
/// assert!(!credentials.is_renewable());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct StaticBearer {
    token: Token,
}

impl StaticBearer {
    /// Fails with [`InvalidInput`](crate::AuthErrorKind::InvalidInput) if the text cannot be presented as a bearer token.
    pub fn new(secret: SecretString) -> Result<Self, AuthError> {
        Ok(Self { token: Token::bearer(secret)?.without_storing() })
    }
}

#[async_trait]
impl TokenSource for StaticBearer {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        Ok(self.token.clone())
    }

    fn is_renewable(&self) -> bool {
        false
    }
}
