//! The extension point: how a token is obtained.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{AuthError, Token};

/// Fetches a token each time it is asked.
///
/// A source keeps no token: caching, single flight, retries and the clock belong to [`Cached`](crate::Cached). It is
/// never called twice at once by the same cache. Its `Debug` output must not show a secret.
#[async_trait]
pub trait TokenSource: Debug + Send + Sync {
    /// Obtains a token, with its lifetime where it is known.
    ///
    /// One call makes one attempt; an error whose [`is_transient`](AuthError::is_transient) holds is tried again by the
    /// cache.
    async fn fetch(&self) -> Result<Token, AuthError>;

    /// Whether another call could give another token. False for a fixed token: after a 401 there is nothing to refresh.
    fn is_renewable(&self) -> bool {
        true
    }
}
