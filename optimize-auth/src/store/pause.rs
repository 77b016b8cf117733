//! A time before which no token is requested.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::error::{AuthError, AuthErrorKind};

/// How long a refused client is not tried again by other processes: a loop in a script would lock it out.
const AFTER_REFUSAL: Duration = Duration::from_secs(5);

/// A failed token request after which the endpoint is left alone for a while, by every process that shares a store.
///
/// It holds no secret: the message of an [`AuthError`] has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When the request failed, in milliseconds since 1970.
    since: u64,
    /// When the next request may be sent, in milliseconds since 1970.
    until: u64,
    is_refusal: bool,
    message: String,
    status: Option<u16>,
    code: Option<String>,
}

impl Pause {
    /// The pause that follows `error`: as long as the endpoint requires, or a few seconds after it refused the client.
    /// `None` if other processes may send a request at once.
    pub(crate) fn after(error: &AuthError, now: SystemTime) -> Option<Self> {
        error.status()?;
        let is_refusal = error.kind() == AuthErrorKind::Refused;
        let length = error.retry_after().or(is_refusal.then_some(AFTER_REFUSAL)).filter(|length| !length.is_zero())?;
        Some(Self {
            since: milliseconds(now)?,
            until: milliseconds(now.checked_add(length)?)?,
            is_refusal,
            message: error.to_string(),
            status: error.status(),
            code: error.code().map(str::to_owned),
        })
    }

    /// Whether it follows a refusal of the client, rather than a `Retry-After`.
    pub(crate) fn is_refusal(&self) -> bool {
        self.is_refusal
    }

    /// The failure again, if the pause is not over. A pause from the future is ignored: a clock was set back.
    pub(crate) fn error(&self, now: SystemTime) -> Option<AuthError> {
        let now = milliseconds(now)?;
        if !(self.since..self.until).contains(&now) {
            return None;
        }
        let (ago, left) = ((now - self.since) / 1000, Duration::from_millis(self.until - now));
        let left_seconds = left.as_millis().div_ceil(1000);
        let message =
            format!("{} ({ago} s ago; the next request is sent in {left_seconds} s at the earliest)", self.message);
        let kind = if self.is_refusal { AuthErrorKind::Refused } else { AuthErrorKind::Unavailable };
        let mut error = AuthError::new(kind, message).with_retry_after(left);
        if let Some(status) = self.status {
            error = error.with_status(status);
        }
        Some(match &self.code {
            Some(code) => error.with_code(code),
            None => error,
        })
    }
}

fn milliseconds(time: SystemTime) -> Option<u64> {
    time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_as_long_as_the_endpoint_said_and_no_clock_makes_it_longer() {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1000 + seconds);
        let limited = AuthError::new(AuthErrorKind::Unavailable, "get a token").with_status(429);
        assert_eq!(Pause::after(&limited, at(0)), None, "the endpoint has not said how long");
        let pause = Pause::after(&limited.with_retry_after(Duration::from_secs(60)), at(0)).unwrap();
        let error = pause.error(at(59)).unwrap();
        assert_eq!((error.kind(), error.status()), (AuthErrorKind::Unavailable, Some(429)));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
        insta::assert_snapshot!(error, @"get a token (59 s ago; the next request is sent in 1 s at the earliest)");
        assert!(pause.error(at(60)).is_none());
        assert!(pause.error(SystemTime::UNIX_EPOCH).is_none(), "the clock was set back");
        let refused = AuthError::new(AuthErrorKind::Refused, "x").with_status(401).with_code("invalid_client");
        let pause = Pause::after(&refused, at(0)).unwrap();
        assert!(pause.is_refusal() && pause.error(at(4)).is_some() && pause.error(at(5)).is_none());
        let elsewhere = AuthError::new(AuthErrorKind::Refused, "a helper said no");
        assert_eq!(Pause::after(&elsewhere, at(0)), None);
    }
}
