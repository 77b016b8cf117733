//! What a client may be told before it is built.

use std::sync::Arc;
use std::time::Duration;

use optimize_auth::http::HttpOptions;
use optimize_auth::{Credentials, ServiceUrl};

use crate::transport::Transport;
use crate::transport::budget::RetryBudget;
use crate::transport::retry::RetryPolicy;
use crate::{Client, Error};

/// Builds a [`Client`]. Nothing is sent before its first call.
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    base_url: ServiceUrl,
    credentials: Option<Credentials>,
    http: HttpOptions,
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

    /// How long one call may take, its attempts and the waits between them included; for report data, each page.
    /// Default 60 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// The largest answer that is read, decompressed, in bytes. Default 256 MiB: reports that are not raw data arrive in
    /// one answer of any size.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How often and after which waits a failed request is sent again. All calls of one client share a store of a hundred
    /// retries, to which ten successes add one, so that a server that is down is not asked much more often than there are
    /// calls.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Fails if TLS cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let http = self.http.client_for(&self.base_url).map_err(Error::authentication)?;
        let transport = Transport {
            base_url: self.base_url,
            http,
            credentials: self.credentials,
            timeout: self.timeout,
            body_limit: self.body_limit,
            retry: self.retry,
            budget: RetryBudget::default(),
        };
        Ok(Client { transport: Arc::new(transport) })
    }
}
