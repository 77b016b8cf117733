//! A clock whose two readings are set apart from each other.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use optimize_auth::{Clock, SystemClock};

/// Clones show the same time. It begins with the real one.
#[derive(Clone, Debug)]
pub(crate) struct TestClock(Arc<Mutex<(Duration, SystemTime)>>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new((Duration::ZERO, SystemClock.wall()))))
    }

    /// Both readings go on.
    pub(crate) fn advance(&self, by: Duration) {
        let mut readings = self.0.lock().unwrap();
        *readings = (readings.0 + by, readings.1 + by);
    }

    /// The wall clock is set ahead, or back if negative.
    pub(crate) fn jump(&self, seconds: i64) {
        let mut readings = self.0.lock().unwrap();
        let by = Duration::from_secs(seconds.unsigned_abs());
        readings.1 = if seconds < 0 { readings.1 - by } else { readings.1 + by };
    }
}

impl Clock for TestClock {
    /// Goes on by a nanosecond with each reading, since no real clock stands still while a program runs.
    fn monotonic(&self) -> Duration {
        let mut readings = self.0.lock().unwrap();
        readings.0 += Duration::from_nanos(1);
        readings.0
    }

    fn wall(&self) -> SystemTime {
        self.0.lock().unwrap().1
    }
}
