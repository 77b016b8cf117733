//! How many batches are under way at a time, and how many elements are sent a second.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// So many requests at a time are within the limits of every release.
const FIRST: usize = 4;

/// Finds out how many batches the server takes at a time: one more while it responds as fast as it can, half as many once it
/// refuses some (additive increase, multiplicative decrease).
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    /// The most elements a second.
    rate: Option<u32>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    limit: usize,
    under_way: usize,
    /// Batches that went well since the limit changed.
    good: usize,
    /// How often the limit was cut: a batch from before a cut causes no second one.
    cuts: u64,
    /// The shortest time of a batch; it grows slowly, so that it follows the server.
    shortest: Option<Duration>,
    /// When the next element may be sent.
    free_at: Option<Instant>,
}

/// A batch under way.
pub(super) struct UnderWay<'a> {
    pace: &'a Pace,
    begun: Instant,
    cuts: u64,
}

impl Pace {
    pub(super) fn new(most: usize, rate: Option<u32>) -> Self {
        let limit = most.min(FIRST);
        let state = State { limit, under_way: 0, good: 0, cuts: 0, shortest: None, free_at: None };
        Self { most, rate, state: Mutex::new(state), changed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a batch of so many elements may be sent.
    pub(super) async fn enter(&self, elements: usize) -> UnderWay<'_> {
        let mut changed = std::pin::pin!(self.changed.notified());
        let cuts = loop {
            // Registered before the look, so that no change is missed.
            changed.as_mut().enable();
            {
                let mut state = self.state();
                if state.under_way < state.limit {
                    state.under_way += 1;
                    break state.cuts;
                }
            }
            changed.as_mut().await;
            changed.set(self.changed.notified());
        };
        let mut under_way = UnderWay { pace: self, begun: Instant::now(), cuts };
        if let Some(moment) = self.turn(elements) {
            sleep_until(moment).await;
        }
        under_way.begun = Instant::now();
        under_way
    }

    /// When elements may be sent by the rate; those after them wait for them.
    fn turn(&self, elements: usize) -> Option<Instant> {
        let rate = f64::from(self.rate?.max(1));
        let mut state = self.state();
        let turn = state.free_at.unwrap_or_else(Instant::now).max(Instant::now());
        #[expect(clippy::cast_precision_loss, reason = "a batch has fewer elements")]
        let time = Duration::from_secs_f64(elements as f64 / rate);
        state.free_at = turn.checked_add(time);
        Some(turn)
    }
}

impl UnderWay<'_> {
    /// Notes how it went: whether the server asked for fewer requests.
    pub(super) fn ended(self, is_throttled: bool) {
        let took = self.begun.elapsed();
        let mut state = self.pace.state();
        let shortest = state.shortest.map_or(took, |shortest| took.min(shortest + shortest / 100));
        state.shortest = Some(shortest);
        if is_throttled {
            if self.cuts == state.cuts {
                state.limit = (state.limit / 2).max(1);
                (state.good, state.cuts) = (0, state.cuts + 1);
            }
            return;
        }
        state.good += 1;
        if state.good >= state.limit {
            state.good = 0;
            // A batch that takes much longer than the fastest one waits for others at the server.
            if took < 2 * shortest + Duration::from_millis(50) {
                state.limit = (state.limit + 1).min(self.pace.most);
            } else if took > 4 * shortest + Duration::from_millis(200) {
                state.limit = (state.limit - 1).max(1);
            }
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.pace.state().under_way -= 1;
        self.pace.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn batch(pace: &Pace, time: u64, is_throttled: bool) {
        let under_way = pace.enter(1).await;
        tokio::time::sleep(Duration::from_millis(time)).await;
        under_way.ended(is_throttled);
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_grows_slowly_and_is_halved_by_a_refusal() {
        let pace = Pace::new(8, None);
        assert_eq!(pace.state().limit, 4);
        for _ in 0..40 {
            batch(&pace, 10, false).await;
        }
        assert_eq!(pace.state().limit, 8);
        // Those that were under way together are one refusal.
        let (one, other) = (pace.enter(1).await, pace.enter(1).await);
        one.ended(true);
        other.ended(true);
        assert_eq!(pace.state().limit, 4);
        assert_eq!(pace.state().under_way, 0);
        for _ in 0..3 {
            batch(&pace, 10, true).await;
        }
        assert_eq!(pace.state().limit, 1);
        for _ in 0..2 {
            batch(&pace, 1000, false).await;
        }
        assert_eq!(pace.state().limit, 1, "a slow server gets no more");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_faster_than_the_rate() {
        let pace = Pace::new(4, Some(100));
        let begun = Instant::now();
        for _ in 0..4 {
            drop(pace.enter(50).await);
        }
        assert_eq!(begun.elapsed(), Duration::from_millis(1500));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_waits_goes_on_when_another_ends() {
        let pace = Pace::new(1, None);
        let first = pace.enter(1).await;
        let second = tokio::time::timeout(Duration::from_secs(1), pace.enter(1));
        assert!(second.await.is_err());
        let (second, ()) = tokio::join!(pace.enter(1), async { first.ended(false) });
        second.ended(false);
        assert_eq!(pace.state().under_way, 0);
    }
}
