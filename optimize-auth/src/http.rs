//! The HTTP rules that the token endpoint and the API share: how a client is built, how much of a response is read, how
//! a failure is reported. Nothing else in the workspace builds a [`reqwest::Client`] for credentials.

mod contact;
mod failure;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::redirect::Policy;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use crate::error::{AuthError, AuthErrorKind};
use crate::service_url::ServiceUrl;

pub use contact::Contact;
pub use failure::{TlsProblem, TransportError, TransportProblem};

/// How connections are made. Every wait has an end.
#[derive(Clone, Debug)]
#[must_use]
pub struct HttpOptions {
    connect_timeout: Duration,
    head_timeout: Option<Duration>,
    idle_timeout: Duration,
    user_agent: String,
    root_certificates: Vec<Vec<u8>>,
    trusts_system: bool,
    identity: Option<Arc<SecretString>>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            head_timeout: None,
            idle_timeout: Duration::from_secs(30),
            user_agent: concat!("optimize-sdk-rust/", env!("CARGO_PKG_VERSION")).to_owned(),
            root_certificates: Vec::new(),
            trusts_system: true,
            identity: None,
        }
    }
}

impl HttpOptions {
    /// How long DNS, TCP and TLS may take together. Default 10 s.
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long it may take from the sending of a request until the head of its response has arrived. Default as long as
    /// the whole call may take: a large report can keep a server busy for minutes.
    pub fn with_head_timeout(mut self, limit: Duration) -> Self {
        self.head_timeout = Some(limit);
        self
    }

    /// How long the server may stay silent once its response has begun. Default 30 s.
    pub fn with_idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// The `User-Agent` header. Default `optimize-sdk-rust/VERSION`.
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Trusts the certificates of a PEM file in addition to the system's.
    pub fn with_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// Trusts the given certificates alone, not the system's.
    pub fn without_system_certificates(mut self) -> Self {
        self.trusts_system = false;
        self
    }

    /// Presents this client certificate (RFC 8705): a PEM text of the certificate, those of its issuers, and the key.
    pub fn with_client_identity(mut self, pem: SecretString) -> Self {
        self.identity = Some(Arc::new(pem));
        self
    }

    /// Adds what changes the token: whose certificates are trusted, and which one is presented.
    /// Whether the certificate authorities of the system are trusted.
    pub(crate) fn trusts_system(&self) -> bool {
        self.trusts_system
    }

    /// Further certificate authorities, in PEM.
    pub(crate) fn root_certificates(&self) -> &[Vec<u8>] {
        &self.root_certificates
    }

    /// Certificate and key of the client, in PEM.
    pub(crate) fn client_identity(&self) -> Option<&SecretString> {
        self.identity.as_deref()
    }

    /// A client for requests to `target`.
    ///
    /// It follows no redirect, since a redirected POST would repeat its body, and with it the client secret, to another
    /// origin. The proxy variables of the environment hold for https alone, where a proxy sees only whom it connects to:
    /// over plain http it would read the credentials, and requests to this machine need none.
    pub fn client_for(&self, target: &ServiceUrl) -> Result<reqwest::Client, AuthError> {
        self.client(target, true)
    }

    /// Like [`client_for`](Self::client_for), but each request has its own connection, which ends with it.
    ///
    /// For token endpoints: they get a request every few minutes, and a connection that is kept belongs to the runtime that
    /// made it, which may not be driven any more when another one needs a token.
    pub(crate) fn client_for_single_requests(&self, target: &ServiceUrl) -> Result<reqwest::Client, AuthError> {
        self.client(target, false)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn client(&self, target: &ServiceUrl, keeps_connections: bool) -> Result<reqwest::Client, AuthError> {
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(self.connect_timeout)
            .user_agent(&self.user_agent)
            .referer(false);
        builder = if keeps_connections {
            // Optimize's servers close idle connections after 30 s or 60 s; a request on one that closes may be lost.
            builder.pool_idle_timeout(Duration::from_secs(25))
        } else {
            builder.pool_max_idle_per_host(0)
        };
        if target.is_loopback() || target.as_url().scheme() == "http" {
            builder = builder.no_proxy();
        }
        let roots = self.roots()?;
        builder = match (self.trusts_system, roots.is_empty()) {
            (true, true) => builder,
            (true, false) => builder.tls_certs_merge(roots),
            (false, _) => builder.tls_certs_only(roots),
        };
        if let Some(pem) = &self.identity {
            let identity = reqwest::Identity::from_pem(pem.expose_secret().as_bytes())
                .map_err(|source| invalid("the client certificate and its key are not PEM", source))?;
            builder = builder.identity(identity);
        }
        builder.build().map_err(|source| invalid("TLS or DNS cannot be used", source))
    }

    /// Fails if the root certificates cannot be read, which otherwise comes out with the first client.
    pub fn check_root_certificates(&self) -> Result<(), AuthError> {
        let unreadable =
            || AuthError::new(AuthErrorKind::InvalidInput, "set up HTTP: a root certificate cannot be read");
        let mut store = rustls::RootCertStore::empty();
        for pem in &self.root_certificates {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                certificate.ok().and_then(|certificate| store.add(certificate).ok()).ok_or_else(unreadable)?;
            }
        }
        self.roots().map(drop)
    }

    fn roots(&self) -> Result<Vec<reqwest::Certificate>, AuthError> {
        let mut roots = Vec::new();
        for pem in &self.root_certificates {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|source| invalid("the root certificates are not PEM", source))?;
            if certificates.is_empty() {
                let message = "set up HTTP: the root certificates hold no certificate";
                return Err(AuthError::new(AuthErrorKind::InvalidInput, message));
            }
            roots.extend(certificates);
        }
        Ok(roots)
    }

    /// Sends `request` and waits for the head of its response.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, TransportError> {
        match self.head_timeout {
            Some(limit) => Ok(timeout(limit, request.send()).await.map_err(|_| TransportError::timed_out())??),
            None => Ok(request.send().await?),
        }
    }

    /// The body of `response`, decompressed, if it has no more than `limit` bytes. At most one chunk more is read.
    pub async fn read_body(&self, response: reqwest::Response, limit: usize) -> Result<Vec<u8>, TransportError> {
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(TransportError::too_large(limit));
        }
        match self.read_up_to(response, limit).await? {
            (body, true) => Ok(body),
            (_, false) => Err(TransportError::too_large(limit)),
        }
    }

    /// The first `limit` bytes of the body of `response`, decompressed: for errors, where a part is enough.
    pub async fn read_start(&self, response: reqwest::Response, limit: usize) -> Result<Vec<u8>, TransportError> {
        Ok(self.read_up_to(response, limit).await?.0)
    }

    /// At most `limit` bytes, and whether that is all.
    async fn read_up_to(
        &self,
        mut response: reqwest::Response,
        limit: usize,
    ) -> Result<(Vec<u8>, bool), TransportError> {
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut body = Zeroizing::new(Vec::with_capacity(announced.min(limit)));
        let mut is_all = true;
        while is_all
            && let Some(chunk) =
                timeout(self.idle_timeout, response.chunk()).await.map_err(|_| TransportError::timed_out())??
        {
            let room = limit - body.len();
            is_all = chunk.len() <= room;
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        Ok((std::mem::take(&mut *body), is_all))
    }
}

fn invalid(what: &str, source: reqwest::Error) -> AuthError {
    AuthError::new(AuthErrorKind::InvalidInput, format!("set up HTTP: {what}")).with_source(source.without_url())
}

/// The wait of a `Retry-After` header, in seconds or as a date (RFC 9110 §10.2.3).
///
/// A date is relative to the server's own `Date`, or to `now` without one: the clocks may differ. A date in the past is
/// no wait; anything unreadable is ignored.
pub fn retry_after(headers: &http::HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(server_date(headers).unwrap_or(now)).unwrap_or_default())
}

/// The time of day according to the server (RFC 9110 §6.6.1).
pub fn server_date(headers: &http::HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(http::header::DATE)?.to_str().ok()?).ok()
}

/// The bytes without a byte order mark of UTF-8, which editors and some servers put first.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Whether bytes begin with a byte order mark of UTF-16, such as those that older shells of Windows write.
pub fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// Whether a body is a web page rather than a response of an API, by its type or its first character.
pub fn is_html(headers: &http::HeaderMap, body: &[u8]) -> bool {
    let declared = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    declared.to_ascii_lowercase().starts_with("text/html") || without_mark(body).trim_ascii_start().starts_with(b"<")
}

/// A web page in the words of an error: with its title, if it has one.
///
/// The title comes from the server; callers clean it with [`scrub`](crate::scrub).
pub fn described_page(body: &[u8]) -> String {
    const LONGEST: usize = 80;
    let text = String::from_utf8_lossy(body);
    let title = text.to_ascii_lowercase().find("<title").and_then(|start| {
        let rest = text[start..].split_once('>')?.1;
        let title = rest.split_once('<')?.0.split_whitespace().collect::<Vec<_>>().join(" ");
        (!title.is_empty()).then(|| title.chars().take(LONGEST).collect::<String>())
    });
    title.map_or_else(|| "a web page".to_owned(), |title| format!("a web page titled \"{title}\""))
}
