//! Whether and when to send a request again, as a pure function.

use std::time::Duration;

use crate::operation::Retry;

/// How often and after which waits a failed request is sent again.
///
/// ```
/// use optimize_api::RetryPolicy;
/// use std::time::Duration;
///
/// let patient = RetryPolicy::default().with_attempts(6).with_longest_wait(Duration::from_secs(30));
/// let impatient = RetryPolicy::default().with_attempts(1);
/// # drop((patient, impatient));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryPolicy {
    attempts: u32,
    first_wait: Duration,
    longest_wait: Duration,
    total_time: Option<Duration>,
    budget: u32,
    statuses: Vec<u16>,
    random: fn() -> f64,
}

/// The statuses of a server that is overloaded, or of something before it.
const TRANSIENT: [u16; 6] = [408, 425, 429, 502, 503, 504];

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(10),
            total_time: None,
            budget: 100,
            statuses: TRANSIENT.to_vec(),
            random: fastrand::f64,
        }
    }
}

impl RetryPolicy {
    /// How many requests one call may send, the first included. Default 4, at least 1.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The longest wait before the second attempt; it doubles with each further one, up to the
    /// [longest](Self::with_longest_wait), and the real wait is a random part of it (full jitter). Default 250 ms.
    pub fn with_first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// The longest wait between two attempts, unless the server requires a longer one by `Retry-After`. Default 10 s.
    pub fn with_longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// How long after its start a call may still begin another attempt. Default as long as the timeout of the call.
    pub fn with_total_time(mut self, time: Duration) -> Self {
        self.total_time = Some(time);
        self
    }

    /// How many retries all calls of a client share; ten successes add one to what is left. A wait for `Retry-After` does not
    /// use it up. Default 100.
    pub fn with_budget(mut self, retries: u32) -> Self {
        self.budget = retries;
        self
    }

    /// The statuses after which a request that is safe to repeat is sent again. Default 408, 425, 429, 502, 503 and 504.
    pub fn with_statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    pub(crate) fn budget(&self) -> u32 {
        self.budget
    }

    /// Where jitter comes from: a function that returns numbers from 0 up to 1.
    #[cfg(any(test, feature = "test-util"))]
    pub fn with_random(mut self, random: fn() -> f64) -> Self {
        self.random = random;
        self
    }

    fn time_left(&self, spent: Duration) -> Duration {
        self.total_time.map_or(Duration::MAX, |total| total.saturating_sub(spent))
    }

    fn wait_after(&self, attempt: u32) -> Duration {
        let ceiling = self.first_wait.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(self.longest_wait);
        ceiling.mul_f64((self.random)().clamp(0.0, 1.0))
    }
}

/// Which attempt of a call it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    /// Counted from 1.
    pub(crate) number: u32,
    /// Whether a new token can be requested and was not requested in this call yet.
    pub(crate) may_reauthorize: bool,
}

/// The result of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Response {
        status: u16,
        retry_after: Option<Duration>,
    },
    /// The server cannot have received the request.
    NotSent,
    /// The server may have received and obeyed the request.
    Ambiguous,
    /// Another attempt could not end differently, or there is no time for one.
    Final,
}

impl Outcome {
    /// Whether the request may have been carried out although its response does not confirm it.
    pub(crate) fn is_ambiguous(self) -> bool {
        matches!(self, Self::Ambiguous | Self::Response { status: 408 | 502 | 503 | 504, .. })
    }

    pub(crate) fn is_success(self) -> bool {
        matches!(self, Self::Response { status: 200..=299, .. })
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Return what there is, success or failure.
    Finish,
    /// Send again after this time.
    Wait(Duration),
    /// Send again with a new token.
    Reauthorize,
}

/// `spent` is how long the call has taken so far, `left` what remains of its time.
pub(crate) fn decide(
    retry: Retry,
    attempt: Attempt,
    outcome: Outcome,
    spent: Duration,
    left: Duration,
    policy: &RetryPolicy,
) -> Decision {
    let (is_repeatable, asked) = match outcome {
        // A request without a valid token is turned away before anything looks at it, so it did nothing.
        Outcome::Response { status: 401, .. } if attempt.may_reauthorize => return Decision::Reauthorize,
        Outcome::Response { status, retry_after } if policy.statuses.contains(&status) && status >= 400 => {
            (may_repeat(retry, attempt), retry_after)
        }
        Outcome::Response { .. } | Outcome::Final => (false, None),
        Outcome::NotSent => (true, None),
        Outcome::Ambiguous => (may_repeat(retry, attempt), None),
    };
    let wait = policy.wait_after(attempt.number).max(asked.unwrap_or_default());
    if is_repeatable && attempt.number < policy.attempts && wait < left.min(policy.time_left(spent)) {
        Decision::Wait(wait)
    } else {
        Decision::Finish
    }
}

/// Whether a request that may have been carried out may be sent again.
fn may_repeat(retry: Retry, attempt: Attempt) -> bool {
    match retry {
        Retry::Idempotent => true,
        Retry::Once => attempt.number == 1,
        Retry::Never => false,
    }
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
