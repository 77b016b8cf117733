//! Options of a client.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use optimize_auth::http::{HttpClient, HttpOptions};
use optimize_auth::{Credentials, Observer, ServiceUrl};

use tokio::sync::Semaphore;

use crate::client::Client;
use crate::error::Error;
use crate::hooks::Hooks;
use crate::operation::Operation;
use crate::transport::budget::RetryBudget;
use crate::transport::retry::RetryPolicy;
use crate::transport::{OWN_HEADERS, Transport};

/// Builds a [`Client`]. Nothing is sent before its first call.
///
/// ```
/// use optimize_api::{Client, RetryPolicy};
/// use optimize_auth::{Credentials, ServiceUrl};
/// use std::time::Duration;
///
/// let client = Client::builder(ServiceUrl::parse("https://optimize.example.com")?)
///     .credentials(Credentials::static_bearer("shared-secret".to_owned().into())?)
///     .timeout(Duration::from_secs(300))
///     .retry(RetryPolicy::default().with_attempts(5))
///     .concurrency(8)
///     .build()?;
/// # drop(client);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    base_url: ServiceUrl,
    credentials: Option<Credentials>,
    http: HttpOptions,
    headers: HeaderMap,
    hooks: Hooks,
    timeout: Duration,
    body_limit: usize,
    retry: RetryPolicy,
    concurrency: Option<usize>,
}

impl ClientBuilder {
    pub(crate) fn new(base_url: ServiceUrl) -> Self {
        Self {
            base_url,
            credentials: None,
            http: HttpOptions::default(),
            headers: HeaderMap::new(),
            hooks: Hooks::default(),
            timeout: Duration::from_secs(60),
            body_limit: 256 << 20,
            retry: RetryPolicy::default(),
            concurrency: None,
        }
    }

    /// What authenticates the requests. Without it only readiness works.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// How connections are made.
    pub fn http(mut self, options: HttpOptions) -> Self {
        self.http = options;
        self
    }

    /// Sends requests through this client: the short form of [`HttpOptions::with_http_client`].
    pub fn http_client(mut self, client: Arc<dyn HttpClient>) -> Self {
        self.http = self.http.with_http_client(client);
        self
    }

    /// A header of every request, for example what a gateway requires, or `x-optimize-client-locale` for the language of
    /// error messages. Its value is kept out of `Debug`. Default none.
    ///
    /// ```
    /// use optimize_api::Client;
    /// use optimize_auth::ServiceUrl;
    /// use optimize_auth::http::{HeaderName, HeaderValue};
    ///
    /// let tenant = (HeaderName::from_static("x-tenant"), HeaderValue::from_static("north"));
    /// let client = Client::builder(ServiceUrl::parse("https://optimize.example.com")?).header(tenant.0, tenant.1).build()?;
    /// # drop(client);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.headers.insert(name, value);
        self
    }

    /// Called before each attempt with its headers, to add some, such as the context of a trace. It does not see the
    /// credential, and changes to headers that the client sets itself are ignored. Default none.
    ///
    /// ```
    /// use optimize_api::Client;
    /// use optimize_auth::ServiceUrl;
    /// use optimize_auth::http::HeaderValue;
    ///
    /// let builder = Client::builder(ServiceUrl::parse("https://optimize.example.com")?);
    /// let client = builder.on_request(|operation, headers| {
    ///     headers.insert("x-operation", HeaderValue::from_static(operation.id));
    /// });
    /// # drop(client.build()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_request(mut self, hook: impl Fn(&Operation, &mut HeaderMap) + Send + Sync + 'static) -> Self {
        self.hooks.on_request = Some(Arc::new(hook));
        self
    }

    /// Called after each attempt, to count or to measure. Default none.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.hooks.observer = Some(observer);
        self
    }

    /// How long one call may take, its attempts and the waits between them included; for report data, each page.
    /// Default 60 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// The largest response that is read, decompressed, in bytes. Default 256 MiB: reports that are not raw data arrive in
    /// one response of any size. Responses without data or definitions are limited to 16 MiB, and of an error 16 MiB are read.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How often and after which waits a failed request is sent again. All calls of one client share a
    /// [budget](RetryPolicy::with_budget) of retries, so that a server that is down does not receive many more requests than
    /// there are calls.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The most requests of this client and its clones that are under way at a time; the others wait, which counts as time of
    /// their calls. Default no limit; at least 1.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = Some(requests.clamp(1, Semaphore::MAX_PERMITS));
        self
    }

    /// Fails if TLS cannot be set up, or if a [`header`](Self::header) is one that the client makes itself.
    pub fn build(self) -> Result<Client, Error> {
        self.headers.keys().try_for_each(check_header)?;
        let http = self.http.client().map_err(Error::authentication)?;
        let transport = Transport {
            base_url: self.base_url,
            http,
            http_options: self.http,
            headers: self.headers,
            hooks: self.hooks,
            credentials: self.credentials,
            timeout: self.timeout,
            body_limit: self.body_limit,
            budget: Arc::new(RetryBudget::new(self.retry.budget())),
            retry: self.retry,
            permits: self.concurrency.map(|requests| Arc::new(Semaphore::new(requests))),
        };
        Ok(Client { transport: Arc::new(transport) })
    }
}

/// Fails if the client makes this header itself.
pub(crate) fn check_header(name: &HeaderName) -> Result<(), Error> {
    if !OWN_HEADERS.contains(name) {
        return Ok(());
    }
    let problem = format!("the header {name} is the client's own; credentials are set with `credentials`");
    Err(Error::invalid_setting(problem))
}
