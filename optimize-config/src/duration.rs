//! Durations with their unit, as settings and flags have them.

use std::time::Duration;

/// A longer wait is a mistake, and a clock cannot count much longer ones.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A duration with its unit: longer than zero, at most a year.
pub fn duration(text: &str) -> Result<Duration, String> {
    let problem = || format!("expected a duration such as 30s or 2m, not {text:?}");
    let signed: jiff::SignedDuration = text.trim().parse().map_err(|_| problem())?;
    match Duration::try_from(signed) {
        Ok(duration) if duration > LONGEST => Err(format!("expected at most 8760h (a year), not {text:?}")),
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(problem()),
    }
}
