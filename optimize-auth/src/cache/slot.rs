//! The token that is handed out, how fresh it is, and what is known of the one before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::Cached;
use super::policy::Thresholds;
use crate::credentials::{AuthHeaders, Stamp};
use crate::lock::lock;
use crate::source::FetchReason;
use crate::store::fingerprint;
use crate::token::Token;

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) token: Token,
    pub(crate) headers: AuthHeaders,
    /// When the token was requested, by the clocks of this process; for a token of another process, when it was
    /// read.
    pub(super) since: Moment,
    /// How old the token was then.
    pub(super) initial_age: Duration,
    pub(super) thresholds: Thresholds,
    fresh_at: Tick,
}

/// The monotonic time at which a token was last found fresh, in nanoseconds; 0 for never.
#[derive(Default)]
struct Tick(AtomicU64);

impl Clone for Tick {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What is known of the token that was dropped before its time.
#[derive(Clone, Default)]
pub(super) struct Dropped {
    pub(super) reason: FetchReason,
    pub(super) challenge: Option<String>,
    pub(super) fingerprint: Option<String>,
}

#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) monotonic: Duration,
    pub(super) wall: SystemTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    Fresh,
    RefreshAhead,
    Stale,
}

impl Cached {
    /// What `pick` takes of the cached token, and how fresh that is.
    pub(crate) fn read_entry<T>(&self, pick: impl FnOnce(&Entry) -> T) -> Option<(T, Freshness)> {
        let slot = self.slot.load();
        let entry = slot.as_deref()?;
        Some((pick(entry), self.freshness(entry)))
    }

    /// The token that is here or in the store, if it is still good.
    pub(crate) async fn peek(&self) -> Option<Token> {
        if let Some(entry) = self.usable() {
            return Some(entry.token);
        }
        self.stored_token().await
    }

    pub(crate) fn reject(&self, stamp: Stamp, challenge: Option<&str>) {
        let current = self.slot.load_full();
        let Some(entry) = current.as_ref().filter(|entry| entry.headers.stamp() == stamp) else { return };
        if !self.source.is_renewable() {
            return;
        }
        // Its successor may have come meanwhile, and stays.
        let replaced = self.slot.compare_and_swap(&current, None);
        if replaced.as_ref().is_some_and(|replaced| Arc::ptr_eq(replaced, entry)) {
            self.remember(FetchReason::Rejected, challenge, Some(entry));
        }
    }

    pub(crate) fn forget(&self) {
        let entry = self.slot.swap(None);
        self.remember(FetchReason::Forced, None, entry.as_deref());
    }

    /// Drops the token here and in the store.
    pub(crate) async fn remove(&self) {
        self.forget();
        self.remove_stored().await;
    }

    fn remember(&self, reason: FetchReason, challenge: Option<&str>, entry: Option<&Entry>) {
        *lock(&self.dropped) = Dropped {
            reason,
            challenge: challenge.map(str::to_owned),
            fingerprint: entry.map(|entry| fingerprint(entry.token.secret())),
        };
    }

    fn usable(&self) -> Option<Entry> {
        let (entry, freshness) = self.read_entry(Entry::clone)?;
        (freshness != Freshness::Stale).then_some(entry)
    }

    /// Whether the issuer still counts the token as good, though it may be time for the next one.
    pub(crate) fn has_not_ended(&self, entry: &Entry) -> bool {
        entry.token.lifetime().is_none_or(|lifetime| entry.initial_age + self.since(entry.since) < lifetime)
    }

    pub(super) fn freshness(&self, entry: &Entry) -> Freshness {
        let Some(hard) = entry.thresholds.hard else { return Freshness::Fresh };
        let monotonic = self.clock.monotonic();
        // A coarse clock shows the same time for milliseconds, in which a token that was fresh still is: also after a
        // suspension, since no caller comes within the same tick. That saves most callers the wall clock.
        let tick = u64::try_from(monotonic.as_nanos()).unwrap_or(0);
        if tick != 0 && entry.fresh_at.0.load(Ordering::Relaxed) == tick {
            return Freshness::Fresh;
        }
        let age = entry.initial_age + self.since(entry.since);
        if age >= hard {
            Freshness::Stale
        } else if age >= entry.thresholds.soft {
            Freshness::RefreshAhead
        } else {
            entry.fresh_at.0.store(tick, Ordering::Relaxed);
            Freshness::Fresh
        }
    }

    pub(super) fn now(&self) -> Moment {
        Moment { monotonic: self.clock.monotonic(), wall: self.clock.wall() }
    }

    /// The larger of what the two clocks say, so that neither suspension nor a clock set back keeps a token too long.
    pub(super) fn since(&self, moment: Moment) -> Duration {
        let now = self.now();
        let monotonic = now.monotonic.saturating_sub(moment.monotonic);
        monotonic.max(now.wall.duration_since(moment.wall).unwrap_or_default())
    }

    pub(super) fn entry(&self, token: Token, since: Moment, initial_age: Duration) -> Entry {
        Entry {
            thresholds: Thresholds::of(token.lifetime(), token.refresh_in(), (self.random)()),
            headers: AuthHeaders::new(&token, Stamp(u64::MAX)),
            token,
            since,
            initial_age,
            fresh_at: Tick::default(),
        }
    }
}
