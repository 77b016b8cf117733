//! The handle a program keeps: headers for a request, and a way to say that they were rejected.

use std::ops::Deref;
use std::sync::Arc;

use http::HeaderMap;
use secrecy::SecretString;

use crate::{AuthError, Cached, StaticBearer, Token, TokenSource};

/// Credentials for an API: request headers on demand. Cheap to clone; clones share one cache.
#[derive(Clone, Debug)]
pub struct Credentials {
    cached: Arc<Cached>,
}

impl Credentials {
    /// Credentials from `source` behind a cache with its defaults; see [`Cached`] to change them.
    pub fn new(source: impl TokenSource + 'static) -> Self {
        Cached::new(source).into()
    }

    /// A fixed token, such as the shared secret of a self-managed server.
    pub fn static_bearer(secret: SecretString) -> Result<Self, AuthError> {
        Ok(Self::new(StaticBearer::new(secret)?))
    }

    /// The headers to send now.
    ///
    /// Returns at once, without allocating, while the cached token is fresh. Otherwise it waits for the one token
    /// request that all callers share.
    pub async fn headers(&self) -> Result<AuthHeaders, AuthError> {
        self.cached.headers().await
    }

    /// The token to use now, for a caller that needs more than headers.
    pub async fn token(&self) -> Result<Token, AuthError> {
        self.cached.token().await
    }

    /// The token in the cache, if there is one that is still good. Sends nothing.
    pub fn cached_token(&self) -> Option<Token> {
        self.cached.peek()
    }

    /// Drops the token that came with `stamp`, because a server answered 401 to it.
    ///
    /// A newer token stays: a late 401 for an old token does no harm.
    pub fn invalidate(&self, stamp: Stamp) {
        self.cached.invalidate(stamp);
    }

    /// Drops whatever token is cached, so that the next call gets another one.
    pub fn forget(&self) {
        self.cached.forget();
    }

    /// Whether another token could be had after a 401. False for a fixed token.
    pub fn is_renewable(&self) -> bool {
        self.cached.is_renewable()
    }
}

impl From<Cached> for Credentials {
    fn from(cached: Cached) -> Self {
        Self { cached: Arc::new(cached) }
    }
}

/// Which token a set of headers came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp(pub(crate) u64);

/// Headers that authenticate one request, with the [`Stamp`] of the token they hold.
///
/// Dereferences to [`HeaderMap`]. Values are marked sensitive, so `Debug` hides them.
#[derive(Clone, Debug)]
pub struct AuthHeaders {
    headers: Arc<HeaderMap>,
    stamp: Stamp,
}

impl AuthHeaders {
    pub(crate) fn new(token: &Token, stamp: Stamp) -> Self {
        let mut headers = HeaderMap::with_capacity(1);
        headers.insert(http::header::AUTHORIZATION, token.authorization().clone());
        Self { headers: Arc::new(headers), stamp }
    }

    /// What to pass to [`Credentials::invalidate`] when a server rejects these headers.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }
}

impl Deref for AuthHeaders {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        &self.headers
    }
}
