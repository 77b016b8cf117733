//! When to fetch a token, and when to hand out the one there is.

mod policy;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::sync::{Mutex, MutexGuard};

use crate::{AuthError, AuthHeaders, Clock, Stamp, SystemClock, Token, TokenSource};
use policy::Thresholds;

/// A token cache around a [`TokenSource`].
///
/// * While the token is fresh, callers share a read lock and nothing else.
/// * Past the soft threshold (the last fifth of the lifetime, at most five minutes, earlier by up to a quarter of that
///   at random) one caller refreshes and the others keep the valid token. If that fails, so does nobody's call.
/// * Past the hard threshold (the last tenth, at most ten seconds) all wait for one request and share its outcome,
///   failures included. A caller that goes away while it leads hands the lead on.
/// * Transient failures are tried three times, one second apart and then two, or as `Retry-After` says. After a failed
///   flight the same error answers everyone for a while: 1 s, doubling to 30 s, or as long as `Retry-After` says. So a
///   dead or rate-limited endpoint sees no stampede.
pub struct Cached {
    source: Box<dyn TokenSource>,
    clock: Box<dyn Clock>,
    random: Box<dyn Fn() -> f64 + Send + Sync>,
    attempts: u32,
    slot: RwLock<Option<Entry>>,
    gate: Mutex<Gate>,
    /// How many flights have ended. A waiter whose count is out of date saw a flight end while it waited. Comparing
    /// times instead fails when two flights end within one tick.
    finished: AtomicU64,
}

#[derive(Clone)]
struct Entry {
    token: Token,
    headers: AuthHeaders,
    fetched: Moment,
    thresholds: Thresholds,
}

#[derive(Default)]
struct Gate {
    next_stamp: u64,
    failure: Option<Failure>,
}

#[derive(Clone)]
struct Failure {
    error: AuthError,
    at: Moment,
    pause: Duration,
    in_a_row: u32,
}

#[derive(Clone, Copy)]
struct Moment {
    monotonic: Duration,
    wall: SystemTime,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Freshness {
    Fresh,
    RefreshAhead,
    Stale,
}

impl Cached {
    /// A cache with the system's clocks and random numbers, and three attempts a flight.
    pub fn new(source: impl TokenSource + 'static) -> Self {
        Self {
            source: Box::new(source),
            clock: Box::new(SystemClock),
            random: Box::new(fastrand::f64),
            attempts: 3,
            slot: RwLock::new(None),
            gate: Mutex::new(Gate::default()),
            finished: AtomicU64::new(0),
        }
    }

    /// Where the time is read.
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Where jitter comes from: a function that answers with numbers from 0 up to 1.
    pub fn with_random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Box::new(random);
        self
    }

    /// How many requests one flight may make while failures are transient. Default 3, at least 1.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    pub(crate) fn is_renewable(&self) -> bool {
        self.source.is_renewable()
    }

    pub(crate) async fn headers(&self) -> Result<AuthHeaders, AuthError> {
        if let Some((headers, Freshness::Fresh)) = self.read(|entry| entry.headers.clone()) {
            return Ok(headers);
        }
        self.renew().await.map(|entry| entry.headers)
    }

    pub(crate) async fn token(&self) -> Result<Token, AuthError> {
        if let Some((token, Freshness::Fresh)) = self.read(|entry| entry.token.clone()) {
            return Ok(token);
        }
        self.renew().await.map(|entry| entry.token)
    }

    pub(crate) fn peek(&self) -> Option<Token> {
        self.usable().map(|entry| entry.token)
    }

    pub(crate) fn invalidate(&self, stamp: Stamp) {
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        if self.source.is_renewable() && slot.as_ref().is_some_and(|entry| entry.headers.stamp() == stamp) {
            *slot = None;
        }
    }

    pub(crate) fn forget(&self) {
        *self.slot.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn read<T>(&self, pick: impl FnOnce(&Entry) -> T) -> Option<(T, Freshness)> {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        let entry = slot.as_ref()?;
        Some((pick(entry), self.freshness(entry)))
    }

    fn usable(&self) -> Option<Entry> {
        let (entry, freshness) = self.read(Entry::clone)?;
        (freshness != Freshness::Stale).then_some(entry)
    }

    fn freshness(&self, entry: &Entry) -> Freshness {
        let Some(hard) = entry.thresholds.hard else { return Freshness::Fresh };
        let age = self.since(entry.fetched);
        if age >= hard {
            Freshness::Stale
        } else if age >= entry.thresholds.soft {
            Freshness::RefreshAhead
        } else {
            Freshness::Fresh
        }
    }

    fn now(&self) -> Moment {
        Moment { monotonic: self.clock.monotonic(), wall: self.clock.wall() }
    }

    /// The larger of what the two clocks say, so that neither suspension nor a clock set back keeps a token too long.
    fn since(&self, moment: Moment) -> Duration {
        let now = self.now();
        let monotonic = now.monotonic.saturating_sub(moment.monotonic);
        monotonic.max(now.wall.duration_since(moment.wall).unwrap_or_default())
    }

    async fn renew(&self) -> Result<Entry, AuthError> {
        let seen = self.finished.load(Ordering::Acquire);
        if let Some((entry, Freshness::RefreshAhead)) = self.read(Entry::clone) {
            // Somebody else holds the gate, or the last refresh has just failed: the token at hand is still good.
            let Ok(gate) = self.gate.try_lock() else { return Ok(entry) };
            if self.pausing(&gate).is_some() {
                return Ok(entry);
            }
            return Ok(self.fly(gate).await.unwrap_or(entry));
        }
        let gate = self.gate.lock().await;
        if let Some(entry) = self.usable() {
            return Ok(entry);
        }
        if let Some(failure) = &gate.failure
            && (self.finished.load(Ordering::Acquire) != seen || self.pausing(&gate).is_some())
        {
            return Err(failure.error.clone());
        }
        self.fly(gate).await
    }

    /// The failure that still keeps this cache from asking again.
    fn pausing<'a>(&self, gate: &'a Gate) -> Option<&'a Failure> {
        gate.failure.as_ref().filter(|failure| self.since(failure.at) < failure.pause)
    }

    /// Makes the attempts of one flight and records its outcome. The gate is let go at the end, or on cancellation.
    async fn fly(&self, mut gate: MutexGuard<'_, Gate>) -> Result<Entry, AuthError> {
        let (fetched, outcome) = self.attempt().await;
        let outcome = match outcome {
            Ok(token) => {
                let stamp = Stamp(gate.next_stamp);
                gate.next_stamp += 1;
                gate.failure = None;
                let token = token.requested_at(fetched.wall);
                let entry = Entry {
                    headers: AuthHeaders::new(&token, stamp),
                    thresholds: Thresholds::of(token.lifetime(), (self.random)()),
                    token,
                    fetched,
                };
                *self.slot.write().unwrap_or_else(PoisonError::into_inner) = Some(entry.clone());
                Ok(entry)
            }
            Err(error) => {
                let in_a_row = gate.failure.as_ref().map_or(0, |failure| failure.in_a_row) + 1;
                let pause = policy::pause_after(in_a_row, error.retry_after());
                gate.failure = Some(Failure { error: error.clone(), at: self.now(), pause, in_a_row });
                Err(error)
            }
        };
        self.finished.fetch_add(1, Ordering::Release);
        outcome
    }

    async fn attempt(&self) -> (Moment, Result<Token, AuthError>) {
        for attempt in 1.. {
            let started = self.now();
            let outcome = self.source.fetch().await;
            match &outcome {
                Err(error) if error.is_transient() && attempt < self.attempts => {
                    let Some(wait) = policy::wait_before_retry(attempt, error.retry_after()) else {
                        return (started, outcome);
                    };
                    tracing::debug!(attempt, ?wait, "token request failed, will try again");
                    tokio::time::sleep(wait).await;
                }
                _ => return (started, outcome),
            }
        }
        unreachable!("the loop ends with its last attempt")
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").field("source", &self.source).field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
