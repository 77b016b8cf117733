//! Who fetches: one caller at a time, whose outcome the others share. Failures keep the next flight waiting.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::slot::{Dropped, Entry, Freshness, Moment};
use super::{Cached, policy};
use crate::credentials::{AuthHeaders, Stamp};
use crate::error::AuthError;
use crate::lock::lock;
use crate::source::{FetchContext, FetchReason};
use crate::store::{StoreKey, StoreLock, fingerprint};

/// How long to wait for a holder that shows no sign of life. A request may take longer than this; its holder shows that
/// it runs all the same.
const SILENCE: Duration = Duration::from_secs(3);
/// How often one who fetches shows that it runs.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// Whose turn it is to fetch.
#[derive(Default)]
pub(super) struct Turns {
    /// The one who holds it fetches. It is replaced when its holder does not run any more.
    current: Mutex<Arc<tokio::sync::Mutex<()>>>,
    /// Counts up while the one who fetches runs.
    heartbeats: AtomicU64,
}

impl Turns {
    fn current(&self) -> MutexGuard<'_, Arc<tokio::sync::Mutex<()>>> {
        lock(&self.current)
    }

    /// Whether nobody has taken over from the holder of this guard.
    fn is_valid(&self, guard: &OwnedMutexGuard<()>) -> bool {
        Arc::ptr_eq(OwnedMutexGuard::mutex(guard), &self.current())
    }

    /// Waits for a turn. A holder that shows no sign of life loses it: its executor is not driven, and may never be again.
    async fn wait(&self) -> OwnedMutexGuard<()> {
        loop {
            let current = self.current().clone();
            if let Ok(guard) = current.clone().try_lock_owned() {
                return guard;
            }
            let mut turn = pin!(current.clone().lock_owned());
            loop {
                let seen = self.heartbeats.load(Ordering::Relaxed);
                match tokio::time::timeout(SILENCE, &mut turn).await {
                    Ok(guard) if self.is_valid(&guard) => return guard,
                    Ok(_) => break,
                    Err(_) if self.heartbeats.load(Ordering::Relaxed) != seen => {}
                    Err(_) => {
                        self.replace(&current);
                        break;
                    }
                }
            }
        }
    }

    /// Takes the turn from a holder that does not run, unless another waiter was faster.
    fn replace(&self, silent: &Arc<tokio::sync::Mutex<()>>) {
        let mut current = self.current();
        if Arc::ptr_eq(&current, silent) {
            tracing::debug!("a token request makes no progress, since its runtime is not driven; taking over");
            *current = Arc::default();
        }
    }

    fn heartbeat(&self) {
        self.heartbeats.fetch_add(1, Ordering::Relaxed);
    }
}

/// What is known of the flights so far.
#[derive(Default)]
pub(super) struct Flights {
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

/// The turn to fetch, and what is fetched.
pub(crate) struct Turn {
    guard: OwnedMutexGuard<()>,
    want: Want,
}

#[derive(Clone, Copy)]
pub(super) struct Want {
    pub(super) reason: FetchReason,
    /// Whether a stored token must be fresh; otherwise it is enough that it can still be used.
    pub(super) fresh: bool,
}

impl Cached {
    /// The token of a flight: of our own, or of another caller.
    pub(crate) async fn renew(self: &Arc<Self>) -> Result<(Entry, Freshness), AuthError> {
        let seen = self.finished.load(Ordering::Acquire);
        let guard = self.turns.wait().await;
        if let Some((entry, freshness)) = self.read_entry(Entry::clone)
            && freshness != Freshness::Stale
        {
            return Ok((entry, freshness));
        }
        let failure = lock(&self.flights).failure.clone();
        if let Some(failure) = failure
            && (self.finished.load(Ordering::Acquire) != seen || self.is_pausing(&failure))
        {
            return Err(failure.error);
        }
        let reason = if self.read_entry(|_| ()).is_some() { FetchReason::Expiring } else { self.drop_reason() };
        let entry = self.run_flight(Turn { guard, want: Want { reason, fresh: false } }).await?;
        let freshness = self.freshness(&entry);
        Ok((entry, freshness))
    }

    /// The turn to refresh ahead, unless a refresh is running or the last attempt has just failed.
    pub(crate) fn may_refresh(&self) -> Option<Turn> {
        let guard = self.turns.current().clone().try_lock_owned().ok()?;
        // Another caller may have refreshed the token since this one read it.
        let is_due = matches!(self.read_entry(|_| ()), Some(((), Freshness::RefreshAhead)));
        let want = Want { reason: FetchReason::Expiring, fresh: true };
        let is_pausing = lock(&self.flights).failure.as_ref().is_some_and(|failure| self.is_pausing(failure));
        (is_due && !is_pausing).then_some(Turn { guard, want })
    }

    fn drop_reason(&self) -> FetchReason {
        lock(&self.dropped).reason
    }

    /// Whether nobody has taken over since the turn was given.
    pub(crate) fn is_valid(&self, turn: &Turn) -> bool {
        self.turns.is_valid(&turn.guard)
    }

    /// Whether a failure still keeps this cache from asking again. A changed secret ends it.
    fn is_pausing(&self, failure: &Failure) -> bool {
        self.since(failure.at) < failure.pause && failure.key == self.source.store_key()
    }

    /// Makes the attempts of one flight and records its outcome. The turn ends with it, or on cancellation.
    pub(crate) async fn run_flight(&self, turn: Turn) -> Result<Entry, AuthError> {
        let number = {
            let mut flights = lock(&self.flights);
            flights.next += 1;
            flights.next
        };
        let outcome = self.obtain(turn.want).await;
        let failed_with = outcome.is_err().then(|| self.source.store_key());
        let mut flights = lock(&self.flights);
        // A flight that was left behind may end after a later one, whose outcome then stays.
        let is_latest = flights.latest.is_none_or(|latest| latest < number);
        let outcome = match outcome {
            Ok(mut entry) => {
                entry.headers = AuthHeaders::new(&entry.token, Stamp(number));
                if is_latest {
                    flights.latest = Some(number);
                    flights.failure = None;
                    *lock(&self.dropped) = Dropped::default();
                    self.slot.store(Some(Arc::new(entry.clone())));
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

    /// Shows that this flight runs for as long as `work` takes: to those who wait for their turn, and to other processes.
    pub(super) async fn with_heartbeat<T>(&self, lock: Option<&dyn StoreLock>, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        // What ends at once needs no clock.
        if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            return done;
        }
        let mut here = pin!(async {
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                self.turns.heartbeat();
            }
        });
        // A store that is late holds up neither the work nor the other beats.
        let mut elsewhere = pin!(async {
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                if let Some(lock) = lock {
                    lock.beat().await;
                }
            }
        });
        poll_fn(|context| {
            let done = work.as_mut().poll(context);
            if done.is_pending() {
                let _: (Poll<()>, Poll<()>) = (here.as_mut().poll(context), elsewhere.as_mut().poll(context));
            }
            done
        })
        .await
    }

    pub(super) async fn attempt(&self, want: Want) -> Result<Entry, AuthError> {
        // With a valid token at hand there is time: the next flight is the next attempt.
        let attempts = if want.fresh { 1 } else { self.attempts };
        let dropped = lock(&self.dropped).clone();
        let held = self.read_entry(|entry| fingerprint(entry.token.secret())).map(|(previous, _)| previous);
        let context =
            FetchContext { reason: want.reason, challenge: dropped.challenge, previous: dropped.fingerprint.or(held) };
        for attempt in 1.. {
            let started = self.now();
            let fetched = self.source.fetch(&context).await;
            if let Some(observer) = &self.observer {
                let duration = self.since(started);
                match &fetched {
                    Ok(_) => observer.token_fetched(duration),
                    Err(error) => observer.token_failed(error, duration),
                }
            }
            match fetched {
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
