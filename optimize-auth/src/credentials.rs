//! The handle a program keeps: headers for a request, and a way to report that they were rejected.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::HeaderMap;
use secrecy::SecretString;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::cache::Cached;
use crate::cache::{Entry, Freshness};
use crate::error::AuthError;
use crate::lock::lock;
use crate::source::TokenSource;
use crate::strategy::static_bearer::StaticBearer;
use crate::token::Token;

/// Credentials for an API: request headers on demand. Cheap to clone; clones share one cache.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_auth::Credentials;
///
/// let credentials = Credentials::static_bearer("shared-secret".into())?;
/// let headers = credentials.headers().await?;
/// assert_eq!(headers.as_map()["authorization"], "Bearer shared-secret");
/// assert!(!format!("{headers:?}").contains("shared-secret"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    cached: Arc<Cached>,
    /// The task that refreshes ahead, if there is one.
    refreshing: Mutex<Option<JoinHandle<()>>>,
    /// The runtime of the latest caller that waited, for those that are on none.
    runtime: Mutex<Option<Handle>>,
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

    /// The headers to send now. None for [`Anonymous`](crate::Anonymous) credentials.
    ///
    /// Returns at once, without allocating, while the cached token is valid. Otherwise it waits for the one token
    /// request that all callers share.
    pub async fn headers(&self) -> Result<AuthHeaders, AuthError> {
        self.get(|entry| entry.headers.clone()).await
    }

    /// The token to use now, for a caller that needs more than headers.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let credentials = optimize_auth::Credentials::static_bearer("shared-secret".into())?;
    /// let token = credentials.token().await?;
    /// assert!(token.is_bearer() && token.expires_at().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn token(&self) -> Result<Token, AuthError> {
        self.get(|entry| entry.token.clone()).await
    }

    async fn get<T>(&self, pick: impl Fn(&Entry) -> T) -> Result<T, AuthError> {
        let cached = &self.shared.cached;
        let (picked, freshness) = match cached.read_entry(&pick) {
            Some((picked, freshness)) if freshness != Freshness::Stale => (picked, freshness),
            _ => {
                self.remember_runtime();
                let (entry, freshness) = cached.renew().await?;
                (pick(&entry), freshness)
            }
        };
        if freshness == Freshness::RefreshAhead {
            self.refresh_ahead();
        }
        Ok(picked)
    }

    /// The headers to send now, for a caller that cannot wait, such as an interceptor of tonic. Sends nothing itself.
    ///
    /// While the token is valid this returns it, and starts a renewal in the background when one is due, so that a caller who
    /// comes often always has one. `None` before the first token, and after a rejection until the next one has arrived; both
    /// start a request. The request runs on the runtime of the caller, or else of the latest one who waited for a
    /// token with [`headers`](Self::headers): await that once before.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), optimize_auth::AuthError> {
    /// # let credentials = optimize_auth::Credentials::static_bearer("abc".into())?;
    /// credentials.headers().await?;
    /// assert!(credentials.headers_now().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn headers_now(&self) -> Option<AuthHeaders> {
        let cached = &self.shared.cached;
        let held = cached.read_entry(|entry| cached.has_not_ended(entry).then(|| entry.headers.clone()));
        match held {
            Some((headers, Freshness::Fresh)) => headers,
            Some((headers, Freshness::RefreshAhead)) => {
                self.refresh_ahead();
                headers
            }
            Some((headers, Freshness::Stale)) => {
                self.renew_in_background();
                headers
            }
            None => {
                self.renew_in_background();
                None
            }
        }
    }

    /// Starts a request for a token that callers wait for, unless one that was started here is under way.
    fn renew_in_background(&self) {
        let mut refreshing = self.shared.refreshing();
        if refreshing.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let Some(runtime) = self.runtime() else { return };
        let cached = self.shared.cached.clone();
        let renewal = async move {
            if let Err(error) = cached.renew().await {
                tracing::debug!(%error, "no token could be had in the background");
            }
        };
        *refreshing = Some(runtime.spawn(renewal.in_current_span()));
    }

    fn remember_runtime(&self) {
        if let Ok(runtime) = Handle::try_current() {
            *lock(&self.shared.runtime) = Some(runtime);
        }
    }

    fn runtime(&self) -> Option<Handle> {
        Handle::try_current().ok().or_else(|| lock(&self.shared.runtime).clone())
    }

    /// Starts a refresh in the background, unless one is under way or has just failed. It ends with these credentials.
    fn refresh_ahead(&self) {
        let Some(turn) = self.shared.cached.may_refresh() else { return };
        // Without a runtime the token is replaced when it has to be.
        let Some(runtime) = self.runtime() else { return };
        let cached = self.shared.cached.clone();
        let refresh = async move {
            // A runtime that was not driven for long may come to this when it is done.
            if !cached.is_valid(&turn) {
                return;
            }
            if let Err(error) = cached.run_flight(turn).await {
                tracing::debug!(%error, "the token was not refreshed ahead; the valid one stays");
            }
        };
        *self.shared.refreshing() = Some(runtime.spawn(refresh.in_current_span()));
    }

    /// Waits for a refresh in the background to end, at most this long: for programs that end soon, so that the token
    /// they were about to get is not thrown away.
    pub async fn settle(&self, limit: Duration) {
        let task = self.shared.refreshing().take();
        if let Some(task) = task {
            // Whatever became of it: the token at hand was valid.
            let _ = tokio::time::timeout(limit, task).await;
        }
    }

    /// The token in the cache or its store, if there is one that is still good. Sends nothing.
    pub async fn cached_token(&self) -> Option<Token> {
        self.shared.cached.peek().await
    }

    /// Drops the token that came with `stamp`, because a server returned 401 to it, with this `WWW-Authenticate` header.
    ///
    /// A newer token stays: a late 401 for an old token does no harm.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let credentials = optimize_auth::Credentials::static_bearer("shared-secret".into())?;
    /// let headers = credentials.headers().await?;
    /// // After a 401 with this header:
    /// credentials.reject(headers.stamp(), Some("Bearer error=\"invalid_token\""));
    /// # Ok(())
    /// # }
    /// ```
    pub fn reject(&self, stamp: Stamp, challenge: Option<&str>) {
        self.shared.cached.reject(stamp, challenge);
    }

    /// Drops the token of `rejected`, as [`reject`](Self::reject) does, and returns the headers of another one. `None` if it is
    /// the same again, as from a file that nobody has replaced: sending that is useless.
    ///
    /// ```no_run
    /// # async fn example(credentials: optimize_auth::Credentials) -> Result<(), optimize_auth::AuthError> {
    /// let auth = credentials.headers().await?;
    /// // After a 401 to a request with these headers:
    /// if let Some(renewed) = credentials.renewed_after(&auth, None).await? {
    ///     // Send the request once more, with those.
    /// # drop(renewed);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn renewed_after(
        &self,
        rejected: &AuthHeaders,
        challenge: Option<&str>,
    ) -> Result<Option<AuthHeaders>, AuthError> {
        self.reject(rejected.stamp(), challenge);
        let new = self.headers().await?;
        Ok((new.as_map() != rejected.as_map()).then_some(new))
    }

    /// Drops whatever token is cached, so that the next call gets another one.
    pub fn forget(&self) {
        self.shared.cached.forget();
    }

    /// Drops the token here, in the store, and where the source keeps one, such as a credential helper.
    pub async fn log_out(&self) -> Result<(), AuthError> {
        self.shared.cached.remove().await;
        self.shared.cached.source().erase().await
    }

    /// Lets a person log in where the source has a way to.
    pub async fn log_in(&self) -> Result<(), AuthError> {
        self.shared.cached.source().log_in().await
    }

    /// Whether another token could be had after a 401. False for a fixed token.
    pub fn is_renewable(&self) -> bool {
        self.shared.cached.source().is_renewable()
    }
}

impl Shared {
    fn refreshing(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        lock(&self.refreshing)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(task) = self.refreshing().take() {
            task.abort();
        }
    }
}

impl From<Cached> for Credentials {
    fn from(cached: Cached) -> Self {
        Self {
            shared: Arc::new(Shared {
                cached: Arc::new(cached),
                refreshing: Mutex::default(),
                runtime: Mutex::default(),
            }),
        }
    }
}

/// Which token a set of headers came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp(pub(crate) u64);

/// Headers that authenticate one request, with the [`Stamp`] of the token they hold.
///
/// Values are marked sensitive, so `Debug` hides them.
#[derive(Clone, Debug)]
pub struct AuthHeaders {
    headers: Arc<HeaderMap>,
    stamp: Stamp,
}

impl AuthHeaders {
    pub(crate) fn new(token: &Token, stamp: Stamp) -> Self {
        let mut headers = HeaderMap::with_capacity(1);
        if let Some((name, value)) = token.as_header() {
            headers.insert(name.clone(), value.clone());
        }
        Self { headers: Arc::new(headers), stamp }
    }

    /// Puts the headers into those of a request.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), optimize_auth::AuthError> {
    /// use optimize_auth::Credentials;
    /// use optimize_auth::http::HeaderMap;
    ///
    /// let mut headers = HeaderMap::new();
    /// Credentials::static_bearer("abc".into())?.headers().await?.apply(&mut headers);
    /// assert_eq!(headers["authorization"], "Bearer abc");
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in self.headers.iter() {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// The same for headers that another layer may have authenticated: fails, and changes nothing, if one of them is there.
    #[cfg(any(feature = "tower", feature = "reqwest-middleware"))]
    pub(crate) fn apply_alone(&self, headers: &mut HeaderMap) -> Result<(), std::io::Error> {
        if let Some(name) = self.headers.keys().find(|name| headers.contains_key(*name)) {
            let problem = format!("the request has the header {name} already: two layers authenticate it");
            return Err(std::io::Error::other(problem));
        }
        self.apply(headers);
        Ok(())
    }

    /// The headers. Empty for [`Anonymous`](crate::Anonymous) credentials.
    pub fn as_map(&self) -> &HeaderMap {
        &self.headers
    }

    /// What to pass to [`Credentials::reject`] when a server rejects these headers.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }
}
