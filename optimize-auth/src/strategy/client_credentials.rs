//! The OAuth 2 client credentials grant (RFC 6749 §4.4).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::assertion::JWT_BEARER;
use crate::assertion::key::SigningKey;
use crate::assertion::signed_jwt::{Signer, mint};
use crate::clock::{Clock, SystemClock};
use crate::endpoint::{Body, Fields, TokenEndpoint};
use crate::error::{AuthError, AuthErrorKind};
use crate::http::{HttpClient, HttpOptions};
use crate::secret::{form_encoded, sensitive_header};
use crate::secret_file::read_secret_file_async;
use crate::service_url::ServiceUrl;
use crate::source::{FetchContext, TokenSource};
use crate::store::StoreKey;
use crate::token::Token;
use crate::words::words;

words! {
    /// The methods by which a client authenticates at the token endpoint, as settings name them.
    ClientAuthMethod {
        /// Id and secret in the form of the token request.
        Post = "post",
        /// Id and secret in a Basic header.
        Basic = "basic",
        /// Id and secret in a JSON body.
        Json = "json",
        /// An assertion that is signed with a private key (RFC 7523).
        PrivateKeyJwt = "private-key-jwt",
        /// An assertion that is signed with the secret (RFC 7523).
        ClientSecretJwt = "client-secret-jwt",
        /// The certificate of the connection (RFC 8705).
        Mtls = "mtls",
        /// The id alone, of a public client.
        None = "none",
    }
}

/// How a client proves who it is at the token endpoint. The names in the code are those of OpenID Connect Core §9.
///
/// ```
/// use optimize_auth::{ClientAuth, SecretString};
///
/// let secret: SecretString = "my-secret".into();
/// let in_the_body = ClientAuth::Post(secret.clone());
/// let in_a_header = ClientAuth::Basic(secret);
/// assert!(!format!("{in_the_body:?} {in_a_header:?}").contains("my-secret"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientAuth {
    /// Id and secret in a form body (`client_secret_post`). Works with every provider known to us.
    Post(SecretString),
    /// Id and secret, each form-encoded first, in a `Basic` header (`client_secret_basic`, RFC 6749 §2.3.1).
    Basic(SecretString),
    /// Everything in a JSON body, as older documentation of Camunda SaaS shows it. Not part of OAuth 2.
    Json(SecretString),
    /// A JWT that is signed with the secret by HMAC (`client_secret_jwt`). The secret itself is not sent.
    SecretJwt(SecretString),
    /// A JWT that is signed with a private key (`private_key_jwt`, RFC 7523).
    PrivateKeyJwt(SigningKey),
    /// An assertion from a file that another program keeps up to date: workload identity. It is read for each request.
    AssertionFile(PathBuf),
    /// An assertion that was obtained elsewhere. It is sent as it is.
    Assertion(SecretString),
    /// The client certificate of the connection (`tls_client_auth`, RFC 8705): see
    /// [`HttpOptions::with_client_identity`].
    Tls,
    /// The id alone, for a public client.
    None,
}

/// For whom a signed assertion is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssertionAudience {
    /// The issuer if it is known, else the token endpoint.
    #[default]
    Issuer,
    /// The token endpoint, as RFC 7523 defined it first and some servers still require it.
    TokenEndpoint,
    /// This text.
    Other(String),
}

/// Gets tokens for a client by its id and a proof of who it is.
///
/// `audience`, `scope` and `resource` are independent; what is not set is absent from the request. Camunda SaaS requires
/// the audience `optimize.camunda.io`, Entra ID a scope, Keycloak neither.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = optimize_sandbox::Sandbox::builder().start().await?;
/// # let (token_url, client_id) = (sandbox.token_url(), sandbox.client_id());
/// # let secret = optimize_auth::SecretString::from(sandbox.client_secret());
/// use optimize_auth::{ClientAuth, ClientCredentials, Credentials, ServiceUrl};
///
/// let source = ClientCredentials::new(ServiceUrl::parse(&token_url)?, client_id, ClientAuth::Post(secret))
///     .with_audience("optimize.camunda.io");
/// let credentials = Credentials::new(source);
/// credentials.headers().await?;
/// credentials.headers().await?;
/// assert_eq!(sandbox.token_requests(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientCredentials {
    endpoint: TokenEndpoint,
    client_id: String,
    client_auth: ClientAuth,
    assertion_audience: AssertionAudience,
    audience: Option<String>,
    scope: Option<String>,
    resource: Option<String>,
    clock: Arc<dyn Clock>,
    /// By how many seconds the server's clock is ahead, once it has refused an assertion for its times.
    clock_skew: Arc<AtomicI64>,
}

/// Servers accept smaller differences of the clocks.
const SMALLEST_SKEW: i64 = 5;

impl ClientCredentials {
    /// Credentials for a client at a token endpoint, given by its URL or by its [`Issuer`](crate::Issuer).
    pub fn new(endpoint: impl Into<TokenEndpoint>, client_id: impl Into<String>, client_auth: ClientAuth) -> Self {
        Self {
            endpoint: endpoint.into(),
            client_id: client_id.into(),
            client_auth,
            assertion_audience: AssertionAudience::default(),
            audience: None,
            scope: None,
            resource: None,
            clock: Arc::new(SystemClock),
            clock_skew: Arc::default(),
        }
    }

    /// The `audience` parameter (Camunda SaaS and Auth0; Keycloak ignores it). Default absent.
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// The `scope` parameter, space-separated (RFC 6749 §3.3). Default absent.
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The `resource` parameter (RFC 8707). Default absent.
    pub fn with_resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// For whom a signed assertion is meant. Default [`AssertionAudience::Issuer`].
    pub fn with_assertion_audience(mut self, audience: AssertionAudience) -> Self {
        self.assertion_audience = audience;
        self
    }

    /// How connections to the token endpoint are made.
    pub fn with_http(mut self, options: HttpOptions) -> Self {
        self.endpoint.set_options(options);
        self
    }

    /// Sends token requests through this client: the short form of [`HttpOptions::with_http_client`].
    pub fn with_http_client(self, client: Arc<dyn HttpClient>) -> Self {
        self.with_http(HttpOptions::default().with_http_client(client))
    }

    /// How long one token request may take from its first byte to its last. Default 30 s.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.endpoint.set_timeout(timeout);
        self
    }

    /// Where the times in assertions are read. Default the system's clock.
    #[cfg(any(test, feature = "test-util"))]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    async fn request(&self, token_url: &ServiceUrl, client_auth: &ClientAuth) -> Result<Request, AuthError> {
        let mut headers = HeaderMap::new();
        let mut secrets = Vec::new();
        let mut fields = Fields::default();
        fields.add("grant_type", "client_credentials");
        if let ClientAuth::Basic(secret) = client_auth {
            let pair = basic(&self.client_id, secret.expose_secret());
            headers.insert(http::header::AUTHORIZATION, basic_header(&pair)?);
            secrets.extend([secret.clone(), SecretString::from(pair.as_str())]);
        } else {
            fields.add("client_id", self.client_id.as_str());
        }
        let assertion = self.assertion(token_url, client_auth).await?;
        match client_auth {
            ClientAuth::Post(secret) | ClientAuth::Json(secret) => {
                fields.add("client_secret", secret.expose_secret());
                secrets.push(secret.clone());
            }
            ClientAuth::SecretJwt(secret) => secrets.push(secret.clone()),
            _ => {}
        }
        if let Some(assertion) = &assertion {
            fields.add("client_assertion_type", JWT_BEARER);
            fields.add("client_assertion", assertion.expose_secret());
            secrets.push(assertion.clone());
        }
        fields.add("audience", self.audience.as_deref());
        fields.add("scope", self.scope.as_deref());
        fields.add("resource", self.resource.as_deref());
        let body = if matches!(client_auth, ClientAuth::Json(_)) { fields.into_json() } else { fields.into_form() };
        Ok(Request { headers, body, secrets })
    }

    async fn assertion(
        &self,
        token_url: &ServiceUrl,
        client_auth: &ClientAuth,
    ) -> Result<Option<SecretString>, AuthError> {
        let signer = match client_auth {
            ClientAuth::PrivateKeyJwt(key) => Signer::Key(key),
            ClientAuth::SecretJwt(secret) => Signer::Secret(secret),
            ClientAuth::AssertionFile(path) => return read_secret_file_async(path, "assertion").await.map(Some),
            ClientAuth::Assertion(assertion) => return Ok(Some(assertion.clone())),
            _ => return Ok(None),
        };
        let audience = match (&self.assertion_audience, self.endpoint.issuer()) {
            (AssertionAudience::Other(text), _) => text,
            (AssertionAudience::Issuer, Some(issuer)) => issuer.as_str(),
            (AssertionAudience::Issuer | AssertionAudience::TokenEndpoint, _) => token_url.as_url().as_str(),
        };
        mint(&signer, &self.client_id, audience, self.server_now()).map(Some)
    }

    fn server_now(&self) -> SystemTime {
        let skew = self.clock_skew.load(Ordering::Relaxed);
        let by = Duration::from_secs(skew.unsigned_abs());
        let wall = self.clock.wall();
        if skew < 0 { wall.checked_sub(by).unwrap_or(wall) } else { wall + by }
    }

    /// Learns from a refusal by how much the server's clock differs. True if assertions will now be dated otherwise.
    fn learn_skew(&self, refusal: &AuthError, client_auth: &ClientAuth) -> bool {
        let dates_assertions = matches!(client_auth, ClientAuth::PrivateKeyJwt(_) | ClientAuth::SecretJwt(_));
        let Some(server) = refusal.server_time().filter(|_| dates_assertions) else { return false };
        if refusal.kind() != AuthErrorKind::Refused {
            return false;
        }
        let difference = |later: SystemTime, earlier| {
            later.duration_since(earlier).ok().and_then(|by| i64::try_from(by.as_secs()).ok())
        };
        let wall = self.clock.wall();
        let skew = difference(server, wall).or_else(|| difference(wall, server).map(|by| -by)).unwrap_or(0);
        let known = self.clock_skew.swap(skew, Ordering::Relaxed);
        (skew - known).abs() >= SMALLEST_SKEW
    }

    /// Gets a token with another proof than the one these credentials were made with.
    pub(crate) async fn fetch_as(&self, client_auth: &ClientAuth) -> Result<Token, AuthError> {
        let token_url = self.endpoint.url().await?;
        match self.request_token(&token_url, client_auth).await {
            // The first request was refused for its date, so the server has not accepted this assertion yet.
            Err(refusal) if self.learn_skew(&refusal, client_auth) => {
                tracing::warn!("the clocks of this machine and of {token_url} differ; going by the server's");
                self.request_token(&token_url, client_auth).await
            }
            outcome => outcome,
        }
    }

    async fn request_token(&self, token_url: &ServiceUrl, client_auth: &ClientAuth) -> Result<Token, AuthError> {
        let Request { headers, body, secrets } = self.request(token_url, client_auth).await?;
        let secrets: Vec<_> = secrets.iter().map(ExposeSecret::expose_secret).collect();
        self.endpoint.exchange(token_url, headers, body, &secrets).await
    }
}

/// A token request, and the secrets in it.
struct Request {
    headers: HeaderMap,
    body: Body,
    secrets: Vec<SecretString>,
}

fn basic(client_id: &str, secret: &str) -> Zeroizing<String> {
    let pair = Zeroizing::new([form_encoded(client_id).as_str(), form_encoded(secret).as_str()].join(":"));
    Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()))
}

fn basic_header(pair: &str) -> Result<http::HeaderValue, AuthError> {
    let value = Zeroizing::new(["Basic ", pair].concat().into_bytes());
    sensitive_header(value).ok_or_else(|| {
        AuthError::new(AuthErrorKind::InvalidInput, "failed to send the client secret in a Basic header")
    })
}

#[async_trait]
impl TokenSource for ClientCredentials {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        self.fetch_as(&self.client_auth).await
    }

    fn store_key(&self) -> Option<StoreKey> {
        let key = self.endpoint.add_to(StoreKey::builder("client-credentials"));
        let key = key.with_text("client_id", Some(&self.client_id));
        let key = match &self.client_auth {
            ClientAuth::Post(secret) => key.with_secret("post", secret),
            ClientAuth::Basic(secret) => key.with_secret("basic", secret),
            ClientAuth::Json(secret) => key.with_secret("json", secret),
            ClientAuth::SecretJwt(secret) => key.with_secret("client_secret_jwt", secret),
            ClientAuth::PrivateKeyJwt(signing) => signing.add_to(key.with_text("private_key_jwt", None)),
            ClientAuth::AssertionFile(path) => key.with_text("assertion", path.to_str()),
            ClientAuth::Assertion(assertion) => key.with_secret("assertion", assertion),
            ClientAuth::Tls => key.with_text("tls", None),
            ClientAuth::None => key.with_text("none", None),
        };
        let key = key.with_text("audience", self.audience.as_deref()).with_words("scope", self.scope.as_deref());
        Some(key.with_text("resource", self.resource.as_deref()).build())
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("endpoint", &self.endpoint)
            .field("client_id", &self.client_id)
            .field("client_auth", &self.client_auth)
            .field("audience", &self.audience)
            .field("scope", &self.scope)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "client_credentials_tests.rs"]
mod tests;
