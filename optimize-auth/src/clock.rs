//! Time, passed in so that tests and hosts decide what it is.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

/// Where the token cache reads the time.
///
/// It needs two readings: the monotonic one cannot be set back but stands still while a machine is suspended, the wall
/// clock continues during suspension but can be set to anything. The larger of the two is used as the age of a token.
///
/// ```
/// use optimize_auth::Clock;
/// use std::time::{Duration, SystemTime};
///
/// /// A clock that stands still.
/// #[derive(Debug)]
/// struct Stopped;
///
/// impl Clock for Stopped {
///     fn monotonic(&self) -> Duration {
///         Duration::ZERO
///     }
///
///     fn wall(&self) -> SystemTime {
///         SystemTime::UNIX_EPOCH
///     }
/// }
/// ```
pub trait Clock: Debug + Send + Sync {
    /// Time since an origin of the clock's own choice; never decreases.
    fn monotonic(&self) -> Duration;

    /// The time of day.
    fn wall(&self) -> SystemTime;
}

/// The clocks of the operating system.
///
/// On Linux the coarse ones, which are a few milliseconds late and several times cheaper to read: the cache reads both
/// for every request, and tokens live for minutes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[cfg(target_os = "linux")]
mod system {
    use std::time::{Duration, SystemTime};

    use rustix::time::{ClockId, Timespec, clock_gettime};

    pub(super) fn monotonic() -> Duration {
        duration(clock_gettime(ClockId::MonotonicCoarse))
    }

    pub(super) fn wall() -> SystemTime {
        SystemTime::UNIX_EPOCH + duration(clock_gettime(ClockId::RealtimeCoarse))
    }

    /// Times before 1970, or before the machine was started, count as its beginning.
    fn duration(time: Timespec) -> Duration {
        Duration::try_from(time).unwrap_or_default()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant, SystemTime};

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(super) fn monotonic() -> Duration {
        ORIGIN.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub(super) fn wall() -> SystemTime {
        SystemTime::now()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        system::monotonic()
    }

    fn wall(&self) -> SystemTime {
        system::wall()
    }
}
