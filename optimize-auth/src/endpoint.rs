//! One exchange with a token endpoint (RFC 6749 §3.2).

mod form;
mod reply;

use std::sync::OnceLock;
use std::time::Duration;

use http::HeaderMap;

use crate::http::{HttpOptions, TransportError, read_body, retry_after};
use crate::{AuthError, AuthErrorKind, Clock, ServiceUrl, SystemClock, Token};

pub(crate) use form::{Body, Fields};

/// The largest token answer that is read, in bytes. Real ones have a few thousand.
const ANSWER_LIMIT: usize = 1 << 20;

/// A token endpoint and the HTTP client for it, which is built when the first token is needed.
#[derive(Debug)]
pub(crate) struct TokenEndpoint {
    url: ServiceUrl,
    options: HttpOptions,
    timeout: Duration,
    client: OnceLock<reqwest::Client>,
}

impl TokenEndpoint {
    pub(crate) fn new(url: ServiceUrl) -> Self {
        Self { url, options: HttpOptions::default(), timeout: Duration::from_secs(30), client: OnceLock::new() }
    }

    pub(crate) fn set_options(&mut self, options: HttpOptions) {
        self.options = options;
        self.client = OnceLock::new();
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Posts `body` once. `secrets` are kept out of whatever the server says.
    pub(crate) async fn exchange(&self, headers: HeaderMap, body: Body, secrets: &[&str]) -> Result<Token, AuthError> {
        let response = self
            .client()?
            .post(self.url.as_url().clone())
            .headers(headers)
            .header(http::header::ACCEPT, "application/json")
            .header(http::header::CONTENT_TYPE, body.content_type)
            .timeout(self.timeout)
            .body(body.bytes)
            .send()
            .await
            .map_err(|error| self.unavailable(error.into()))?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = read_body(response, ANSWER_LIMIT).await.map_err(|error| self.unavailable(error))?;
        tracing::info!(url = %self.url, status = status.as_u16(), "token endpoint answered");
        let wait = retry_after(&headers, SystemClock.wall());
        reply::read(status, &headers, body, secrets).map_err(|failure| {
            let message = format!("get a token from {}: {}", self.url, failure.problem);
            let mut error = AuthError::new(failure.kind, message).with_status(status.as_u16());
            if let Some(code) = failure.code {
                error = error.with_code(code);
            }
            match wait {
                Some(wait) => error.with_retry_after(wait),
                None => error,
            }
        })
    }

    fn client(&self) -> Result<&reqwest::Client, AuthError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self.options.client_for(&self.url)?;
        Ok(self.client.get_or_init(|| client))
    }

    fn unavailable(&self, error: TransportError) -> AuthError {
        let kind = if error.is_too_large() { AuthErrorKind::Protocol } else { AuthErrorKind::Unavailable };
        AuthError::new(kind, format!("get a token from {}", self.url)).with_source(error)
    }
}
