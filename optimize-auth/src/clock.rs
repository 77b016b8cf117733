//! Time, passed in so that tests and hosts decide what it is.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Where the token cache reads the time.
///
/// It needs two readings: the monotonic one cannot be set back but stands still while a machine is suspended, the wall
/// clock goes on during suspension but can be set to anything. A token counts as old as the larger of the two says.
pub trait Clock: Debug + Send + Sync {
    /// Time since an origin of the clock's own choice; never decreases.
    fn monotonic(&self) -> Duration;

    /// The time of day.
    fn wall(&self) -> SystemTime;
}

/// The clocks of the operating system; the monotonic one follows tokio's paused time in tests.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// A clock whose monotonic origin is now.
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}
