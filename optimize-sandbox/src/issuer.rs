//! The OAuth issuer: token endpoint, key set, discovery.

mod client;
mod refusal;
mod token;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use axum::response::Response;
use http::Method;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Map, Value, json};

use crate::keys::{SigningKey, TokenAlgorithm};
use crate::lock::lock;
use crate::request::Request;
use crate::response::{empty, json_response};

pub(crate) use token::thumbprint;

pub(crate) const CLIENT_ID: &str = "optimize-sandbox";

/// A way for a client to prove who it is, by its registered name (OpenID Connect Core §9, RFC 8705).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthMethod {
    /// Id and secret in the body.
    ClientSecretPost,
    /// Id and secret in a Basic header, each form-encoded.
    ClientSecretBasic,
    /// An assertion signed with the secret.
    ClientSecretJwt,
    /// An assertion signed with a registered key.
    PrivateKeyJwt,
    /// The client certificate of the connection.
    TlsClientAuth,
    /// The id alone.
    None,
}

impl AuthMethod {
    const ALL: [Self; 6] = [
        Self::ClientSecretPost,
        Self::ClientSecretBasic,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::None,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::None => "none",
        }
    }
}

/// What the token endpoint reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenBody {
    /// Forms and JSON, as Camunda SaaS does.
    #[default]
    FormOrJson,
    /// Forms alone, as Keycloak does.
    Form,
    /// JSON alone.
    Json,
}

/// Where the issuer publishes its metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Discovery {
    /// Behind its path as OpenID Connect says, and before it as RFC 8414 says.
    #[default]
    Everywhere,
    /// As OpenID Connect Discovery says alone.
    OpenId,
    /// As RFC 8414 says alone.
    Rfc8414,
    /// Nowhere.
    Nowhere,
    /// Everywhere, but the metadata names this issuer instead.
    Naming(String),
}

/// How the issuer behaves. Each field is a method of [`SandboxBuilder`](crate::SandboxBuilder).
#[derive(Debug)]
pub(crate) struct Behaviour {
    pub(crate) path: String,
    pub(crate) token_path: String,
    pub(crate) client_secret: String,
    pub(crate) client_keys: JwkSet,
    pub(crate) methods: Vec<AuthMethod>,
    pub(crate) body: TokenBody,
    pub(crate) discovery: Discovery,
    pub(crate) algorithm: TokenAlgorithm,
    pub(crate) default_audience: String,
    pub(crate) ignores_audience: bool,
    pub(crate) token_lifetime: Duration,
    pub(crate) is_opaque: bool,
    pub(crate) response: Map<String, Value>,
    pub(crate) most_a_second: Option<u32>,
}

impl Behaviour {
    pub(crate) fn new(client_secret: String) -> Self {
        Self {
            path: String::new(),
            token_path: "/oauth/token".to_owned(),
            client_secret,
            client_keys: JwkSet { keys: Vec::new() },
            // A client that proves nothing is let in only where that is asked for.
            methods: AuthMethod::ALL.into_iter().filter(|method| *method != AuthMethod::None).collect(),
            body: TokenBody::default(),
            discovery: Discovery::default(),
            algorithm: TokenAlgorithm::default(),
            default_audience: "optimize.camunda.io".to_owned(),
            ignores_audience: false,
            token_lifetime: Duration::from_secs(300),
            is_opaque: false,
            response: Map::new(),
            most_a_second: None,
        }
    }
}

pub(crate) struct Issuer {
    /// The identifier.
    pub(crate) id: String,
    pub(crate) behaviour: Behaviour,
    /// The certificate of the registered client.
    client_certificate: Option<Vec<u8>>,
    key: Mutex<(u32, SigningKey)>,
    memory: Mutex<Memory>,
}

/// What the issuer remembers of earlier requests.
#[derive(Default)]
struct Memory {
    /// Assertions that were used, with when they end.
    used: HashMap<String, i64>,
    /// When the last requests came, in milliseconds.
    recent: VecDeque<i64>,
    /// Opaque tokens, with their claims.
    opaque: HashMap<String, Value>,
}

impl Issuer {
    pub(crate) fn new(origin: &str, behaviour: Behaviour, client_certificate: Option<Vec<u8>>) -> io::Result<Self> {
        let key = SigningKey::generate(behaviour.algorithm, 1)?;
        Ok(Self {
            id: format!("{origin}{}", behaviour.path),
            behaviour,
            client_certificate,
            key: Mutex::new((1, key)),
            memory: Mutex::default(),
        })
    }

    pub(crate) fn token_url(&self) -> String {
        format!("{}{}", self.id, self.behaviour.token_path)
    }

    pub(crate) fn jwks_url(&self) -> String {
        format!("{}/oauth/jwks", self.id)
    }

    /// Signs with another key from now on; the old one is known no longer.
    pub(crate) fn rotate_key(&self) -> io::Result<()> {
        let mut key = self.key();
        let number = key.0 + 1;
        *key = (number, SigningKey::generate(self.behaviour.algorithm, number)?);
        Ok(())
    }

    pub(crate) fn key_set(&self) -> JwkSet {
        self.key().1.key_set()
    }

    /// The claims of an opaque token of this issuer.
    pub(crate) fn introspect(&self, token: &str) -> Option<Value> {
        self.memory().opaque.get(token).cloned()
    }

    fn key(&self) -> MutexGuard<'_, (u32, SigningKey)> {
        lock(&self.key)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        lock(&self.memory)
    }

    fn metadata(&self) -> Response {
        let issuer = match &self.behaviour.discovery {
            Discovery::Naming(other) => other,
            _ => &self.id,
        };
        let methods: Vec<_> = self.behaviour.methods.iter().map(|method| method.name()).collect();
        json_response(
            200,
            &json!({
                "issuer": issuer,
                "token_endpoint": self.token_url(),
                "jwks_uri": self.jwks_url(),
                "grant_types_supported": ["client_credentials"],
                "response_types_supported": [],
                "token_endpoint_auth_methods_supported": methods,
                "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA", "HS256"],
            }),
        )
    }

    /// Whether this is where the metadata is.
    fn has_metadata_at(&self, path: &str) -> bool {
        let own = &self.behaviour.path;
        let open_id = path == format!("{own}/.well-known/openid-configuration");
        let before = path == format!("/.well-known/oauth-authorization-server{own}")
            || path == format!("/.well-known/openid-configuration{own}");
        match self.behaviour.discovery {
            Discovery::Everywhere | Discovery::Naming(_) => open_id || before,
            Discovery::OpenId => open_id,
            Discovery::Rfc8414 => before,
            Discovery::Nowhere => false,
        }
    }
}

/// The issuer's response, if `path` is one of its own.
pub(crate) fn route(issuer: &Issuer, now: i64, request: &Request, path: &str) -> Option<Response> {
    if path.contains("/.well-known/") && request.parts.method == Method::GET {
        return Some(if issuer.has_metadata_at(path) { issuer.metadata() } else { empty(404) });
    }
    let own = &issuer.behaviour.path;
    let siblings = own.rsplit_once('/').map_or("", |(parent, _)| parent);
    if !siblings.is_empty() && path.starts_with(siblings) && !path.starts_with(own) {
        return Some(json_response(404, &json!({ "error": "Realm does not exist" })));
    }
    match (&request.parts.method, path.strip_prefix(own)?) {
        (&Method::POST, path) if path == issuer.behaviour.token_path => Some(token::response(issuer, now, request)),
        (_, path) if path == issuer.behaviour.token_path => {
            Some(json_response(405, &json!({ "error": "invalid_request" })))
        }
        (&Method::GET, "/oauth/jwks") => Some(json_response(200, issuer.key().1.jwks())),
        // Of an issuer with a path, all else below it is not there; without one, all else is the API's.
        _ if !own.is_empty() => Some(empty(404)),
        _ => None,
    }
}

/// What the journal keeps of a token request.
pub(crate) fn journal_parameters(issuer: &Issuer, request: &Request) -> BTreeMap<String, String> {
    if !request.parts.uri.path().ends_with(&issuer.behaviour.token_path) {
        return BTreeMap::new();
    }
    let parameters = token::parameters(request, issuer.behaviour.body).unwrap_or_default();
    let shown = |(name, value): (String, String)| {
        let value = match name.as_str() {
            "client_secret" => "[secret]".to_owned(),
            "client_assertion" => "[assertion]".to_owned(),
            _ => value,
        };
        (name, value)
    };
    parameters.into_iter().map(shown).collect()
}
