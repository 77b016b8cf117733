//! From a request value to a response: one loop, one place that touches the network.

pub(crate) mod budget;
pub(crate) mod decode;
pub(crate) mod retry;
pub(crate) mod spec;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, LOCATION, PROXY_AUTHORIZATION, SET_COOKIE,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use optimize_auth::http::{
    HttpClient, HttpOptions, RequestSpan, TransportError, TransportProblem, described_page, is_html, retry_after,
    without_mark,
};
use optimize_auth::{AfterAttempt, AttemptEnded, AuthHeaders, Clock, Credentials, ServiceUrl, SystemClock, scrub};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, Span};
use url::Url;

use crate::error::{Error, ErrorKind, ServerError};
use crate::hints;
use crate::hints::Hint;
use crate::hooks::Hooks;
use crate::operation::Body;
use crate::operation::{Operation, Retry};
use crate::readiness::Readiness;
use budget::RetryBudget;
use retry::{Attempt, Decision, Outcome, RetryPolicy, decide};
use spec::RequestSpec;

/// The headers that a program cannot set: the credential, and what a body and the base URL decide.
pub(crate) static OWN_HEADERS: [HeaderName; 4] = [AUTHORIZATION, CONTENT_TYPE, CONTENT_LENGTH, HOST];

/// How much of a failure's body is read, in bytes: enough for a complaint about each element of a large batch.
const ERROR_LIMIT: usize = 16 << 20;

/// Servers accept 8 KiB of URL and headers by default. A request with so much in its URL and token may be refused for that.
const LARGE_REQUEST: usize = 7000;

/// The largest response of an operation that returns no data and no definitions, in bytes.
const SMALL_LIMIT: usize = 16 << 20;

#[derive(Clone, Debug)]
pub(crate) struct Transport {
    pub(crate) base_url: ServiceUrl,
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) http_options: HttpOptions,
    /// Those that every request has.
    pub(crate) headers: HeaderMap,
    pub(crate) hooks: Hooks,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) timeout: Duration,
    pub(crate) body_limit: usize,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: Arc<RetryBudget>,
    /// One permit for each request that may be under way.
    pub(crate) permits: Option<Arc<Semaphore>>,
}

/// A complete response, of any status.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The result of the last attempt, and how many there were.
struct Ended {
    exchange: Exchange,
    auth: Option<AuthHeaders>,
    attempts: u32,
    /// How long to wait, by `Retry-After`.
    wait: Option<Duration>,
    /// Whether this is a deletion that an earlier attempt has carried out.
    is_done: bool,
    /// Whether an attempt was refused because there are too many requests, or the server has no room for more.
    is_throttled: bool,
}

impl Ended {
    /// Adds to an error the number of attempts, and whether the request may have been carried out.
    fn describe(&self, spec: &RequestSpec) -> impl FnOnce(Error) -> Error + use<> {
        let is_change = !matches!(spec.method, Method::GET | Method::HEAD);
        let is_open = is_change && self.exchange.leaves_open();
        let must_not_repeat = spec.operation.retry == Retry::Never && self.exchange.leaves_open();
        let (attempts, wait) = (self.attempts, self.wait);
        move |error| {
            let error = error.with_attempts(attempts, wait);
            let error = if is_open { error.possibly_done() } else { error };
            if must_not_repeat { error.with_hint(&hints::OPEN) } else { error }
        }
    }
}

/// The result of one attempt.
enum Exchange {
    Response(Response),
    Failed(TransportError),
    TimedOut,
}

impl Exchange {
    /// Puts into the span of the attempt how it has ended.
    fn record(&self, span: &RequestSpan) {
        match self {
            Self::Response(response) => span.responded(response.status),
            Self::Failed(error) => span.failed(error),
            Self::TimedOut => span.timed_out(),
        }
    }

    /// Whether the request may have been carried out although this is not a valid response to it.
    fn leaves_open(&self) -> bool {
        match self {
            Self::Response(response) => matches!(response.status.as_u16(), 200..=299 | 408 | 502..=504),
            Self::Failed(error) => !error.was_not_sent(),
            Self::TimedOut => true,
        }
    }

    /// What Optimize, not something before it, returns for a deletion that it has carried out, or queued, before.
    fn is_done_already(&self) -> bool {
        let Self::Response(response) = self else { return false };
        let code = match response.status {
            StatusCode::NOT_FOUND => "notFoundError",
            StatusCode::CONFLICT => "conflict",
            _ => return false,
        };
        ServerError::read(&response.headers, &response.body, &[]).code.as_deref() == Some(code)
    }

    /// Why the server refused the token, in its own words (RFC 6750 §3).
    fn challenge(&self) -> Option<&str> {
        match self {
            Self::Response(response) => response.headers.get(WWW_AUTHENTICATE)?.to_str().ok(),
            _ => None,
        }
    }

    fn outcome(&self, retry_after: Option<Duration>) -> Outcome {
        match self {
            Self::Response(response) => Outcome::Response { status: response.status.as_u16(), retry_after },
            Self::Failed(error) if error.problem() == TransportProblem::InvalidRequest => Outcome::Final,
            Self::Failed(error) if error.was_not_sent() => Outcome::NotSent,
            Self::Failed(error) if error.is_too_large() => Outcome::Final,
            Self::Failed(_) => Outcome::Ambiguous,
            // The deadline of the whole call has passed.
            Self::TimedOut => Outcome::Final,
        }
    }
}

impl Transport {
    /// Sends `spec`, again where that is harmless and may help, and reads the body of a 2xx.
    pub(crate) async fn send<T>(
        &self,
        spec: &RequestSpec,
        read: impl FnOnce(Bytes) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let about = |error: Error| error.about(spec.subject.as_deref());
        let ended = self.run(spec).instrument(call(spec)).await.map_err(about)?;
        self.conclude(spec, ended, read)
    }

    /// The result of a request that has ended.
    fn conclude<T>(
        &self,
        spec: &RequestSpec,
        ended: Ended,
        read: impl FnOnce(Bytes) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let about = |error: Error| error.about(spec.subject.as_deref());
        if ended.is_done {
            return read(Bytes::new());
        }
        let (secrets, described) = (secrets(ended.auth.as_ref()), ended.describe(spec));
        self.finish(spec, ended.exchange, &secrets).and_then(read).map_err(described).map_err(about)
    }

    /// Like [`send`], but returns every response; one that is not a success comes with its error.
    pub(crate) async fn send_for_any(&self, spec: &RequestSpec) -> Result<(Response, Option<Error>), Error> {
        let ended = self.run(spec).instrument(call(spec)).await?;
        let (secrets, described) = (secrets(ended.auth.as_ref()), ended.describe(spec));
        match ended.exchange {
            Exchange::Response(response) => {
                let error = (!response.status.is_success()).then(|| {
                    described(Error::of_response(
                        spec.operation,
                        response.status,
                        &response.headers,
                        &response.body,
                        &secrets,
                    ))
                });
                Ok((response, error))
            }
            failed => Err(self
                .finish(spec, failed, &[])
                .map_err(described)
                .err()
                .unwrap_or_else(|| unreachable!("it has no response"))),
        }
    }

    async fn run(&self, spec: &RequestSpec) -> Result<Ended, Error> {
        let started = Instant::now();
        let deadline = after(started, self.timeout);
        let url = spec.url(&self.base_url);
        let mut attempt = Attempt { number: 1, may_reauthorize: self.may_reauthorize(spec) };
        // Whether an earlier attempt may have done what this one is to do.
        let mut may_be_done = false;
        let mut is_throttled = false;
        loop {
            let auth = match timeout_at(deadline, self.authorize(spec)).await {
                Ok(auth) => auth?,
                Err(_) => return Err(Error::new(spec.operation, ErrorKind::Timeout, "no token arrived in time")),
            };
            let (sent, span) = (Instant::now(), RequestSpan::open(&spec.method, &url, attempt.number - 1));
            let exchange = self.exchange(spec, &url, auth.as_ref()).instrument(span.span());
            let exchange = match timeout_at(deadline, exchange).await {
                Ok(Ok(response)) => Exchange::Response(response),
                Ok(Err(error)) => Exchange::Failed(error),
                Err(_) => Exchange::TimedOut,
            };
            exchange.record(&span);
            is_throttled |=
                matches!(&exchange, Exchange::Response(response) if matches!(response.status.as_u16(), 429 | 503));
            let wait = match &exchange {
                Exchange::Response(response) => retry_after(&response.headers, SystemClock.wall()),
                _ => None,
            };
            let outcome = exchange.outcome(wait);
            let so_far = started.elapsed();
            let left = self.timeout.saturating_sub(so_far);
            let decision = match decide(spec.operation.retry, attempt, outcome, so_far, left, &self.retry) {
                // A wait that the server requires causes no storm.
                Decision::Wait(_) if wait.is_none() && !self.budget.take() => Decision::Finish,
                Decision::Reauthorize if !self.renews(auth.as_ref(), &exchange, deadline).await => Decision::Finish,
                decision => decision,
            };
            if outcome.is_success() {
                self.budget.give_back();
            }
            self.report(spec, attempt.number, &exchange, sent.elapsed(), decision);
            match decision {
                Decision::Finish => {
                    let is_deletion = may_be_done && spec.operation.retry == Retry::Once;
                    let is_done = is_deletion && exchange.is_done_already();
                    return Ok(Ended { exchange, auth, attempts: attempt.number, wait, is_done, is_throttled });
                }
                Decision::Wait(pause) => {
                    may_be_done |= outcome.is_ambiguous();
                    sleep(pause).await;
                }
                Decision::Reauthorize => attempt.may_reauthorize = false,
            }
            attempt.number += 1;
        }
    }

    /// Reports to the log and to the observer how an attempt has ended.
    fn report(&self, spec: &RequestSpec, number: u32, exchange: &Exchange, duration: Duration, decision: Decision) {
        let mut ended = AttemptEnded::new(self.base_url.as_url().as_str(), spec.operation.id, &spec.method, number);
        ended.subject = spec.subject.as_deref();
        ended.duration = duration;
        ended.request_bytes = spec.body().map_or(0, |body| body.len() as u64);
        if let Exchange::Response(response) = exchange {
            ended.status = Some(response.status.as_u16());
            ended.response_bytes = response.body.len() as u64;
        }
        ended.next = match decision {
            Decision::Finish => AfterAttempt::End,
            Decision::Wait(pause) => AfterAttempt::Wait(pause),
            Decision::Reauthorize => AfterAttempt::Renew,
        };
        tracing::debug!(
            target: "optimize_api::requests",
            operation = ended.operation,
            attempt = number,
            status = ended.status,
            ?duration,
            bytes = ended.response_bytes,
            next = ?ended.next,
            "attempt ended"
        );
        if let Some(observer) = &self.hooks.observer {
            observer.attempt_ended(&ended);
        }
    }

    /// Rejects the credential and gets another one. False if it is the same again, as from a file that nobody has
    /// replaced: sending that is useless. The next caller gets the error if no new one can be had.
    async fn renews(&self, rejected: Option<&AuthHeaders>, exchange: &Exchange, deadline: Instant) -> bool {
        let (Some(credentials), Some(rejected)) = (&self.credentials, rejected) else { return false };
        match timeout_at(deadline, credentials.renewed_after(rejected, exchange.challenge())).await {
            Ok(Ok(renewed)) => renewed.is_some(),
            _ => true,
        }
    }

    /// Sends what has no response body. Releases differ between 200 and 204.
    pub(crate) async fn send_void(&self, spec: &RequestSpec) -> Result<(), Error> {
        self.send(spec, |_| Ok(())).await
    }

    /// The same; also returns whether the server asked for fewer requests on the way.
    pub(crate) async fn send_void_noting_load(&self, spec: &RequestSpec) -> (Result<(), Error>, bool) {
        match self.run(spec).instrument(call(spec)).await {
            Ok(ended) => {
                let is_throttled = ended.is_throttled;
                (self.conclude(spec, ended, |_| Ok(())), is_throttled)
            }
            Err(error) => (Err(error.about(spec.subject.as_deref())), false),
        }
    }

    /// A list of `{"id"}` objects.
    pub(crate) async fn fetch_ids<Id: for<'de> Deserialize<'de>>(&self, spec: &RequestSpec) -> Result<Vec<Id>, Error> {
        #[derive(Deserialize)]
        struct Entry<Id> {
            id: Id,
        }
        let entries: Vec<Entry<Id>> = self.send(spec, |body| decode::json(spec.operation, &body)).await?;
        Ok(entries.into_iter().map(|entry| entry.id).collect())
    }

    /// Sends one request. Any response except a redirect or a web page is about readiness.
    pub(crate) async fn probe(&self, spec: &RequestSpec) -> Result<Readiness, Error> {
        let exchange =
            match timeout_at(after(Instant::now(), self.timeout), self.exchange(spec, &spec.url(&self.base_url), None))
                .await
            {
                Ok(Ok(response))
                    if response.status == StatusCode::OK && !is_html(&response.headers, &response.body) =>
                {
                    return Ok(Readiness::Ready);
                }
                // Optimize has readiness in every release, so another server or another context path responded.
                Ok(Ok(response)) if response.status == StatusCode::NOT_FOUND => {
                    let message = format!("{} returned 404", self.base_url);
                    return Err(Error::new(spec.operation, ErrorKind::Misconfigured, message)
                        .with_status(404)
                        .with_attempts(1, None));
                }
                Ok(Ok(response)) if !response.status.is_success() && !response.status.is_redirection() => {
                    return Ok(Readiness::NotReady { status: response.status.as_u16() });
                }
                Ok(Ok(response)) => Exchange::Response(response),
                Ok(Err(error)) => Exchange::Failed(error),
                Err(_) => Exchange::TimedOut,
            };
        match self.finish(spec, exchange, &[]) {
            Ok(_) => Ok(Readiness::Ready),
            Err(error) => Err(error.with_attempts(1, None)),
        }
    }

    fn may_reauthorize(&self, spec: &RequestSpec) -> bool {
        spec.operation.needs_token && self.credentials.as_ref().is_some_and(Credentials::is_renewable)
    }

    async fn authorize(&self, spec: &RequestSpec) -> Result<Option<AuthHeaders>, Error> {
        match &self.credentials {
            Some(credentials) if spec.operation.needs_token => {
                credentials.headers().await.map(Some).map_err(Error::authentication)
            }
            _ => Ok(None),
        }
    }

    async fn exchange(
        &self,
        spec: &RequestSpec,
        url: &Url,
        auth: Option<&AuthHeaders>,
    ) -> Result<Response, TransportError> {
        // Held until the response is read. Nobody closes it.
        let _permit = match &self.permits {
            Some(permits) => permits.acquire().await.ok(),
            None => None,
        };
        tracing::debug!(method = %spec.method, %url, "sending");
        let mut headers = self.headers.clone();
        headers.extend(spec.headers.clone());
        if let Some(hook) = &self.hooks.on_request {
            hook(spec.operation, &mut headers);
            for name in &OWN_HEADERS {
                headers.remove(name);
            }
        }
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        if let Some(auth) = auth {
            auth.apply(&mut headers);
        }
        let body = spec.body();
        if let Some(body) = body {
            headers.insert(CONTENT_TYPE, spec.content_type().clone());
            // Of known length, so that it is never chunked: older servers return 411 to that. HTTP libraries leave out a
            // length of 0, to which some gateways return 411, too.
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let request = Request::builder().method(spec.method.clone()).uri(url.as_str());
        let request = request.body(body.cloned().unwrap_or_default());
        let mut request =
            request.map_err(|error| TransportError::new(TransportProblem::InvalidRequest).with_source(error))?;
        *request.headers_mut() = headers;
        tracing::trace!(headers = ?Shown(request.headers(), &[]), "request");
        let response = self.http_options.send(&*self.http, request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        tracing::trace!(status = status.as_u16(), version = ?response.version(), headers = ?Shown(&headers, &secrets(auth)), "response");
        let body = if status.is_success() {
            self.http_options.read_body(response, self.limit_of(spec.operation)).await?
        } else {
            self.http_options.read_start(response, ERROR_LIMIT).await?
        };
        Ok(Response { status, headers, body: body.into() })
    }

    /// How much of a 2xx is read.
    fn limit_of(&self, operation: &Operation) -> usize {
        match operation.body {
            Body::Large | Body::Page => self.body_limit,
            Body::Small | Body::Empty => self.body_limit.min(SMALL_LIMIT),
        }
    }

    fn finish(&self, spec: &RequestSpec, exchange: Exchange, secrets: &[&str]) -> Result<Bytes, Error> {
        let operation = spec.operation;
        let misconfigured = |status: StatusCode, what: String| {
            let message = format!("{} returned {} {what}", self.base_url, status.as_u16());
            Error::new(operation, ErrorKind::Misconfigured, message).with_status(status.as_u16())
        };
        let response = match exchange {
            Exchange::Response(response) => response,
            Exchange::Failed(error) => {
                let kind = match error.problem() {
                    TransportProblem::InvalidRequest => ErrorKind::InvalidInput,
                    TransportProblem::TooLarge(_) => ErrorKind::TooLarge,
                    TransportProblem::ExchangeTimeout => ErrorKind::Timeout,
                    _ if error.was_not_sent() => ErrorKind::Connect,
                    _ => ErrorKind::Interrupted,
                };
                return Err(
                    Error::new(operation, kind, format!("no response from {}", self.base_url)).with_source(error)
                );
            }
            Exchange::TimedOut => {
                let message = format!("no response from {} within {:?}", self.base_url, self.timeout);
                return Err(Error::new(operation, ErrorKind::Timeout, message));
            }
        };
        if response.status.is_redirection() {
            let target = response.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("?");
            let shown = scrub(target.split(['?', '#']).next().unwrap_or_default(), secrets);
            let error = misconfigured(response.status, format!("with a redirect to {shown}, which is not followed"));
            return Err(match self.hint_of_redirect(target) {
                Some(hint) => error.with_hint(hint),
                None => error,
            });
        }
        let is_page = is_html(&response.headers, &response.body);
        if is_page && (response.status.is_success() || response.status == StatusCode::NOT_FOUND) {
            let page = scrub(&described_page(&response.body), secrets);
            return Err(misconfigured(response.status, format!("with {page} instead of JSON")));
        }
        let url = spec.url(&self.base_url);
        let (url_size, token_size) = (url.as_str().len(), secrets.iter().map(|secret| secret.len()).sum());
        match response.status.as_u16() {
            status @ (414 | 431) => return Err(Error::too_large(operation, status, url_size, token_size)),
            400 if is_page && url_size + token_size > LARGE_REQUEST => {
                return Err(Error::too_large(operation, 400, url_size, token_size));
            }
            400 if is_page && url.host_str().is_some_and(|host| host.contains('_')) => {
                let server = ServerError::read(&response.headers, &response.body, secrets);
                return Err(Error::from_status(operation, 400, server).with_hint(&hints::HOST_NAME));
            }
            _ => {}
        }
        if !response.status.is_success() {
            let server = ServerError::read(&response.headers, &response.body, secrets);
            return Err(Error::from_status(operation, response.status.as_u16(), server));
        }
        // A part of a response, or one that something in between has changed, is not the data.
        let is_data = operation.body == Body::Page;
        if response.status == StatusCode::PARTIAL_CONTENT || (is_data && response.status != StatusCode::OK) {
            return Err(misconfigured(response.status, "where the whole response was expected".to_owned()));
        }
        if operation.body == Body::Empty && !is_blank(&response.body) {
            return Err(misconfigured(response.status, "with a body, which this operation does not have".to_owned()));
        }
        Ok(response.body)
    }

    fn hint_of_redirect(&self, target: &str) -> Option<&'static Hint> {
        let base = self.base_url.as_url();
        let target = base.join(target).ok()?;
        let is_login = target.query_pairs().any(|(name, _)| name == "response_type")
            || target.path().ends_with("/auth")
            || target.path().contains("/oauth2/authorization");
        let is_https = base.scheme() == "http" && target.scheme() == "https" && base.host() == target.host();
        match (is_login, is_https) {
            (true, _) => Some(&hints::LOGIN_PAGE),
            (false, true) => Some(&hints::HTTPS_REDIRECT),
            (false, false) => None,
        }
    }
}

/// Headers for the log: without secrets, and without what a terminal could obey.
struct Shown<'a>(&'a HeaderMap, &'a [&'a str]);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(headers, secrets) = self;
        let shown = |name: &HeaderName, value: &HeaderValue| {
            let is_secret = value.is_sensitive() || [COOKIE, SET_COOKIE, PROXY_AUTHORIZATION].contains(name);
            if is_secret { "[hidden]".to_owned() } else { scrub(&String::from_utf8_lossy(value.as_bytes()), secrets) }
        };
        f.debug_map().entries(headers.iter().map(|(name, value)| (name.as_str(), shown(name, value)))).finish()
    }
}

/// The span of a call with all its attempts.
fn call(spec: &RequestSpec) -> Span {
    tracing::debug_span!("optimize.call", otel.name = spec.operation.id, operation = spec.operation.id)
}

/// Whether a body is empty in effect. Optimize sends none where there is nothing to return; some gateways make `{}` of that.
fn is_blank(body: &[u8]) -> bool {
    matches!(without_mark(body).trim_ascii(), b"" | b"{}" | b"null")
}

/// A moment after another one. A time that no clock can count ends in a hundred years.
fn after(start: Instant, time: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    start.checked_add(time).unwrap_or_else(|| start + CENTURY)
}

/// The credential in the headers, to keep it out of texts that a server may echo.
fn secrets(auth: Option<&AuthHeaders>) -> Vec<&str> {
    let value = auth.and_then(|auth| auth.as_map().values().next()?.to_str().ok());
    value.map(|value| value.strip_prefix("Bearer ").unwrap_or(value)).into_iter().collect()
}
