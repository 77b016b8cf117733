//! When to fetch a token, and when to hand out the one there is.
//!
//! `slot` holds the token and knows how fresh it is; `flight` decides who fetches, and keeps failures; `shared` does the same
//! across processes by way of a store; `policy` has the numbers.

mod flight;
mod policy;
mod shared;
mod slot;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwapOption;

use crate::clock::{Clock, SystemClock};
use crate::observer::Observer;
use crate::source::TokenSource;
use crate::store::TokenStore;
use flight::{Flights, Turns};
use slot::Dropped;
pub(crate) use slot::{Entry, Freshness};

/// A token cache around a [`TokenSource`].
///
/// * While the token is fresh, callers take no lock, and do not wait for each other.
/// * Past the soft threshold (the last fifth of the lifetime, at most five minutes, earlier by up to a quarter of that
///   at random; or when the issuer requests it) one task refreshes in the background, and everyone is served the valid token
///   at once. A failed background refresh does not fail any caller.
/// * Past the hard threshold (the last tenth, at most ten seconds) all wait for one request and share its outcome,
///   failures included. If the caller that leads is cancelled, another one leads.
/// * The request runs on the runtime of the caller that leads. If that runtime is not driven for three seconds, one of
///   those who wait makes a request of its own, so no caller depends on another caller's executor.
/// * While a caller waits, transient failures are tried three times, one second apart and then two, or as long as `Retry-After` requires. After a failed
///   flight the same error is returned to everyone for a while: 1 s, doubling to 30 s, or as long as `Retry-After` requires. So a
///   dead or rate-limited endpoint sees no stampede. A source whose secret has changed is called at once.
/// * With a [`TokenStore`] several processes behave as one: what one has fetched the others read, and when an endpoint requires
///   a wait, or has just refused the client, none of them sends a request too early. A process that is stopped
///   while it fetches holds the others up for three seconds.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_auth::{Cached, Credentials, MemoryStore, StaticBearer};
///
/// let source = StaticBearer::new("shared-secret".into())?;
/// let credentials: Credentials = Cached::new(source).with_attempts(3).with_store(MemoryStore::default()).into();
/// assert!(credentials.headers().await?.as_map().contains_key("authorization"));
/// # Ok(())
/// # }
/// ```
pub struct Cached {
    source: Box<dyn TokenSource>,
    clock: Box<dyn Clock>,
    random: Box<dyn Fn() -> f64 + Send + Sync>,
    attempts: u32,
    store: Option<Arc<dyn TokenStore>>,
    observer: Option<Arc<dyn Observer>>,
    /// Whether a failure of the store was logged.
    has_warned: AtomicBool,
    store_rests_until: Mutex<Option<tokio::time::Instant>>,
    slot: ArcSwapOption<Entry>,
    dropped: Mutex<Dropped>,
    turns: Turns,
    flights: Mutex<Flights>,
    /// How many flights have ended. A waiter whose count is out of date saw a flight end while it waited. Comparing
    /// times instead fails when two flights end within one tick.
    finished: AtomicU64,
}

impl Cached {
    /// A cache with the system's clocks and random numbers, three attempts a flight, and no store.
    pub fn new(source: impl TokenSource + 'static) -> Self {
        Self {
            source: Box::new(source),
            clock: Box::new(SystemClock),
            random: Box::new(fastrand::f64),
            attempts: 3,
            store: None,
            observer: None,
            has_warned: AtomicBool::new(false),
            store_rests_until: Mutex::default(),
            slot: ArcSwapOption::empty(),
            dropped: Mutex::default(),
            turns: Turns::default(),
            flights: Mutex::default(),
            finished: AtomicU64::new(0),
        }
    }

    /// Where the time is read.
    #[cfg(any(test, feature = "test-util"))]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Where jitter comes from: a function that returns numbers from 0 up to 1.
    #[cfg(any(test, feature = "test-util"))]
    pub fn with_random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Box::new(random);
        self
    }

    /// How many requests one flight may make while failures are transient. Default 3, at least 1.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Where tokens are shared with other caches or processes. Default nowhere.
    pub fn with_store(mut self, store: impl TokenStore + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// What is called after each request for a token. Default none.
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    pub(crate) fn source(&self) -> &dyn TokenSource {
        &*self.source
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("source", &self.source)
            .field("attempts", &self.attempts)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
