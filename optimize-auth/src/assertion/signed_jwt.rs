//! JWTs that a client signs for the token endpoint (RFC 7523 §3).

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::key::SigningKey;
use crate::error::{AuthError, AuthErrorKind};
use crate::store::{hexadecimal, hmac_sha256};

/// How long an assertion is good. Servers refuse ones that live long.
const LIFETIME: Duration = Duration::from_secs(120);

/// By how much `iat` is put back, since servers refuse an assertion from the future and clocks differ a little.
const BACKDATED: Duration = Duration::from_secs(5);

/// Who signs.
pub(crate) enum Signer<'a> {
    Key(&'a SigningKey),
    /// HMAC with SHA-256 (`client_secret_jwt`).
    Secret(&'a SecretString),
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    // One text, never a list: Keycloak refuses a list of two, and a list invites the audience-injection attack.
    aud: &'a str,
    jti: String,
    iat: u64,
    exp: u64,
}

/// An assertion of `client_id` for `audience`, made at `now`. Each has an id of its own, so that none is a replay.
pub(crate) fn mint(
    signer: &Signer<'_>,
    client_id: &str,
    audience: &str,
    now: SystemTime,
) -> Result<SecretString, AuthError> {
    let header = match signer {
        Signer::Key(key) => Header { alg: key.algorithm().name(), typ: "JWT", kid: key.id() },
        Signer::Secret(_) => Header { alg: "HS256", typ: "JWT", kid: None },
    };
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = Claims {
        iss: client_id,
        sub: client_id,
        aud: audience,
        jti: random_id()?,
        iat: seconds(now.checked_sub(BACKDATED).unwrap_or(now)),
        exp: seconds(now + LIFETIME),
    };
    let message = format!("{}.{}", encoded(&header), encoded(&claims));
    let signature = match signer {
        Signer::Key(key) => key.sign(message.as_bytes())?,
        Signer::Secret(secret) => hmac_sha256(secret.expose_secret().as_bytes(), message.as_bytes()).to_vec(),
    };
    Ok(format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)).into())
}

fn encoded(part: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).expect("texts and numbers are always valid JSON"))
}

fn random_id() -> Result<String, AuthError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| {
        AuthError::new(AuthErrorKind::InvalidInput, "failed to make an assertion: there are no random numbers")
    })?;
    Ok(hexadecimal(&bytes))
}
