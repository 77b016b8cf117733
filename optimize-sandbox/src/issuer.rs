//! The OAuth issuer: token endpoint, key set, discovery.

mod token;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::response::Response;
use http::Method;
use serde_json::json;

use crate::error::json_answer;
use crate::keys::SigningKey;
use crate::server::Arrived;
use crate::state::State;

const CLIENT_ID: &str = "optimize-sandbox";

pub(crate) struct Issuer {
    origin: String,
    key: SigningKey,
    client_secret: String,
    default_audience: String,
    token_lifetime: Duration,
}

impl Issuer {
    pub(crate) fn new(
        origin: String,
        key: SigningKey,
        client_secret: String,
        default_audience: String,
        token_lifetime: Duration,
    ) -> Self {
        Self { origin, key, client_secret, default_audience, token_lifetime }
    }

    #[expect(clippy::unused_self, reason = "callers ask the issuer; that there is one fixed client is its own affair")]
    pub(crate) fn client_id(&self) -> &str {
        CLIENT_ID
    }

    pub(crate) fn client_secret(&self) -> &str {
        &self.client_secret
    }

    fn discovery(&self) -> Response {
        let origin = &self.origin;
        json_answer(
            200,
            &json!({
                "issuer": origin,
                "token_endpoint": format!("{origin}/oauth/token"),
                "jwks_uri": format!("{origin}/oauth/jwks"),
                "grant_types_supported": ["client_credentials"],
                "response_types_supported": [],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            }),
        )
    }
}

/// The issuer's answer, if `path` is one of its own.
pub(crate) fn route(state: &State, arrived: &Arrived, path: &str) -> Option<Response> {
    let issuer = &state.issuer;
    match (&arrived.parts.method, path) {
        (&Method::POST, "/oauth/token") => Some(token::answer(issuer, state.clock.now(), arrived)),
        (_, "/oauth/token") => Some(json_answer(405, &json!({ "error": "invalid_request" }))),
        (&Method::GET, "/oauth/jwks") => Some(json_answer(200, issuer.key.jwks())),
        (&Method::GET, "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server") => {
            Some(issuer.discovery())
        }
        _ => None,
    }
}

/// What the journal keeps of a token request.
pub(crate) fn journal_parameters(arrived: &Arrived) -> BTreeMap<String, String> {
    if arrived.parts.uri.path() != "/oauth/token" {
        return BTreeMap::new();
    }
    let parameters = token::parameters(arrived).unwrap_or_default();
    let shown = |(name, value): (String, String)| {
        let value = if name == "client_secret" { "[secret]".to_owned() } else { value };
        (name, value)
    };
    parameters.into_iter().map(shown).collect()
}
