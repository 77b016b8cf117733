//! No credential at all.

use async_trait::async_trait;

use crate::error::AuthError;
use crate::source::{FetchContext, TokenSource};
use crate::token::Token;

/// For an API that needs no credential, for example behind a gateway that adds one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_auth::{Anonymous, Credentials};
///
/// assert!(Credentials::new(Anonymous).headers().await?.as_map().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Anonymous;

#[async_trait]
impl TokenSource for Anonymous {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        Ok(Token::none().without_storing())
    }

    fn is_renewable(&self) -> bool {
        false
    }
}
