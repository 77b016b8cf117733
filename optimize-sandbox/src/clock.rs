//! The sandbox's idea of the time: the real one, plus what a test has added.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Clock {
    ahead: AtomicI64,
}

impl Clock {
    /// A clock that is ahead of the real one by this many seconds, or behind it.
    pub(crate) fn ahead(seconds: i64) -> Self {
        Self { ahead: AtomicI64::new(seconds.saturating_mul(1000)) }
    }

    /// The time as a `Date` header has it.
    pub(crate) fn http_date(&self) -> String {
        let time = jiff::Timestamp::from_millisecond(self.now()).unwrap_or_default();
        time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// Milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond().saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.ahead.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 2), Ordering::Relaxed);
    }
}
