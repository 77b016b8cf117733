//! What a program can watch: requests, waits and tokens.

use std::time::Duration;

use crate::error::AuthError;
use crate::http::Method;

/// Is called when something has happened, to count or to measure it: `Cached::with_observer` and the `observer` of the
/// client of `optimize-api` take one. Each method does nothing by default.
///
/// The methods are called by the task that has made the request, so they must be quick. Nothing they get holds a secret.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use optimize_auth::{AttemptEnded, Observer};
///
/// #[derive(Default)]
/// struct Failures(AtomicU64);
///
/// impl Observer for Failures {
///     fn attempt_ended(&self, attempt: &AttemptEnded<'_>) {
///         if attempt.status.is_none_or(|status| status >= 400) {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// A request to the API has ended, with a response or without.
    fn attempt_ended(&self, _attempt: &AttemptEnded<'_>) {}

    /// The source of a token has returned one, after this time. A token from a store is not among these.
    fn token_fetched(&self, _duration: Duration) {}

    /// The source of a token has failed, after this time.
    fn token_failed(&self, _error: &AuthError, _duration: Duration) {}
}

/// A request that has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AttemptEnded<'a> {
    /// The id of the operation, such as `report.list`.
    pub operation: &'a str,
    /// The base URL of the server.
    pub server: &'a str,
    /// The id of what it is about, such as that of a report; `None` if it is about none, or several.
    pub subject: Option<&'a str>,
    /// The method.
    pub method: &'a Method,
    /// Which request of its call it is, counted from 1.
    pub number: u32,
    /// The status of the response; `None` if there is no whole response.
    pub status: Option<u16>,
    /// From the first byte of the request to the last one of the response, or to the failure.
    pub duration: Duration,
    /// The length of the request's body.
    pub request_bytes: u64,
    /// The length of the response's body, decompressed.
    pub response_bytes: u64,
    /// What happens next.
    pub next: AfterAttempt,
}

/// What happens after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterAttempt {
    /// The call ends, with success or with an error.
    End,
    /// The request is sent again after this time.
    Wait(Duration),
    /// The request is sent again with a new token.
    Renew,
}

impl<'a> AttemptEnded<'a> {
    /// For `optimize-api`, which fills in the rest.
    #[doc(hidden)]
    pub fn new(server: &'a str, operation: &'a str, method: &'a Method, number: u32) -> Self {
        Self {
            server,
            operation,
            subject: None,
            method,
            number,
            status: None,
            duration: Duration::ZERO,
            request_bytes: 0,
            response_bytes: 0,
            next: AfterAttempt::End,
        }
    }
}

/// Reports to the recorder of the `metrics` crate, with the labels `operation` and `status`: the counters
/// `optimize_requests_total`, `optimize_retries_total`, `optimize_response_bytes_total`, `optimize_tokens_total` and
/// `optimize_token_failures_total`, and the histograms `optimize_request_seconds` and `optimize_token_seconds`.
#[cfg(feature = "metrics")]
#[derive(Clone, Copy, Debug, Default)]
pub struct MetricsObserver;

#[cfg(feature = "metrics")]
impl Observer for MetricsObserver {
    fn attempt_ended(&self, attempt: &AttemptEnded<'_>) {
        let operation = attempt.operation.to_owned();
        let status = attempt.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let labels = [("operation", operation), ("status", status)];
        metrics::counter!("optimize_requests_total", &labels).increment(1);
        metrics::counter!("optimize_response_bytes_total", &labels).increment(attempt.response_bytes);
        metrics::histogram!("optimize_request_seconds", &labels).record(attempt.duration.as_secs_f64());
        if attempt.next != AfterAttempt::End {
            metrics::counter!("optimize_retries_total", &labels).increment(1);
        }
    }

    fn token_fetched(&self, duration: Duration) {
        metrics::counter!("optimize_tokens_total").increment(1);
        metrics::histogram!("optimize_token_seconds").record(duration.as_secs_f64());
    }

    fn token_failed(&self, _: &AuthError, duration: Duration) {
        metrics::counter!("optimize_token_failures_total").increment(1);
        metrics::histogram!("optimize_token_seconds").record(duration.as_secs_f64());
    }
}
