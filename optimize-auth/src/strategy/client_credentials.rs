//! The OAuth 2 client credentials grant (RFC 6749 §4.4).

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::endpoint::{Body, Fields, TokenEndpoint};
use crate::http::HttpOptions;
use crate::secret::{form_encoded, sensitive_header};
use crate::{AuthError, AuthErrorKind, ServiceUrl, Token, TokenSource};

/// How a client proves who it is at the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuth {
    /// Id and secret in a form body (`client_secret_post`). Works with every provider known to us.
    #[default]
    Post,
    /// Id and secret, each form-encoded first, in a `Basic` header (`client_secret_basic`, RFC 6749 §2.3.1).
    Basic,
    /// Everything in a JSON body, as older documentation of Camunda SaaS shows it. Not part of OAuth 2.
    Json,
}

/// Gets tokens with a client id and a client secret.
///
/// `audience`, `scope` and `resource` are independent; what is not set is absent from the request. Camunda SaaS wants
/// the audience `optimize.camunda.io`, Entra ID a scope, Keycloak neither.
pub struct ClientCredentials {
    endpoint: TokenEndpoint,
    client_id: String,
    client_secret: SecretString,
    client_auth: ClientAuth,
    audience: Option<String>,
    scope: Option<String>,
    resource: Option<String>,
}

impl ClientCredentials {
    /// Credentials for the token endpoint `token_url`, sent as [`ClientAuth::Post`].
    pub fn new(token_url: ServiceUrl, client_id: impl Into<String>, client_secret: SecretString) -> Self {
        Self {
            endpoint: TokenEndpoint::new(token_url),
            client_id: client_id.into(),
            client_secret,
            client_auth: ClientAuth::default(),
            audience: None,
            scope: None,
            resource: None,
        }
    }

    /// How the client authenticates. Default [`ClientAuth::Post`].
    pub fn with_client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.client_auth = client_auth;
        self
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

    /// How connections to the token endpoint are made.
    pub fn with_http(mut self, options: HttpOptions) -> Self {
        self.endpoint.set_options(options);
        self
    }

    /// How long one token request may take from its first byte to its last. Default 30 s.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.endpoint.set_timeout(timeout);
        self
    }

    fn request(&self) -> Result<(HeaderMap, Body), AuthError> {
        let secret = self.client_secret.expose_secret();
        let mut headers = HeaderMap::new();
        let mut fields = Fields::default();
        fields.add("grant_type", "client_credentials");
        if self.client_auth == ClientAuth::Basic {
            headers.insert(http::header::AUTHORIZATION, basic(&self.client_id, secret)?);
        } else {
            fields.add("client_id", self.client_id.as_str());
            fields.add("client_secret", secret);
        }
        fields.add("audience", self.audience.as_deref());
        fields.add("scope", self.scope.as_deref());
        fields.add("resource", self.resource.as_deref());
        let body = if self.client_auth == ClientAuth::Json { fields.into_json() } else { fields.into_form() };
        Ok((headers, body))
    }
}

fn basic(client_id: &str, secret: &str) -> Result<http::HeaderValue, AuthError> {
    let pair = Zeroizing::new([form_encoded(client_id).as_str(), form_encoded(secret).as_str()].join(":"));
    let encoded = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
    let value = Zeroizing::new(["Basic ", encoded.as_str()].concat().into_bytes());
    sensitive_header(value)
        .ok_or_else(|| AuthError::new(AuthErrorKind::InvalidInput, "send the client secret in a Basic header"))
}

#[async_trait]
impl TokenSource for ClientCredentials {
    async fn fetch(&self) -> Result<Token, AuthError> {
        let (headers, body) = self.request()?;
        let echo = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let echo = echo.and_then(|value| value.strip_prefix("Basic ")).map(|pair| Zeroizing::new(pair.to_owned()));
        let mut secrets = vec![self.client_secret.expose_secret()];
        secrets.extend(echo.as_ref().map(|pair| pair.as_str()));
        self.endpoint.exchange(headers, body, &secrets).await
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
