//! How connections are made, and how long each wait may be.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::client::HttpClient;
use crate::error::{AuthError, AuthErrorKind};

/// How connections are made. Every wait has an end.
///
/// Clones share one client with its connections and its TLS configuration, so that a program with many tenants pays for
/// one: give each of them a clone.
///
/// ```
/// use std::time::Duration;
/// use optimize_auth::http::{HttpOptions, HttpVersion};
///
/// let options = HttpOptions::default()
///     .with_proxy("socks5h://127.0.0.1:1080".into())
///     .with_http_version(HttpVersion::Http1)
///     .with_idle_timeout(Duration::from_secs(10));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct HttpOptions {
    head_timeout: Option<Duration>,
    idle_timeout: Duration,
    user_agent: String,
    pub(super) connections: Connections,
    /// The client of the program, or the one that is made of `connections` when it is first needed.
    client: ClientSlot,
}

/// What decides how a connection is made.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pub(super) connect_timeout: Duration,
    pub(super) root_certificates: Vec<Vec<u8>>,
    pub(super) trusts_system: bool,
    pub(super) identity: Option<Arc<SecretString>>,
    pub(super) proxy: ProxyChoice,
    pub(super) resolver: Option<Arc<dyn Resolver>>,
    pub(super) pool_idle_timeout: Duration,
    pub(super) most_idle: usize,
    pub(super) version: HttpVersion,
}

/// Which proxy is used.
#[derive(Clone, Debug)]
pub(super) enum ProxyChoice {
    /// What the variables of the environment say, for https alone.
    Environment,
    None,
    /// This one, except to this machine.
    Url(
        #[cfg_attr(not(feature = "_client"), expect(dead_code, reason = "a client of the program decides"))]
        SecretString,
    ),
}

#[cfg(feature = "_client")]
impl ProxyChoice {
    /// Its kind, for the log: the URL may hold a password.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Environment => "of the environment, if it sets one",
            Self::None => "none",
            Self::Url(_) => "set by the program",
        }
    }
}

/// Which versions of HTTP are spoken.
///
/// ```
/// use optimize_auth::http::{HttpOptions, HttpVersion};
///
/// let options = HttpOptions::default().with_http_version(HttpVersion::Http1);
/// # drop(options);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HttpVersion {
    /// HTTP/2 where TLS agrees on it, else HTTP/1.1.
    #[default]
    Negotiated,
    /// HTTP/1.1 alone.
    Http1,
    /// HTTP/2 alone, also without TLS: the server must know it.
    Http2,
}

/// Finds the addresses of a host name, in place of the system's resolver.
#[async_trait]
pub trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of `host`, in the order in which they are tried. A port of 0 stands for that of the URL.
    async fn resolve(&self, host: &str) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>>;
}

/// Where the client of a set of options is kept. Clones share it.
#[derive(Clone, Debug, Default)]
struct ClientSlot(Arc<OnceLock<Result<Arc<dyn HttpClient>, AuthError>>>);

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            head_timeout: None,
            idle_timeout: Duration::from_secs(30),
            user_agent: concat!("optimize-sdk-rust/", env!("CARGO_PKG_VERSION")).to_owned(),
            connections: Connections {
                connect_timeout: Duration::from_secs(10),
                root_certificates: Vec::new(),
                trusts_system: true,
                identity: None,
                proxy: ProxyChoice::Environment,
                resolver: None,
                // Optimize's servers close idle connections after 30 s or 60 s; a request on one that closes may be lost.
                pool_idle_timeout: Duration::from_secs(25),
                most_idle: usize::MAX,
                version: HttpVersion::Negotiated,
            },
            client: ClientSlot::default(),
        }
    }
}

impl HttpOptions {
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

    /// Sends through `client`. The timeouts for the head and for silence and the user agent still apply; everything else
    /// about connections is the client's own.
    pub fn with_http_client(mut self, client: Arc<dyn HttpClient>) -> Self {
        self.client = ClientSlot(Arc::new(OnceLock::from(Ok(client))));
        self
    }

    /// How long DNS, TCP and TLS may take together. Default 10 s.
    pub fn with_connect_timeout(self, limit: Duration) -> Self {
        self.connecting(|connections| connections.connect_timeout = limit)
    }

    /// Trusts the certificates of a PEM file in addition to the system's.
    pub fn with_root_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        self.connecting(|connections| connections.root_certificates.push(pem.into()))
    }

    /// Trusts the given certificates alone, not the system's.
    pub fn without_system_certificates(self) -> Self {
        self.connecting(|connections| connections.trusts_system = false)
    }

    /// Presents this client certificate (RFC 8705): a PEM text of the certificate, those of its issuers, and the key.
    pub fn with_client_identity(self, pem: SecretString) -> Self {
        self.connecting(|connections| connections.identity = Some(Arc::new(pem)))
    }

    /// Sends through this proxy, except to this machine: `http://`, `https://`, `socks5://`, or `socks5h://` if the proxy
    /// is to look up names. User name and password stand in the URL, percent-encoded. Over a proxy plain http shows it
    /// everything, credentials too. Default what `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say, for https alone.
    pub fn with_proxy(self, url: SecretString) -> Self {
        self.connecting(|connections| connections.proxy = ProxyChoice::Url(url))
    }

    /// Uses no proxy, whatever the environment says.
    pub fn without_proxy(self) -> Self {
        self.connecting(|connections| connections.proxy = ProxyChoice::None)
    }

    /// Finds the addresses of host names. Default the system's resolver.
    pub fn with_resolver(self, resolver: Arc<dyn Resolver>) -> Self {
        self.connecting(|connections| connections.resolver = Some(resolver))
    }

    /// How long a connection is kept for the next request. Default 25 s, since Optimize's servers close theirs after 30 s.
    pub fn with_pool_idle_timeout(self, limit: Duration) -> Self {
        self.connecting(|connections| connections.pool_idle_timeout = limit)
    }

    /// How many connections to one host are kept for later requests. Default as many as there were.
    pub fn with_most_idle_connections(self, count: usize) -> Self {
        self.connecting(|connections| connections.most_idle = count)
    }

    /// Which versions of HTTP are spoken. Default [`HttpVersion::Negotiated`].
    pub fn with_http_version(self, version: HttpVersion) -> Self {
        self.connecting(|connections| connections.version = version)
    }

    /// The client that sends requests: the one that was given, else the default one, which is made once.
    ///
    /// Fails if its certificates, its proxy or TLS cannot be used, and without the feature `reqwest`, if none was given.
    pub fn client(&self) -> Result<Arc<dyn HttpClient>, AuthError> {
        self.client.0.get_or_init(|| self.connections.client()).clone()
    }

    /// Other connections need another client.
    fn connecting(mut self, change: impl FnOnce(&mut Connections)) -> Self {
        change(&mut self.connections);
        self.client = ClientSlot::default();
        self
    }

    pub(super) fn head_timeout(&self) -> Option<Duration> {
        self.head_timeout
    }

    pub(super) fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    pub(super) fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// Whether the certificate authorities of the system are trusted.
    pub(crate) fn trusts_system(&self) -> bool {
        self.connections.trusts_system
    }

    /// Further certificate authorities, in PEM.
    pub(crate) fn root_certificates(&self) -> &[Vec<u8>] {
        &self.connections.root_certificates
    }

    /// Certificate and key of the client, in PEM.
    pub(crate) fn client_identity(&self) -> Option<&SecretString> {
        self.connections.identity.as_deref()
    }
}

#[cfg(not(feature = "_client"))]
impl Connections {
    fn client(&self) -> Result<Arc<dyn HttpClient>, AuthError> {
        Err(invalid("there is no HTTP client; give one with `with_http_client`, or switch on the feature `reqwest`"))
    }
}

pub(super) fn invalid(what: &str) -> AuthError {
    AuthError::new(AuthErrorKind::InvalidInput, format!("failed to set up HTTP: {what}"))
}
