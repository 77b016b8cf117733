//! Waiting for a lock that can only be tried, with an eye on whether its holder runs.

use std::time::Duration;

use super::{StoreError, StoreLock};

const SHORTEST_WAIT: Duration = Duration::from_millis(2);
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// How long a holder may show no beat before it counts as stopped.
const SILENCE: Duration = Duration::from_secs(3);

/// What became of an attempt to lock.
pub(super) enum Tried {
    Held(Box<dyn StoreLock>),
    /// Another holder has it, who has shown this number last.
    Busy(Option<u64>),
}

/// Locks that can be tried, and taken away from a holder that does not run, such as a stopped process.
pub(super) trait Locks {
    async fn try_lock(&self) -> Result<Tried, StoreError>;
    async fn break_lock(&self, beat: Option<u64>) -> Result<(), StoreError>;
}

/// The lock, once it is free; `None` if its holder does not run and the lock cannot be taken from it.
pub(super) async fn wait(locks: impl Locks) -> Result<Option<Box<dyn StoreLock>>, StoreError> {
    let mut pause = SHORTEST_WAIT;
    let mut silence = Duration::ZERO;
    let mut last_beat = None;
    let mut has_broken = false;
    loop {
        let beat = match locks.try_lock().await? {
            Tried::Held(lock) => return Ok(Some(lock)),
            Tried::Busy(beat) => beat,
        };
        if beat.is_some() && beat != last_beat {
            (last_beat, silence, has_broken) = (beat, Duration::ZERO, false);
        }
        if silence >= SILENCE && has_broken {
            tracing::warn!(
                "another process fetches the same token and makes no progress; requesting one without its lock"
            );
            return Ok(None);
        }
        if silence >= SILENCE {
            locks.break_lock(last_beat).await?;
            (silence, has_broken) = (Duration::ZERO, true);
            continue;
        }
        tokio::time::sleep(pause).await;
        silence += pause;
        pause = (2 * pause).min(LONGEST_WAIT);
    }
}
