//! Token endpoints: where they are, and one exchange with one (RFC 6749 §3.2).

mod discovery;
mod form;
mod reply;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use tracing::Instrument;

use crate::clock::{Clock, SystemClock};
use crate::error::{AuthError, AuthErrorKind};
use crate::http::{HttpOptions, RequestSpan, SingleConnection, TransportError, retry_after, server_date, within};
use crate::service_url::ServiceUrl;
use crate::store::StoreKeyBuilder;
use crate::token::Token;

use discovery::Discovered;
pub use discovery::Issuer;
pub(crate) use form::{Body, Fields};

/// The largest response that is read, in bytes. Real ones have a few thousand.
const RESPONSE_LIMIT: usize = 1 << 20;

/// Where to get tokens: a token endpoint, or an issuer that publishes its endpoint.
///
/// `ServiceUrl` and [`Issuer`] convert into it.
#[derive(Clone, Debug)]
pub struct TokenEndpoint {
    place: Place,
    options: HttpOptions,
    timeout: Duration,
}

/// What is known of where the endpoint is.
#[derive(Clone, Debug)]
enum Place {
    /// Its URL, and the issuer that assertions are meant for if that is known.
    Url(ServiceUrl, Option<Issuer>),
    /// The issuer, which names it.
    Issuer(Issuer, Arc<Discovered>),
}

impl From<ServiceUrl> for TokenEndpoint {
    fn from(url: ServiceUrl) -> Self {
        Self::new(Place::Url(url, None))
    }
}

impl From<Issuer> for TokenEndpoint {
    fn from(issuer: Issuer) -> Self {
        Self::new(Place::Issuer(issuer, Arc::default()))
    }
}

impl TokenEndpoint {
    fn new(place: Place) -> Self {
        let (options, timeout) = (HttpOptions::default(), Duration::from_secs(30));
        Self { place, options, timeout }
    }

    /// Names the issuer of an endpoint whose URL is known: assertions are then meant for it.
    pub fn with_issuer(mut self, issuer: Issuer) -> Self {
        self.place = match self.place {
            Place::Url(url, _) => Place::Url(url, Some(issuer)),
            Place::Issuer(..) => Place::Issuer(issuer, Arc::default()),
        };
        self
    }

    pub(crate) fn set_options(&mut self, options: HttpOptions) {
        self.options = options;
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    pub(crate) fn issuer(&self) -> Option<&Issuer> {
        match &self.place {
            Place::Url(_, issuer) => issuer.as_ref(),
            Place::Issuer(issuer, _) => Some(issuer),
        }
    }

    pub(crate) fn add_to(&self, key: StoreKeyBuilder) -> StoreKeyBuilder {
        let url = match &self.place {
            Place::Url(url, _) => Some(url.as_url().as_str()),
            Place::Issuer(..) => None,
        };
        let key = key.with_text("token_url", url);
        key.with_text("issuer", self.issuer().map(Issuer::as_str)).with_http(&self.options)
    }

    /// The token endpoint; that of an issuer is discovered.
    pub(crate) async fn url(&self) -> Result<ServiceUrl, AuthError> {
        match &self.place {
            Place::Url(url, _) => Ok(url.clone()),
            Place::Issuer(issuer, discovered) => discovered.token_endpoint(issuer, &self.options, self.timeout).await,
        }
    }

    /// Posts `body` once. `secrets` are removed from the text of the server.
    pub(crate) async fn exchange(
        &self,
        url: &ServiceUrl,
        headers: HeaderMap,
        body: Body,
        secrets: &[&str],
    ) -> Result<Token, AuthError> {
        let mut request = Request::post(url.as_url().as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, body.content_type)
            .body(body.bytes)
            .map_err(|error| unusable(url, error))?;
        request.headers_mut().extend(headers);
        let (status, headers, body) = exchange(&self.options, url, request, self.timeout).await?;
        tracing::debug!(target: "optimize_auth::requests", %url, status = status.as_u16(), "token endpoint responded");
        reply::read(status, &headers, body, secrets).map_err(|failure| refused(url, status, &headers, failure))
    }
}

/// Sends a request on a connection of its own, and reads the whole response, within `limit`.
async fn exchange(
    options: &HttpOptions,
    url: &ServiceUrl,
    mut request: Request<Bytes>,
    limit: Duration,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), AuthError> {
    request.extensions_mut().insert(SingleConnection);
    let client = options.client()?;
    let span = RequestSpan::open(request.method(), url.as_url(), 0);
    let exchanged = within(limit, async {
        let (head, body) = options.send(&*client, request).await?.into_parts();
        let (status, headers) = (head.status, head.headers.clone());
        let body = options.read_body(Response::from_parts(head, body), RESPONSE_LIMIT).await?;
        Ok((status, headers, body))
    });
    let exchanged = exchanged.instrument(span.span()).await;
    match &exchanged {
        Ok((status, ..)) => span.responded(*status),
        Err(error) => span.failed(error),
    }
    exchanged.map_err(|error| unavailable(url, error))
}

fn unusable(url: &ServiceUrl, error: http::Error) -> AuthError {
    AuthError::new(AuthErrorKind::InvalidInput, format!("failed to send a request to {url}")).with_source(error)
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
    let message = format!("failed to get a token from {url}: {}{later}", failure.problem);
    let mut error = AuthError::new(failure.kind, message).with_status(status.as_u16());
    if let Some(code) = failure.code {
        error = error.with_code(code);
    }
    if let Some(detail) = failure.detail {
        error = error.with_detail(detail);
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
    AuthError::new(kind, format!("failed to get a token from {url}")).with_source(error)
}

fn now() -> SystemTime {
    SystemClock.wall()
}
