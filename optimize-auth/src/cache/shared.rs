//! One fetch for all processes that share a store: what one has stored the others read.

use std::time::Duration;

use super::Cached;
use super::flight::{SILENCE, Want};
use super::slot::{Entry, Freshness};
use crate::error::AuthError;
use crate::lock::lock;
use crate::source::FetchReason;
use crate::store::pause::Pause;
use crate::store::{LockOutcome, StoreKey, StoreLock, TokenStore, fingerprint};
use crate::token::Token;

const SHORTEST_LOCK_WAIT: Duration = Duration::from_millis(2);
const LONGEST_LOCK_WAIT: Duration = Duration::from_millis(50);

/// How far the wall clocks of processes that share a store may seem to differ: they may be read coarsely.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// What comes next for a caller that needs a token.
enum Next {
    /// Another process has stored one.
    Token(Box<Entry>),
    /// It is to be fetched, under the lock of the store if that could be had.
    Fetch(Option<StoreLock>),
}

impl Cached {
    /// The token in the store, if it can still be used.
    pub(super) fn stored_token(&self) -> Option<Token> {
        let (store, key) = self.shared_store()?;
        self.stored(store, &key, Want { reason: FetchReason::Missing, fresh: false }).map(|entry| entry.token)
    }

    pub(super) fn remove_stored(&self) {
        if let Some((store, key)) = self.shared_store() {
            store.remove(&key);
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
        let pause = store.read_pause(&key);
        // A caller that forces a request needs to know whether the client is still refused.
        let applies = |pause: &&Pause| !(pause.is_refusal() && want.reason == FetchReason::Forced);
        if let Some(error) = pause.as_ref().filter(applies).and_then(|pause| pause.error(self.clock.wall())) {
            return Err(error);
        }
        let outcome = self.with_heartbeat(lock.as_ref(), self.attempt(want)).await;
        let next = outcome.as_ref().err().and_then(|error| Pause::after(error, self.clock.wall()));
        if pause.is_some() || next.is_some() {
            store.write_pause(&key, next.as_ref());
        }
        let entry = outcome?;
        if entry.token.is_storable() {
            store.write(&key, &entry.token);
        }
        Ok(entry)
    }

    fn shared_store(&self) -> Option<(&dyn TokenStore, StoreKey)> {
        Some((self.store.as_deref()?, self.source.store_key()?))
    }

    /// The stored token, or the lock under which to fetch one. One who waits for the lock keeps an eye on the store, so that a
    /// token which another process has fetched serves all at once. A holder that does not run any more, such as a stopped
    /// process, loses its lock to one of those who wait.
    async fn stored_or_locked(&self, store: &dyn TokenStore, key: &StoreKey, want: Want) -> Next {
        let mut pause = SHORTEST_LOCK_WAIT;
        let mut silence = Duration::ZERO;
        let mut last_beat = None;
        let mut has_broken = false;
        loop {
            if let Some(entry) = self.stored(store, key, want) {
                return Next::Token(Box::new(entry));
            }
            let beat = match store.try_lock(key) {
                LockOutcome::Busy { beat } => beat,
                // Another process may have stored a token between the last read and this lock.
                held => {
                    let lock = match held {
                        LockOutcome::Held(lock) => Some(lock),
                        _ => None,
                    };
                    return self
                        .stored(store, key, want)
                        .map_or(Next::Fetch(lock), |entry| Next::Token(Box::new(entry)));
                }
            };
            if beat.is_some() && beat != last_beat {
                (last_beat, silence, has_broken) = (beat, Duration::ZERO, false);
            }
            if silence >= SILENCE && has_broken {
                tracing::warn!(
                    "another process fetches the same token and makes no progress; requesting one without its lock"
                );
                return Next::Fetch(None);
            }
            if silence >= SILENCE {
                store.break_lock(key, last_beat);
                (silence, has_broken) = (Duration::ZERO, true);
                continue;
            }
            tokio::time::sleep(pause).await;
            silence += pause;
            pause = (2 * pause).min(LONGEST_LOCK_WAIT);
        }
    }

    /// The stored token if it will do: never one that was rejected or is not wanted any more.
    fn stored(&self, store: &dyn TokenStore, key: &StoreKey, want: Want) -> Option<Entry> {
        if want.reason == FetchReason::Forced {
            return None;
        }
        let token = store.read(key)?;
        let rejected = lock(&self.dropped).fingerprint.clone();
        if rejected.is_some_and(|rejected| rejected == fingerprint(token.secret())) {
            return None;
        }
        let requested_at = token.request_time()?;
        let now = self.now();
        // A record from the future is ignored: its clock or this one is wrong, and so is every age.
        let age = match now.wall.duration_since(requested_at) {
            Ok(age) => age,
            Err(ahead) if ahead.duration() <= CLOCK_TOLERANCE => Duration::ZERO,
            Err(_) => return None,
        };
        let entry = self.entry(token, now, age);
        match self.freshness(&entry) {
            Freshness::Fresh => Some(entry),
            Freshness::RefreshAhead if !want.fresh => Some(entry),
            _ => None,
        }
    }
}
