//! When to fetch a token, and when to hand out the one there is.

mod policy;

use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::store::fingerprint;
use crate::{
    AuthError, AuthHeaders, Clock, FetchContext, FetchReason, LockOutcome, Pause, Stamp, StoreKey, StoreLock,
    SystemClock, Token, TokenSource, TokenStore,
};
use policy::Thresholds;

/// A token cache around a [`TokenSource`].
///
/// * While the token is fresh, callers share a read lock and nothing else.
/// * Past the soft threshold (the last fifth of the lifetime, at most five minutes, earlier by up to a quarter of that
///   at random; or when the issuer wishes) one task refreshes in the background, and everyone is served the valid token
///   at once. If that fails, so does nobody's call.
/// * Past the hard threshold (the last tenth, at most ten seconds) all wait for one request and share its outcome,
///   failures included. A caller that goes away while it leads hands the lead on.
/// * The request runs on the runtime of the caller that leads. If that runtime is not driven for three seconds, one of
///   those who wait makes a request of its own, so no caller depends on another caller's executor.
/// * While a caller waits, transient failures are tried three times, one second apart and then two, or as `Retry-After` says. After a failed
///   flight the same error is returned to everyone for a while: 1 s, doubling to 30 s, or as long as `Retry-After` says. So a
///   dead or rate-limited endpoint sees no stampede. A source whose secret has changed is asked at once.
/// * With a [`TokenStore`] several processes behave as one: what one has fetched the others read, and when an endpoint asks
///   to wait, or has just refused the client, none of them asks again too early. A process that is stopped
///   while it fetches holds the others up for three seconds.
pub struct Cached {
    source: Box<dyn TokenSource>,
    clock: Box<dyn Clock>,
    random: Box<dyn Fn() -> f64 + Send + Sync>,
    attempts: u32,
    store: Option<Arc<dyn TokenStore>>,
    slot: RwLock<Option<Entry>>,
    /// The one who holds it fetches. It is replaced when its holder does not run any more.
    gate: std::sync::Mutex<Arc<Mutex<()>>>,
    /// Counts up while the holder of the gate runs.
    beats: AtomicU64,
    flights: std::sync::Mutex<Flights>,
    /// How many flights have ended. A waiter whose count is out of date saw a flight end while it waited. Comparing
    /// times instead fails when two flights end within one tick.
    finished: AtomicU64,
    dropped: std::sync::Mutex<Dropped>,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) token: Token,
    pub(crate) headers: AuthHeaders,
    /// When the token was requested, as the clocks of this process tell it; for a token of another process, when it was
    /// read.
    since: Moment,
    /// How old the token was then.
    initial_age: Duration,
    thresholds: Thresholds,
}

/// What is known of the flights so far.
#[derive(Default)]
struct Flights {
    /// The number of the next flight, and the stamp of its token.
    next: u64,
    /// The latest flight that has ended with a token.
    latest: Option<u64>,
    failure: Option<Failure>,
}

#[derive(Clone)]
struct Failure {
    error: AuthError,
    at: Moment,
    pause: Duration,
    in_a_row: u32,
    key: Option<StoreKey>,
}

/// What is known of the token that was dropped before its time.
#[derive(Clone, Default)]
struct Dropped {
    reason: FetchReason,
    challenge: Option<String>,
    fingerprint: Option<String>,
}

#[derive(Clone, Copy)]
struct Moment {
    monotonic: Duration,
    wall: SystemTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    Fresh,
    RefreshAhead,
    Stale,
}

/// How long to wait for a holder that shows no sign of life. A request may take longer than this; its holder shows that
/// it runs all the same.
const SILENCE: Duration = Duration::from_secs(3);
/// How often one who fetches shows that it runs.
const BEAT: Duration = Duration::from_millis(500);
const SHORTEST_LOCK_WAIT: Duration = Duration::from_millis(2);
const LONGEST_LOCK_WAIT: Duration = Duration::from_millis(50);

/// How far the wall clocks of processes that share a store may seem to differ: they may be read coarsely.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// A flight that is permitted, and what it is for.
pub(crate) struct Permit {
    gate: OwnedMutexGuard<()>,
    want: Want,
}

#[derive(Clone, Copy)]
struct Want {
    reason: FetchReason,
    /// Whether a stored token must be fresh; otherwise it is enough that it can still be used.
    fresh: bool,
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
            slot: RwLock::new(None),
            gate: std::sync::Mutex::default(),
            beats: AtomicU64::new(0),
            flights: std::sync::Mutex::default(),
            finished: AtomicU64::new(0),
            dropped: std::sync::Mutex::default(),
        }
    }

    /// Where the time is read.
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Where jitter comes from: a function that returns numbers from 0 up to 1.
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

    pub(crate) fn source(&self) -> &dyn TokenSource {
        &*self.source
    }

    /// What `pick` takes of the cached token, and how fresh that is.
    pub(crate) fn look<T>(&self, pick: impl FnOnce(&Entry) -> T) -> Option<(T, Freshness)> {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        let entry = slot.as_ref()?;
        Some((pick(entry), self.freshness(entry)))
    }

    /// The token that is here or in the store, if it is still good.
    pub(crate) fn peek(&self) -> Option<Token> {
        if let Some(entry) = self.usable() {
            return Some(entry.token);
        }
        let (store, key) = self.shelf()?;
        self.stored(store, &key, Want { reason: FetchReason::Missing, fresh: false }).map(|entry| entry.token)
    }

    pub(crate) fn reject(&self, stamp: Stamp, challenge: Option<&str>) {
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        if self.source.is_renewable()
            && let Some(entry) = slot.take_if(|entry| entry.headers.stamp() == stamp)
        {
            self.remember(FetchReason::Rejected, challenge, Some(&entry));
        }
    }

    pub(crate) fn forget(&self) {
        let entry = self.slot.write().unwrap_or_else(PoisonError::into_inner).take();
        self.remember(FetchReason::Forced, None, entry.as_ref());
    }

    /// Drops the token here and in the store.
    pub(crate) fn remove(&self) {
        self.forget();
        if let Some((store, key)) = self.shelf() {
            store.remove(&key);
        }
    }

    fn remember(&self, reason: FetchReason, challenge: Option<&str>, entry: Option<&Entry>) {
        *self.dropped.lock().unwrap_or_else(PoisonError::into_inner) = Dropped {
            reason,
            challenge: challenge.map(str::to_owned),
            fingerprint: entry.map(|entry| fingerprint(entry.token.secret())),
        };
    }

    fn usable(&self) -> Option<Entry> {
        let (entry, freshness) = self.look(Entry::clone)?;
        (freshness != Freshness::Stale).then_some(entry)
    }

    fn freshness(&self, entry: &Entry) -> Freshness {
        let Some(hard) = entry.thresholds.hard else { return Freshness::Fresh };
        let age = entry.initial_age + self.since(entry.since);
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

    /// The token of a flight: of our own, or of another caller.
    pub(crate) async fn renew(self: &Arc<Self>) -> Result<(Entry, Freshness), AuthError> {
        let seen = self.finished.load(Ordering::Acquire);
        let gate = self.pass_the_gate().await;
        if let Some((entry, freshness)) = self.look(Entry::clone)
            && freshness != Freshness::Stale
        {
            return Ok((entry, freshness));
        }
        let failure = self.flights().failure.clone();
        if let Some(failure) = failure
            && (self.finished.load(Ordering::Acquire) != seen || self.is_pausing(&failure))
        {
            return Err(failure.error);
        }
        let reason = if self.look(|_| ()).is_some() { FetchReason::Expiring } else { self.drop_reason() };
        let entry = self.fly(Permit { gate, want: Want { reason, fresh: false } }).await?;
        let freshness = self.freshness(&entry);
        Ok((entry, freshness))
    }

    /// Waits for its turn at the gate. A holder that shows no sign of life is left behind at its old gate: its executor is
    /// not driven, and may never be again.
    async fn pass_the_gate(&self) -> OwnedMutexGuard<()> {
        loop {
            let gate = self.current_gate().clone();
            if let Ok(guard) = gate.clone().try_lock_owned() {
                return guard;
            }
            let mut turn = std::pin::pin!(gate.clone().lock_owned());
            loop {
                let seen = self.beats.load(Ordering::Relaxed);
                match tokio::time::timeout(SILENCE, &mut turn).await {
                    Ok(guard) if Arc::ptr_eq(&self.current_gate(), &gate) => return guard,
                    Ok(_) => break,
                    Err(_) if self.beats.load(Ordering::Relaxed) != seen => {}
                    Err(_) => {
                        let mut current = self.current_gate();
                        // Another waiter may have been faster.
                        if Arc::ptr_eq(&current, &gate) {
                            tracing::debug!(
                                "a token request makes no progress, since its runtime is not driven; taking over"
                            );
                            *current = Arc::default();
                        }
                        break;
                    }
                }
            }
        }
    }

    fn current_gate(&self) -> std::sync::MutexGuard<'_, Arc<Mutex<()>>> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flights(&self) -> std::sync::MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Permission to refresh ahead, unless a refresh is running or the last attempt has just failed.
    pub(crate) fn may_refresh(&self) -> Option<Permit> {
        let gate = self.current_gate().clone().try_lock_owned().ok()?;
        // Another caller may have refreshed the token since this one read it.
        let is_due = matches!(self.look(|_| ()), Some(((), Freshness::RefreshAhead)));
        let want = Want { reason: FetchReason::Expiring, fresh: true };
        let is_pausing = self.flights().failure.as_ref().is_some_and(|failure| self.is_pausing(failure));
        (is_due && !is_pausing).then_some(Permit { gate, want })
    }

    fn drop_reason(&self) -> FetchReason {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner).reason
    }

    /// Whether nobody has taken over since the permission was given.
    pub(crate) fn is_valid(&self, permit: &Permit) -> bool {
        Arc::ptr_eq(OwnedMutexGuard::mutex(&permit.gate), &self.current_gate())
    }

    /// Whether a failure still keeps this cache from asking again. A changed secret ends it.
    fn is_pausing(&self, failure: &Failure) -> bool {
        self.since(failure.at) < failure.pause && failure.key == self.source.store_key()
    }

    /// Makes the attempts of one flight and records its outcome. The gate is let go at the end, or on cancellation.
    pub(crate) async fn fly(&self, permit: Permit) -> Result<Entry, AuthError> {
        let number = {
            let mut flights = self.flights();
            flights.next += 1;
            flights.next
        };
        let outcome = self.obtain(permit.want).await;
        let failed_with = outcome.is_err().then(|| self.source.store_key());
        let mut flights = self.flights();
        // A flight that was left behind may end after a later one, whose outcome then stays.
        let is_latest = flights.latest.is_none_or(|latest| latest < number);
        let outcome = match outcome {
            Ok(mut entry) => {
                entry.headers = AuthHeaders::new(&entry.token, Stamp(number));
                if is_latest {
                    flights.latest = Some(number);
                    flights.failure = None;
                    *self.dropped.lock().unwrap_or_else(PoisonError::into_inner) = Dropped::default();
                    *self.slot.write().unwrap_or_else(PoisonError::into_inner) = Some(entry.clone());
                }
                Ok(entry)
            }
            Err(error) => {
                if is_latest {
                    let in_a_row = flights.failure.as_ref().map_or(0, |failure| failure.in_a_row) + 1;
                    let pause = policy::pause_after(in_a_row, error.retry_after());
                    let key = failed_with.flatten();
                    flights.failure = Some(Failure { error: error.clone(), at: self.now(), pause, in_a_row, key });
                }
                Err(error)
            }
        };
        self.finished.fetch_add(1, Ordering::Release);
        outcome
    }

    /// Shows that this flight runs for as long as `work` takes: to those who wait at the gate, and to other processes.
    async fn beating<T>(&self, lock: Option<&StoreLock>, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        // What ends at once needs no clock.
        if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return done;
        }
        loop {
            if let Ok(done) = tokio::time::timeout(BEAT, work.as_mut()).await {
                return done;
            }
            self.beats.fetch_add(1, Ordering::Relaxed);
            if let Some(lock) = lock {
                lock.beat();
            }
        }
    }

    /// A token from the store or, under its lock, from the source.
    async fn obtain(&self, want: Want) -> Result<Entry, AuthError> {
        let Some((store, key)) = self.shelf() else { return self.beating(None, self.attempt(want)).await };
        let lock = match self.beating(None, self.stored_or_locked(store, &key, want)).await {
            Ok(entry) => return Ok(entry),
            Err(lock) => lock,
        };
        let held = match &lock {
            Some(LockOutcome::Held(lock)) => Some(lock),
            _ => None,
        };
        let pause = store.read_pause(&key);
        // A caller that forces a request wants to know whether the client is still refused.
        let applies = |pause: &&Pause| !(pause.is_refusal() && want.reason == FetchReason::Forced);
        if let Some(error) = pause.as_ref().filter(applies).and_then(|pause| pause.error(self.clock.wall())) {
            return Err(error);
        }
        let outcome = self.beating(held, self.attempt(want)).await;
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

    fn shelf(&self) -> Option<(&dyn TokenStore, StoreKey)> {
        Some((self.store.as_deref()?, self.source.store_key()?))
    }

    /// The stored token, or the lock under which to fetch one. One who waits for the lock keeps an eye on the store, so that a
    /// token which another process has fetched serves all at once. A holder that does not run any more, such as a stopped
    /// process, loses its lock to one of those who wait.
    async fn stored_or_locked(
        &self,
        store: &dyn TokenStore,
        key: &StoreKey,
        want: Want,
    ) -> Result<Entry, Option<LockOutcome>> {
        let mut pause = SHORTEST_LOCK_WAIT;
        let mut silence = Duration::ZERO;
        let mut last_beat = None;
        let mut has_broken = false;
        loop {
            if let Some(entry) = self.stored(store, key, want) {
                return Ok(entry);
            }
            let beat = match store.try_lock(key) {
                LockOutcome::Busy { beat } => beat,
                // A look at the store between the last one and this lock may have missed a token.
                held => return self.stored(store, key, want).ok_or(Some(held)),
            };
            if beat.is_some() && beat != last_beat {
                (last_beat, silence, has_broken) = (beat, Duration::ZERO, false);
            }
            if silence >= SILENCE && has_broken {
                tracing::warn!(
                    "another process fetches the same token and makes no progress; requesting one without its lock"
                );
                return Err(None);
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
        let rejected = self.dropped.lock().unwrap_or_else(PoisonError::into_inner).fingerprint.clone();
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

    fn entry(&self, token: Token, since: Moment, initial_age: Duration) -> Entry {
        Entry {
            thresholds: Thresholds::of(token.lifetime(), token.refresh_in(), (self.random)()),
            headers: AuthHeaders::new(&token, Stamp(u64::MAX)),
            token,
            since,
            initial_age,
        }
    }

    async fn attempt(&self, want: Want) -> Result<Entry, AuthError> {
        // With a valid token at hand there is no hurry: the next flight is the next attempt.
        let attempts = if want.fresh { 1 } else { self.attempts };
        let dropped = self.dropped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let held = self.look(|entry| fingerprint(entry.token.secret())).map(|(previous, _)| previous);
        let context =
            FetchContext { reason: want.reason, challenge: dropped.challenge, previous: dropped.fingerprint.or(held) };
        for attempt in 1.. {
            let started = self.now();
            match self.source.fetch(&context).await {
                Ok(token) => return Ok(self.entry(token.requested_at(started.wall), started, Duration::ZERO)),
                Err(error) if error.is_transient() && attempt < attempts => {
                    let Some(pause) = policy::wait_before_retry(attempt, error.retry_after()) else {
                        return Err(error);
                    };
                    tracing::debug!(attempt, wait = ?pause, "token request failed, will try again");
                    tokio::time::sleep(pause).await;
                }
                Err(error) => return Err(error),
            }
        }
        unreachable!("the loop ends with its last attempt")
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
