//! One fetch for all processes that share a store: what one has stored the others read.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Cached;
use super::flight::Want;
use super::slot::{Entry, Freshness};
use crate::error::AuthError;
use crate::lock::lock;
use crate::source::FetchReason;
use crate::store::pause::Pause;
use crate::store::{StoreError, StoreKey, StoreLock, TokenStore, fingerprint};
use crate::token::Token;

/// How often one who waits for the lock looks for a token: from the first of these on, doubling to the second.
const SHORTEST_WAIT: Duration = Duration::from_millis(2);
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// How long a store may take for one call.
const CALL_LIMIT: Duration = Duration::from_secs(5);
/// How long a store that did not respond is left alone.
const REST: Duration = Duration::from_secs(30);
/// How long to wait for a lock: as long as another process may take for its requests.
const LOCK_LIMIT: Duration = Duration::from_secs(60);

/// How far the wall clocks of processes that share a store may seem to differ: they may be read coarsely.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// What comes next for a caller that needs a token.
enum Next {
    /// Another process has stored one.
    Token(Box<Entry>),
    /// It is to be fetched, under the lock of the store if that could be had.
    Fetch(Option<Box<dyn StoreLock>>),
}

async fn release(lock: Option<Box<dyn StoreLock>>) {
    if let Some(lock) = lock {
        // A store that is late releases it by its own time limit.
        let _ = timeout(CALL_LIMIT, lock.release()).await;
    }
}

impl Cached {
    /// The token in the store, if it can still be used.
    pub(super) async fn stored_token(&self) -> Option<Token> {
        let (store, key) = self.shared_store()?;
        self.stored(store, &key, Want { reason: FetchReason::Missing, fresh: false }).await.map(|entry| entry.token)
    }

    pub(super) async fn remove_stored(&self) {
        if let Some((store, key)) = self.shared_store() {
            self.called("remove a token", store.remove(&key)).await;
        }
    }

    /// A token from the store or, under its lock, from the source.
    pub(super) async fn obtain(&self, want: Want) -> Result<Entry, AuthError> {
        let Some((store, key)) = self.shared_store() else {
            return self.with_heartbeat(None, self.attempt(want)).await;
        };
        let lock = match self.with_heartbeat(None, self.stored_or_locked(store, &key, want)).await {
            Next::Token(entry) => return Ok(*entry),
            Next::Fetch(lock) => lock,
        };
        let outcome = self.fetch_into(store, &key, want, lock.as_deref()).await;
        release(lock).await;
        outcome
    }

    async fn fetch_into(
        &self,
        store: &dyn TokenStore,
        key: &StoreKey,
        want: Want,
        lock: Option<&dyn StoreLock>,
    ) -> Result<Entry, AuthError> {
        let pause = self.called("read a pause", store.read_pause(key)).await.flatten();
        // A caller that forces a request needs to know whether the client is still refused.
        let applies = |pause: &&Pause| !(pause.is_refusal() && want.reason == FetchReason::Forced);
        if let Some(error) = pause.as_ref().filter(applies).and_then(|pause| pause.error(self.clock.wall())) {
            return Err(error);
        }
        let outcome = self.with_heartbeat(lock, self.attempt(want)).await;
        let next = outcome.as_ref().err().and_then(|error| Pause::after(error, self.clock.wall()));
        if pause.is_some() || next.is_some() {
            self.called("write a pause", store.write_pause(key, next.as_ref())).await;
        }
        let entry = outcome?;
        if entry.token.is_storable() {
            self.called("write a token", store.write(key, &entry.token)).await;
        }
        Ok(entry)
    }

    fn shared_store(&self) -> Option<(&dyn TokenStore, StoreKey)> {
        Some((self.store.as_deref()?, self.source.store_key()?))
    }

    /// What a call of the store has yielded. A failure is nobody's: the first one is logged.
    async fn called<T>(&self, action: &str, call: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
        if self.store_rests() {
            return None;
        }
        let problem = match timeout(CALL_LIMIT, call).await {
            Ok(Ok(value)) => return Some(value),
            Ok(Err(error)) => error.to_string(),
            Err(_) => {
                *lock(&self.store_rests_until) = Instant::now().checked_add(REST);
                format!("it did not respond within {CALL_LIMIT:?}")
            }
        };
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!("the token store is not used: cannot {action}: {problem}");
        }
        None
    }

    /// Whether the store has just failed to respond, so that nobody waits for it again.
    fn store_rests(&self) -> bool {
        lock(&self.store_rests_until).is_some_and(|end| Instant::now() < end)
    }

    /// The stored token, or the lock under which to fetch one. One who waits for the lock keeps an eye on the store, so that a
    /// token which another process has fetched serves all at once.
    async fn stored_or_locked(&self, store: &dyn TokenStore, key: &StoreKey, want: Want) -> Next {
        let mut locking = pin!(timeout(LOCK_LIMIT, store.lock(key)));
        let mut interval = SHORTEST_WAIT;
        loop {
            if let Some(entry) = self.stored(store, key, want).await {
                return Next::Token(Box::new(entry));
            }
            if self.store_rests() {
                return Next::Fetch(None);
            }
            let Ok(locked) = timeout(interval, locking.as_mut()).await else {
                interval = (2 * interval).min(LONGEST_WAIT);
                continue;
            };
            let locked = locked.unwrap_or_else(|_| Err(format!("it granted no lock within {LOCK_LIMIT:?}").into()));
            let lock = self.called("lock a token", std::future::ready(locked)).await.flatten();
            // Another process may have stored a token between the last read and this lock.
            return match self.stored(store, key, want).await {
                Some(entry) => {
                    release(lock).await;
                    Next::Token(Box::new(entry))
                }
                None => Next::Fetch(lock),
            };
        }
    }

    /// The stored token if it will do: never one that was rejected or is not wanted any more.
    async fn stored(&self, store: &dyn TokenStore, key: &StoreKey, want: Want) -> Option<Entry> {
        if want.reason == FetchReason::Forced {
            return None;
        }
        let token = self.called("read a token", store.read(key)).await.flatten()?;
        let rejected = lock(&self.dropped).fingerprint.clone();
        if rejected.is_some_and(|rejected| rejected == fingerprint(token.secret())) {
            return None;
        }
        let now = self.now();
        // A record from the future is ignored: its clock or this one is wrong, and so is every age.
        let age = match now.wall.duration_since(token.request_time()) {
            Ok(age) => age,
            Err(ahead) if ahead.duration() <= CLOCK_TOLERANCE => Duration::ZERO,
            Err(_) => return None,
        };
        if token.lifetime().is_some_and(|lifetime| age >= lifetime) {
            return None;
        }
        let entry = self.entry(token, now, age);
        match self.freshness(&entry) {
            Freshness::Fresh => Some(entry),
            Freshness::RefreshAhead if !want.fresh => Some(entry),
            _ => None,
        }
    }
}
