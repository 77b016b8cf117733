//! Who gets in: bearer tokens, checked as the server checks them.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::connection::Peer;
use crate::issuer::{Issuer, thumbprint};
use crate::request::Request;

/// Whose tokens are trusted, and for whom they must be meant.
#[derive(Debug)]
pub(crate) struct Authorization {
    pub(crate) audience: String,
    pub(crate) static_token: Option<String>,
    /// The keys of another issuer, if tokens of that one are trusted instead of its own.
    pub(crate) foreign: Option<ForeignKeys>,
}

#[derive(Debug)]
pub(crate) struct ForeignKeys {
    jwks_url: String,
    fetched: Mutex<Option<(Instant, JwkSet)>>,
}

/// The server lets tokens live this many seconds longer, for clocks that differ (Spring Security's default).
const CLOCK_SKEW: f64 = 60.0;

/// Why a request is not let in.
#[derive(Debug)]
pub(crate) enum Refusal {
    NoToken,
    /// What is wrong with the token.
    Token(String),
    /// The issuer's keys cannot be had.
    NoKeys,
}

/// The characters of a token (RFC 6750 §2.1).
fn is_of_syntax(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty() && body.chars().all(|character| character.is_ascii_alphanumeric() || "-._~+/".contains(character))
}

/// How long a fetched key set is used before an unknown key makes it be fetched again.
const SHORTEST_KEY_LIFE: Duration = Duration::from_secs(5);

impl Authorization {
    /// Whether the token of a request is accepted.
    pub(crate) async fn check(&self, issuer: &Issuer, request: &Request, now: i64) -> Result<(), Refusal> {
        let value = request.header(http::header::AUTHORIZATION).ok_or(Refusal::NoToken)?;
        let is_bearer = value.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"));
        if !is_bearer {
            return Err(Refusal::NoToken);
        }
        let token = value[6..].strip_prefix(' ').filter(|token| is_of_syntax(token));
        let token = token.ok_or_else(|| Refusal::Token("Bearer token is malformed".to_owned()))?;
        if self.static_token.as_deref() == Some(token) {
            return Ok(());
        }
        let claims = match issuer.introspect(token).filter(|_| self.foreign.is_none()) {
            Some(claims) if claims["aud"] == self.audience.as_str() => claims,
            Some(_) => return Err(Refusal::Token(format!("the token's aud does not contain {}", self.audience))),
            None => self.verify(issuer, token).await?,
        };
        check_end(&claims, now / 1000).map_err(Refusal::Token)?;
        check_binding(&claims, &request.peer).map_err(Refusal::Token)
    }

    async fn verify(&self, issuer: &Issuer, token: &str) -> Result<Value, Refusal> {
        let header = decode_header(token).map_err(|_| Refusal::Token("the token is not a JWT".to_owned()))?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err(Refusal::Token("the token's algorithm is not accepted".to_owned()));
        }
        let key = match &self.foreign {
            Some(foreign) => foreign.find(header.kid.as_deref()).await?,
            None => pick(&issuer.key_set(), header.kid.as_deref()).map_err(Refusal::Token)?,
        };
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["aud"]);
        validation.validate_nbf = true;
        // Checked below, by this server's own clock.
        validation.validate_exp = false;
        let claims = decode::<Value>(token, &key, &validation).map_err(|error| {
            use jsonwebtoken::errors::ErrorKind;
            Refusal::Token(match error.kind() {
                ErrorKind::InvalidAudience => format!("the token's aud does not contain {}", self.audience),
                ErrorKind::InvalidSignature => "the token's signature does not match".to_owned(),
                ErrorKind::MissingRequiredClaim(claim) => format!("the token has no {claim}"),
                _ => "the token is not acceptable".to_owned(),
            })
        })?;
        Ok(claims.claims)
    }
}

fn check_end(claims: &Value, now: i64) -> Result<(), String> {
    // A token without an end is accepted.
    let Some(end) = claims["exp"].as_f64() else { return Ok(()) };
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a float")]
    if end + CLOCK_SKEW < now as f64 { Err("the token has expired".to_owned()) } else { Ok(()) }
}

/// A token that is bound to a certificate is good with that one alone (RFC 8705 §3).
fn check_binding(claims: &Value, peer: &Peer) -> Result<(), String> {
    let Some(bound) = claims["cnf"]["x5t#S256"].as_str() else { return Ok(()) };
    let presented = peer.certificate.as_deref().map(thumbprint);
    if presented.as_deref() == Some(bound) {
        Ok(())
    } else {
        Err("the token is bound to another certificate".to_owned())
    }
}

impl ForeignKeys {
    pub(crate) fn new(jwks_url: String) -> Self {
        Self { jwks_url, fetched: Mutex::default() }
    }

    async fn find(&self, kid: Option<&str>) -> Result<DecodingKey, Refusal> {
        let mut fetched = self.fetched.lock().await;
        if let Some((at, keys)) = fetched.as_ref() {
            let found = pick(keys, kid);
            if found.is_ok() || at.elapsed() < SHORTEST_KEY_LIFE {
                return found.map_err(Refusal::Token);
            }
        }
        let keys = fetch(&self.jwks_url).await.map_err(|_| Refusal::NoKeys)?;
        let found = pick(&keys, kid);
        *fetched = Some((Instant::now(), keys));
        found.map_err(Refusal::Token)
    }
}

fn pick(keys: &JwkSet, kid: Option<&str>) -> Result<DecodingKey, String> {
    let jwk = match kid {
        Some(kid) => keys.find(kid),
        None => keys.keys.first(),
    };
    let jwk = jwk.ok_or_else(|| "the token is signed with an unknown key".to_owned())?;
    DecodingKey::from_jwk(jwk).map_err(|_| "the issuer's key cannot be used".to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the rule protects credentials; a key set is public and carries none")]
async fn fetch(jwks_url: &str) -> Result<JwkSet, String> {
    let failed = |what: &str| format!("the issuer's keys cannot be {what}");
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .map_err(|_| failed("fetched: TLS cannot be set up"))?;
    let response = client.get(jwks_url).send().await.map_err(|_| failed("fetched"))?;
    let keys: Value = response.json().await.map_err(|_| failed("read"))?;
    // Key sets hold keys for other uses too, of kinds this crate may not know.
    let known = keys["keys"].as_array().into_iter().flatten();
    let keys = known.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect();
    Ok(JwkSet { keys })
}
