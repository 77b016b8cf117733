//! Who gets in: bearer tokens, checked as the server checks them.

use std::time::Duration;

use http::HeaderMap;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Whose tokens are trusted, and for whom they must be meant.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) audience: String,
    pub(crate) static_token: Option<String>,
    pub(crate) keys: Keys,
}

#[derive(Debug)]
pub(crate) enum Keys {
    Own(JwkSet),
    Foreign { jwks_url: String, fetched: Mutex<Option<(Instant, JwkSet)>> },
}

/// The server lets tokens live this many seconds longer, for clocks that differ (Spring Security's default).
const CLOCK_SKEW: f64 = 60.0;

/// How long a fetched key set is used before an unknown key makes it be fetched again.
const SHORTEST_KEY_LIFE: Duration = Duration::from_secs(5);

impl Gate {
    /// `Err(None)`: no token. `Err(Some(problem))`: a token that is not accepted.
    pub(crate) async fn check(&self, headers: &HeaderMap, now: i64) -> Result<(), Option<String>> {
        let value = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or(None)?;
        let (scheme, token) = value.split_once(' ').ok_or(None)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(None);
        }
        let token = token.trim();
        if self.static_token.as_deref() == Some(token) {
            return Ok(());
        }
        self.check_jwt(token, now / 1000).await.map_err(Some)
    }

    async fn check_jwt(&self, token: &str, now: i64) -> Result<(), String> {
        let header = decode_header(token).map_err(|_| "the token is not a JWT".to_owned())?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err("the token's algorithm is not accepted".to_owned());
        }
        let key = self.keys.find(header.kid.as_deref()).await?;
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
        let end = claims.claims["exp"].as_f64().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a float")]
        if end + CLOCK_SKEW < now as f64 { Err("the token has expired".to_owned()) } else { Ok(()) }
    }
}

impl Keys {
    async fn find(&self, kid: Option<&str>) -> Result<DecodingKey, String> {
        match self {
            Self::Own(keys) => pick(keys, kid),
            Self::Foreign { jwks_url, fetched } => {
                let mut fetched = fetched.lock().await;
                if let Some((at, keys)) = fetched.as_ref() {
                    let found = pick(keys, kid);
                    if found.is_ok() || at.elapsed() < SHORTEST_KEY_LIFE {
                        return found;
                    }
                }
                let keys = fetch(jwks_url).await?;
                let found = pick(&keys, kid);
                *fetched = Some((Instant::now(), keys));
                found
            }
        }
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
