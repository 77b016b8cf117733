//! The extension point: how a credential is obtained.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::AuthError;
use crate::store::StoreKey;
use crate::token::Token;

/// Fetches a token at each call.
///
/// A source keeps no token: caching, single flight, retries, stores and the clock belong to
/// [`Cached`](crate::Cached). It is never called twice at once by the same cache. Its `Debug` output must not show a
/// secret.
///
/// ```
/// use optimize_auth::{AuthError, Credentials, FetchContext, Token, TokenSource, async_trait};
///
/// /// Asks a vault.
/// #[derive(Debug)]
/// struct Vault;
///
/// #[async_trait]
/// impl TokenSource for Vault {
///     async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
///         Ok(Token::bearer("from-the-vault".into())?.with_lifetime(std::time::Duration::from_secs(300)))
///     }
/// }
///
/// let credentials = Credentials::new(Vault);
/// # drop(credentials);
/// ```
#[async_trait]
pub trait TokenSource: Debug + Send + Sync {
    /// Obtains a token, with its lifetime where it is known.
    ///
    /// One call makes one attempt; an error whose [`is_transient`](AuthError::is_transient) holds is tried again by the
    /// cache.
    async fn fetch(&self, context: &FetchContext) -> Result<Token, AuthError>;

    /// Whether another call could give another token. False for a fixed token: after a 401 there is nothing to refresh.
    fn is_renewable(&self) -> bool {
        true
    }

    /// What names this source's tokens in a [`TokenStore`](crate::TokenStore): everything that changes the token must
    /// be in it. `None`, the default, keeps them out of stores.
    fn store_key(&self) -> Option<StoreKey> {
        None
    }

    /// Drops what the source itself has kept elsewhere, as a credential helper may. Default: nothing.
    async fn erase(&self) -> Result<(), AuthError> {
        Ok(())
    }

    /// Lets a person log in where the source has a way to. Default: nothing to do.
    async fn log_in(&self) -> Result<(), AuthError> {
        Ok(())
    }
}

#[async_trait]
impl TokenSource for Box<dyn TokenSource> {
    async fn fetch(&self, context: &FetchContext) -> Result<Token, AuthError> {
        (**self).fetch(context).await
    }

    fn is_renewable(&self) -> bool {
        (**self).is_renewable()
    }

    fn store_key(&self) -> Option<StoreKey> {
        (**self).store_key()
    }

    async fn erase(&self) -> Result<(), AuthError> {
        (**self).erase().await
    }

    async fn log_in(&self) -> Result<(), AuthError> {
        (**self).log_in().await
    }
}

/// Why a token is fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchContext {
    /// The occasion.
    pub reason: FetchReason,
    /// The `WWW-Authenticate` header with which the last token was rejected.
    pub challenge: Option<String>,
    /// The first half of the SHA-256 of the last token, in hexadecimal: identifies a token without showing it.
    pub previous: Option<String>,
}

/// The occasion of a fetch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchReason {
    /// No token is cached.
    #[default]
    Missing,
    /// The one there is ends soon, or has ended.
    Expiring,
    /// A server returned 401 to the one there was.
    Rejected,
    /// The caller requested another one.
    Forced,
}
