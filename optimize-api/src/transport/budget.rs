//! How many retries a client may make, whatever its single calls are entitled to.

use std::sync::atomic::{AtomicU32, Ordering};

/// A store of retries that all calls of a client share: each retry takes one, each success gives a tenth of one back. So
/// a server that has failed altogether sees hardly more requests than there are calls.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    left: AtomicU32,
    full: u32,
}

const RETRY: u32 = 10;
const SUCCESS: u32 = 1;

impl RetryBudget {
    /// A full store of so many retries.
    pub(crate) fn new(retries: u32) -> Self {
        let full = retries.saturating_mul(RETRY);
        Self { left: AtomicU32::new(full), full }
    }

    /// Takes one retry, if there is one.
    pub(crate) fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(RETRY)).is_ok()
    }

    pub(crate) fn give_back(&self) {
        // Fails when it is full already.
        let more = |left| (left < self.full).then_some(left + SUCCESS);
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_and_ten_successes_are_worth_a_retry() {
        let budget = RetryBudget::new(100);
        budget.give_back();
        assert_eq!((0..200).filter(|_| budget.take()).count(), 100);
        for _ in 0..25 {
            budget.give_back();
        }
        assert_eq!((0..200).filter(|_| budget.take()).count(), 2);
    }
}
