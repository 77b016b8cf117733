//! The default HTTP client. Nothing else in the workspace builds a [`reqwest::Client`] for credentials.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use http::{Request, Response, Uri};
use http_body::Body as _;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;

use super::client::{Body, HttpClient, SingleConnection};
use super::failure::TransportError;
use super::options::{Connections, HttpVersion, ProxyChoice, Resolver, invalid};
use crate::error::AuthError;
use crate::service_url::is_loopback;

/// The library for TLS, for the log.
const TLS: &str = if cfg!(feature = "rustls-aws-lc") {
    "rustls with aws-lc"
} else if cfg!(feature = "rustls-ring") {
    "rustls with ring"
} else {
    "the system's"
};

/// Clients of reqwest, each made when it is first needed: what differs is fixed in a client.
#[derive(Debug)]
struct ReqwestClient {
    connections: Connections,
    /// By [`Use::index`].
    clients: [OnceLock<reqwest::Client>; 4],
}

/// What a request needs of its client.
#[derive(Clone, Copy)]
struct Use {
    /// Whether a proxy may see it.
    may_proxy: bool,
    /// Whether its connection is kept for the next one.
    keeps_connection: bool,
}

impl Use {
    fn index(self) -> usize {
        usize::from(self.may_proxy) * 2 + usize::from(self.keeps_connection)
    }
}

impl Connections {
    pub(super) fn client(&self) -> Result<Arc<dyn HttpClient>, AuthError> {
        // What cannot be used is an error now, not with the first request.
        self.roots()?;
        self.identity()?;
        self.proxy()?;
        Ok(Arc::new(ReqwestClient { connections: self.clone(), clients: Default::default() }))
    }

    fn roots(&self) -> Result<Vec<reqwest::Certificate>, AuthError> {
        let mut roots = Vec::new();
        for pem in &self.root_certificates {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|source| invalid("the root certificates are not PEM").with_source(source.without_url()))?;
            if certificates.is_empty() {
                return Err(invalid("the root certificates hold no certificate"));
            }
            check_root_certificates(pem)?;
            roots.extend(certificates);
        }
        Ok(roots)
    }

    fn identity(&self) -> Result<Option<reqwest::Identity>, AuthError> {
        let Some(pem) = &self.identity else { return Ok(None) };
        let unusable = |source: reqwest::Error| {
            invalid("the client certificate and its key are not PEM").with_source(source.without_url())
        };
        identity(pem.expose_secret().as_bytes()).map(Some).map_err(unusable)
    }

    fn proxy(&self) -> Result<Option<reqwest::Proxy>, AuthError> {
        let ProxyChoice::Url(url) = &self.proxy else { return Ok(None) };
        let url = url.expose_secret();
        let is_known = ["http://", "https://", "socks5://", "socks5h://"].iter().any(|scheme| url.starts_with(scheme));
        let proxy = if is_known { reqwest::Proxy::all(url).ok() } else { None };
        // The error of reqwest would repeat the URL, which may have a password.
        let problem = "the URL of the proxy cannot be used; it begins with http, https, socks5 or socks5h";
        proxy.map(Some).ok_or_else(|| invalid(problem))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn build(&self, purpose: Use) -> Result<reqwest::Client, AuthError> {
        #[cfg(all(feature = "rustls-ring", not(feature = "rustls-aws-lc")))]
        // Without it reqwest has no cryptography. One that the program has chosen stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            // A redirected POST would repeat its body, and with it the client secret, to another origin.
            .redirect(Policy::none())
            .connect_timeout(self.connect_timeout)
            .referer(false);
        builder = if purpose.keeps_connection {
            builder.pool_idle_timeout(self.pool_idle_timeout).pool_max_idle_per_host(self.most_idle)
        } else {
            builder.pool_max_idle_per_host(0)
        };
        builder = match (purpose.may_proxy, self.proxy()?) {
            (true, Some(proxy)) => builder.proxy(proxy),
            (true, None) if matches!(self.proxy, ProxyChoice::Environment) => builder,
            _ => builder.no_proxy(),
        };
        builder = match self.version {
            HttpVersion::Negotiated => builder,
            HttpVersion::Http1 => builder.http1_only(),
            HttpVersion::Http2 => builder.http2_prior_knowledge(),
        };
        if let Some(resolver) = &self.resolver {
            builder = builder.dns_resolver(Names(resolver.clone()));
        }
        let roots = self.roots()?;
        builder = match (self.trusts_system, roots.is_empty()) {
            (true, true) => builder,
            (true, false) => builder.tls_certs_merge(roots),
            (false, _) => builder.tls_certs_only(roots),
        };
        let identity = self.identity()?;
        tracing::trace!(
            tls = TLS,
            system_roots = self.trusts_system,
            further_roots = self.root_certificates.len(),
            client_certificate = identity.is_some(),
            proxy = if purpose.may_proxy { self.proxy.name() } else { "none" },
            own_resolver = self.resolver.is_some(),
            version = ?self.version,
            connect_timeout = ?self.connect_timeout,
            "HTTP client"
        );
        if let Some(identity) = identity {
            builder = builder.identity(identity);
        }
        builder.build().map_err(|source| invalid("TLS or DNS cannot be used").with_source(source.without_url()))
    }

    /// The proxy variables of the environment hold for https alone, where a proxy sees only whom it connects to: over plain
    /// http it would read the credentials. Requests to this machine need none.
    fn use_of(&self, request: &Request<Bytes>) -> Use {
        let is_https = request.uri().scheme_str() == Some("https");
        let is_own_choice = matches!(self.proxy, ProxyChoice::Url(_));
        Use {
            may_proxy: (is_https || is_own_choice) && !leads_here(request.uri()),
            keeps_connection: request.extensions().get::<SingleConnection>().is_none(),
        }
    }
}

/// rustls would find out only when it makes a client.
#[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
fn check_root_certificates(pem: &[u8]) -> Result<(), AuthError> {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject as _;

    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let added = certificate.ok().and_then(|certificate| store.add(certificate).ok());
        added.ok_or_else(|| invalid("a root certificate cannot be read"))?;
    }
    Ok(())
}

#[cfg(not(any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
#[expect(clippy::unnecessary_wraps, reason = "with rustls it can fail")]
fn check_root_certificates(_: &[u8]) -> Result<(), AuthError> {
    Ok(())
}

#[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
fn identity(pem: &[u8]) -> reqwest::Result<reqwest::Identity> {
    reqwest::Identity::from_pem(pem)
}

/// OpenSSL and its like take certificate and key apart, and the key as PKCS #8.
#[cfg(all(feature = "native-tls", not(any(feature = "rustls-aws-lc", feature = "rustls-ring"))))]
fn identity(pem: &[u8]) -> reqwest::Result<reqwest::Identity> {
    reqwest::Identity::from_pkcs8_pem(pem, pem)
}

fn leads_here(uri: &Uri) -> bool {
    uri.host().is_some_and(is_loopback)
}

impl ReqwestClient {
    fn client(&self, purpose: Use) -> Result<reqwest::Client, AuthError> {
        let slot = &self.clients[purpose.index()];
        if let Some(client) = slot.get() {
            return Ok(client.clone());
        }
        let client = self.connections.build(purpose)?;
        Ok(slot.get_or_init(|| client).clone())
    }
}

#[async_trait]
impl HttpClient for ReqwestClient {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let purpose = self.connections.use_of(&request);
        let client = self.client(purpose).map_err(TransportError::set_up)?;
        let request = reqwest::Request::try_from(request).map_err(TransportError::from_reqwest)?;
        let response = client.execute(request).await.map_err(TransportError::from_reqwest)?;
        Ok(Response::from(response).map(|body| Body::from_stream(Chunks(body))))
    }
}

/// The body of reqwest, without its trailers.
struct Chunks(reqwest::Body);

impl Stream for Chunks {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(TransportError::from_reqwest(error)))),
                Some(Ok(frame)) => {
                    if let Ok(chunk) = frame.into_data() {
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                }
            }
        }
    }
}

/// A resolver in the form that reqwest has for it.
struct Names(Arc<dyn Resolver>);

impl reqwest::dns::Resolve for Names {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let resolver = self.0.clone();
        Box::pin(async move {
            let addresses = resolver.resolve(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as reqwest::dns::Addrs)
        })
    }
}
