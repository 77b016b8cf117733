//! Who gets in: bearer tokens, checked as the server checks them.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::arrived::Arrived;
use crate::connection::Peer;
use crate::issuer::{Issuer, thumbprint};

/// Whose tokens are trusted, and for whom they must be meant.
#[derive(Debug)]
pub(crate) struct Gate {
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

/// How long a fetched key set is used before an unknown key makes it be fetched again.
const SHORTEST_KEY_LIFE: Duration = Duration::from_secs(5);

impl Gate {
    /// `Err(None)`: no token. `Err(Some(problem))`: a token that is not accepted.
    pub(crate) async fn check(&self, issuer: &Issuer, arrived: &Arrived, now: i64) -> Result<(), Option<String>> {
        let value = arrived.header(http::header::AUTHORIZATION).ok_or(None)?;
        let (scheme, token) = value.split_once(' ').ok_or(None)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(None);
        }
        let token = token.trim();
        if self.static_token.as_deref() == Some(token) {
            return Ok(());
        }
        let claims = match issuer.introspect(token).filter(|_| self.foreign.is_none()) {
            Some(claims) if claims["aud"] == self.audience.as_str() => claims,
            Some(_) => return Err(Some(format!("the token's aud does not contain {}", self.audience))),
            None => self.verify(issuer, token).await?,
        };
        check_end(&claims, now / 1000)?;
        check_binding(&claims, &arrived.peer)?;
        Ok(())
    }

    async fn verify(&self, issuer: &Issuer, token: &str) -> Result<Value, String> {
        let header = decode_header(token).map_err(|_| "the token is not a JWT".to_owned())?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err("the token's algorithm is not accepted".to_owned());
        }
        let key = match &self.foreign {
            Some(foreign) => foreign.find(header.kid.as_deref()).await?,
            None => pick(&issuer.key_set(), header.kid.as_deref())?,
        };
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "aud"]);
        validation.validate_nbf = true;
        // Checked below, by this server's own clock.
        validation.validate_exp = false;
        let claims = decode::<Value>(token, &key, &validation).map_err(|error| {
            use jsonwebtoken::errors::ErrorKind;
            match error.kind() {
                ErrorKind::InvalidAudience => format!("the token's aud does not contain {}", self.audience),
                ErrorKind::InvalidSignature => "the token's signature does not match".to_owned(),
                ErrorKind::MissingRequiredClaim(claim) => format!("the token has no {claim}"),
                _ => "the token is not acceptable".to_owned(),
            }
        })?;
        Ok(claims.claims)
    }
}

fn check_end(claims: &Value, now: i64) -> Result<(), String> {
    let end = claims["exp"].as_f64().unwrap_or_default();
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

    async fn find(&self, kid: Option<&str>) -> Result<DecodingKey, String> {
        let mut fetched = self.fetched.lock().await;
        if let Some((at, keys)) = fetched.as_ref() {
            let found = pick(keys, kid);
            if found.is_ok() || at.elapsed() < SHORTEST_KEY_LIFE {
                return found;
            }
        }
        let keys = fetch(&self.jwks_url).await?;
        let found = pick(&keys, kid);
        *fetched = Some((Instant::now(), keys));
        found
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
    let answer = client.get(jwks_url).send().await.map_err(|_| failed("fetched"))?;
    let keys: Value = answer.json().await.map_err(|_| failed("read"))?;
    // Key sets hold keys for other uses too, of kinds this crate may not know.
    let known = keys["keys"].as_array().into_iter().flatten();
    let keys = known.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect();
    Ok(JwkSet { keys })
}
