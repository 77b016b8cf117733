//! Options of a client.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use optimize_auth::http::{HttpClient, HttpOptions};
use optimize_auth::{Credentials, ServiceUrl};

use crate::client::Client;
use crate::error::Error;
use crate::hooks::Hooks;
use crate::operation::Operation;
use crate::transport::budget::RetryBudget;
use crate::transport::retry::RetryPolicy;
use crate::transport::{OWN_HEADERS, Transport};

/// Builds a [`Client`]. Nothing is sent before its first call.
#[derive(Debug)]
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
    pub fn header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.headers.insert(name, value);
        self
    }

    /// Called before each attempt with its headers, to add some, such as the context of a trace. It does not see the
    /// credential, and changes to headers that the client sets itself are ignored. Default none.
    pub fn on_request(mut self, hook: impl Fn(&Operation, &mut HeaderMap) + Send + Sync + 'static) -> Self {
        self.hooks.on_request = Some(Arc::new(hook));
        self
    }

    /// Called when the head of a response has arrived, whatever its status, to count or to log. Default none.
    pub fn on_response(mut self, hook: impl Fn(&Operation, StatusCode, &HeaderMap) + Send + Sync + 'static) -> Self {
        self.hooks.on_response = Some(Arc::new(hook));
        self
    }

    /// How long one call may take, its attempts and the waits between them included; for report data, each page.
    /// Default 60 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// The largest response that is read, decompressed, in bytes. Default 256 MiB: reports that are not raw data arrive in
    /// one response of any size. Responses without data or definitions are limited to 16 MiB, and of an error 1 MiB is read.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How often and after which waits a failed request is sent again. All calls of one client share a store of a hundred
    /// retries, to which ten successes add one, so that a server that is down does not receive many more requests than there are
    /// calls. A wait for `Retry-After` does not use it up.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Fails if TLS cannot be set up, or if a [`header`](Self::header) is one that the client makes itself.
    pub fn build(self) -> Result<Client, Error> {
        if let Some(name) = OWN_HEADERS.iter().find(|name| self.headers.contains_key(*name)) {
            return Err(Error::invalid_setting(format!(
                "the header {name} is the client's own; credentials are set with `credentials`"
            )));
        }
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
            retry: self.retry,
            budget: RetryBudget::default(),
        };
        Ok(Client { transport: Arc::new(transport) })
    }
}
