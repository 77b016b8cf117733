//! Token endpoints: where they are, and one exchange with one (RFC 6749 §3.2).

mod discovery;
mod form;
mod reply;

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};

use crate::http::{HttpOptions, TransportError, retry_after, server_date};
use crate::{AuthError, AuthErrorKind, Clock, ServiceUrl, StoreKeyBuilder, SystemClock, Token};

use discovery::Discovered;
pub use discovery::Issuer;
pub(crate) use form::{Body, Fields};

/// The largest response that is read, in bytes. Real ones have a few thousand.
const RESPONSE_LIMIT: usize = 1 << 20;

/// Where to get tokens: a token endpoint, or an issuer that says where its endpoint is.
///
/// `ServiceUrl` and [`Issuer`] convert into it.
#[derive(Debug)]
pub struct TokenEndpoint {
    url: Option<ServiceUrl>,
    issuer: Option<Issuer>,
    options: HttpOptions,
    timeout: Duration,
    discovered: Discovered,
    client: OnceLock<reqwest::Client>,
}

impl From<ServiceUrl> for TokenEndpoint {
    fn from(url: ServiceUrl) -> Self {
        Self::new(Some(url), None)
    }
}

impl From<Issuer> for TokenEndpoint {
    fn from(issuer: Issuer) -> Self {
        Self::new(None, Some(issuer))
    }
}

impl TokenEndpoint {
    fn new(url: Option<ServiceUrl>, issuer: Option<Issuer>) -> Self {
        Self {
            url,
            issuer,
            options: HttpOptions::default(),
            timeout: Duration::from_secs(30),
            discovered: Discovered::default(),
            client: OnceLock::new(),
        }
    }

    /// Names the issuer of an endpoint whose URL is known: assertions are then meant for it.
    pub fn with_issuer(mut self, issuer: Issuer) -> Self {
        self.issuer = Some(issuer);
        self
    }

    pub(crate) fn set_options(&mut self, options: HttpOptions) {
        self.options = options;
        self.client = OnceLock::new();
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    pub(crate) fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_ref()
    }

    pub(crate) fn add_to(&self, key: StoreKeyBuilder) -> StoreKeyBuilder {
        let key = key.with_text("token_url", self.url.as_ref().map(|url| url.as_url().as_str()));
        self.options.add_to(key.with_text("issuer", self.issuer.as_ref().map(Issuer::as_str)))
    }

    /// The token endpoint, which is asked for if only the issuer is known.
    pub(crate) async fn url(&self) -> Result<ServiceUrl, AuthError> {
        match (&self.url, &self.issuer) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(issuer)) => self.discovered.token_endpoint(issuer, &self.options, self.timeout).await,
            (None, None) => unreachable!("an endpoint is made of a URL or an issuer"),
        }
    }

    /// Posts `body` once. `secrets` are kept out of whatever the server says.
    pub(crate) async fn exchange(
        &self,
        url: &ServiceUrl,
        headers: HeaderMap,
        body: Body,
        secrets: &[&str],
    ) -> Result<Token, AuthError> {
        let request = self
            .client(url)?
            .post(url.as_url().clone())
            .headers(headers)
            .header(http::header::ACCEPT, "application/json")
            .header(http::header::CONTENT_TYPE, body.content_type)
            .timeout(self.timeout)
            .body(body.bytes);
        let response = self.options.send(request).await.map_err(|error| unavailable(url, error))?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = self.options.read_body(response, RESPONSE_LIMIT).await.map_err(|error| unavailable(url, error))?;
        tracing::info!(%url, status = status.as_u16(), "token endpoint responded");
        reply::read(status, &headers, body, secrets).map_err(|failure| refused(url, status, &headers, failure))
    }

    /// One connection pool serves all requests. Should discovery name another endpoint, that one gets a client of its
    /// own, since whether a proxy may be used depends on the target.
    fn client(&self, url: &ServiceUrl) -> Result<reqwest::Client, AuthError> {
        if self.url.is_none() {
            return self.discovered.client(url, &self.options);
        }
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = self.options.client_for_single_requests(url)?;
        Ok(self.client.get_or_init(|| client).clone())
    }
}

/// Reads a response as [`TokenEndpoint::exchange`] does; of an error its text.
#[cfg(fuzzing)]
pub(crate) fn read_response(
    status: StatusCode,
    headers: &HeaderMap,
    body: Vec<u8>,
    secrets: &[&str],
) -> Result<Token, String> {
    reply::read(status, headers, body, secrets).map_err(|failure| failure.problem)
}

fn refused(url: &ServiceUrl, status: StatusCode, headers: &HeaderMap, failure: reply::Failure) -> AuthError {
    let wait = retry_after(headers, now());
    let later = wait.map(|wait| format!("; it asks to wait {} s", wait.as_secs())).unwrap_or_default();
    let message = format!("get a token from {url}: {}{later}", failure.problem);
    let mut error = AuthError::new(failure.kind, message).with_status(status.as_u16());
    if let Some(code) = failure.code {
        error = error.with_code(code);
    }
    if let Some(time) = server_date(headers) {
        error = error.with_server_time(time);
    }
    match wait {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

fn unavailable(url: &ServiceUrl, error: TransportError) -> AuthError {
    let kind = if error.is_too_large() { AuthErrorKind::Protocol } else { AuthErrorKind::Unavailable };
    AuthError::new(kind, format!("get a token from {url}")).with_source(error)
}

fn now() -> SystemTime {
    SystemClock.wall()
}
