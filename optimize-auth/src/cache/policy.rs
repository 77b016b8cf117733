//! The numbers of the token cache, as pure functions.

use std::time::Duration;

/// However short a lifetime, a token is kept this long, so that no endpoint sees more than one request a second.
const SHORTEST_KEEP: Duration = Duration::from_secs(1);

const LONGEST_SOFT_WINDOW: Duration = Duration::from_secs(5 * 60);
const LONGEST_HARD_WINDOW: Duration = Duration::from_secs(10);

const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A flight does not wait longer than this for a `Retry-After`: its callers get the error at once instead.
const LONGEST_WAIT_IN_FLIGHT: Duration = Duration::from_secs(10);

/// The ages at which a token is refreshed ahead, and at which it is no longer handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thresholds {
    pub(super) soft: Duration,
    /// `None`: never.
    pub(super) hard: Option<Duration>,
}

impl Thresholds {
    /// `refresh_in` is what the issuer requests; `random` is from 0 up to 1.
    pub(super) fn of(lifetime: Option<Duration>, refresh_in: Option<Duration>, random: f64) -> Self {
        let Some(lifetime) = lifetime else { return Self { soft: Duration::MAX, hard: None } };
        let soft_window = (lifetime / 5).min(LONGEST_SOFT_WINDOW).mul_f64(1.0 + random / 4.0);
        let hard_window = (lifetime / 10).min(LONGEST_HARD_WINDOW);
        let keep = |window| lifetime.saturating_sub(window).max(SHORTEST_KEEP);
        let soft = refresh_in.map_or(Duration::MAX, |age| age.max(SHORTEST_KEEP)).min(keep(soft_window));
        Self { soft, hard: Some(keep(hard_window)) }
    }
}

/// How long a failed flight is returned to the next ones: 1 s, doubling with each failure in a row, or what the server requires
/// for; at most 30 s.
pub(super) fn pause_after(failures_in_a_row: u32, retry_after: Option<Duration>) -> Duration {
    doubling(failures_in_a_row).max(retry_after.unwrap_or_default()).min(LONGEST_PAUSE)
}

/// How long to wait before the attempt after `attempt` (counted from 1), or `None` if the server requires a longer wait.
pub(super) fn wait_before_retry(attempt: u32, retry_after: Option<Duration>) -> Option<Duration> {
    let wait = doubling(attempt).max(retry_after.unwrap_or_default());
    (wait <= LONGEST_WAIT_IN_FLIGHT).then_some(wait)
}

fn doubling(count: u32) -> Duration {
    Duration::from_secs(1 << count.saturating_sub(1).min(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(lifetime: f64, random: f64) -> (f64, f64) {
        let thresholds = Thresholds::of(Some(Duration::from_secs_f64(lifetime)), None, random);
        (thresholds.soft.as_secs_f64(), thresholds.hard.map_or(f64::INFINITY, |hard| hard.as_secs_f64()))
    }

    #[test]
    fn the_windows_are_a_share_of_the_lifetime_up_to_a_limit() {
        assert_eq!(seconds(300.0, 0.0), (240.0, 290.0));
        assert_eq!(seconds(300.0, 0.8), (228.0, 290.0));
        assert_eq!(seconds(86400.0, 0.0), (86100.0, 86390.0));
        assert_eq!(seconds(5.0, 0.0), (4.0, 4.5));
    }

    #[test]
    fn a_very_short_lifetime_still_keeps_the_token_for_a_second() {
        for lifetime in [0.0, 0.2, 1.0] {
            assert_eq!(seconds(lifetime, 0.5), (1.0, 1.0), "lifetime {lifetime}");
        }
    }

    #[test]
    fn an_unknown_lifetime_never_ends() {
        assert_eq!(Thresholds::of(None, None, 0.0), Thresholds { soft: Duration::MAX, hard: None });
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_honour_the_server() {
        let pauses: Vec<_> = (1..=7).map(|count| pause_after(count, None).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(pause_after(1, Some(Duration::from_secs(20))), Duration::from_secs(20));
        assert_eq!(pause_after(1, Some(Duration::from_secs(3600))), LONGEST_PAUSE);
    }

    #[test]
    fn a_flight_does_not_wait_for_a_distant_retry_after() {
        assert_eq!(wait_before_retry(1, None), Some(Duration::from_secs(1)));
        assert_eq!(wait_before_retry(2, None), Some(Duration::from_secs(2)));
        assert_eq!(wait_before_retry(1, Some(Duration::from_secs(7))), Some(Duration::from_secs(7)));
        assert_eq!(wait_before_retry(1, Some(Duration::from_secs(60))), None);
    }
}
