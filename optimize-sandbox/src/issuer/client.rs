//! Who a client is, by any of the ways to prove it.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

use super::refusal::{Refused, refused};
use super::{AuthMethod, CLIENT_ID, Issuer};
use crate::request::Request;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// By how many seconds an assertion may come from the future.
const TOLERANCE: i64 = 10;

/// An assertion that lives longer is refused.
const LONGEST_LIFE: i64 = 60 * 60;

/// How the client has proved that it is the registered one. `now` is in seconds.
pub(super) fn authenticate<'a>(
    issuer: &Issuer,
    now: i64,
    request: &Request,
    parameter: impl Fn(&str) -> Option<&'a str>,
) -> Refused<AuthMethod> {
    let unknown = || refused(401, "invalid_client", "unknown client or wrong secret");
    let secret = issuer.behaviour.client_secret.as_str();
    let method = if let Some(pair) = basic(request).map_err(|problem| refused(401, "invalid_client", problem))? {
        if pair != (CLIENT_ID.to_owned(), secret.to_owned()) {
            return Err(unknown());
        }
        AuthMethod::ClientSecretBasic
    } else if let Some(assertion) = parameter("client_assertion") {
        if parameter("client_assertion_type") != Some(JWT_BEARER) {
            return Err(refused(401, "invalid_client", "another client_assertion_type than jwt-bearer"));
        }
        if parameter("client_id").is_some_and(|id| id != CLIENT_ID) {
            return Err(unknown());
        }
        check_assertion(issuer, now, assertion).map_err(|problem| refused(400, "invalid_client", problem))?
    } else if parameter("client_id") != Some(CLIENT_ID) {
        return Err(unknown());
    } else if let Some(given) = parameter("client_secret") {
        if given != secret {
            return Err(unknown());
        }
        AuthMethod::ClientSecretPost
    } else if issuer.behaviour.methods.contains(&AuthMethod::None) {
        AuthMethod::None
    } else if issuer.client_certificate.is_some()
        && request.peer.certificate.as_deref() == issuer.client_certificate.as_deref()
    {
        AuthMethod::TlsClientAuth
    } else {
        return Err(unknown());
    };
    if !issuer.behaviour.methods.contains(&method) {
        return Err(refused(401, "invalid_client", "this client does not authenticate in this way"));
    }
    Ok(method)
}

/// Checks an assertion as RFC 7523 §3 says.
fn check_assertion(issuer: &Issuer, now: i64, assertion: &str) -> Result<AuthMethod, &'static str> {
    let header = decode_header(assertion).map_err(|_| "the assertion is not a JWT")?;
    let (key, method) = match header.alg {
        Algorithm::HS256 => {
            (DecodingKey::from_secret(issuer.behaviour.client_secret.as_bytes()), AuthMethod::ClientSecretJwt)
        }
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 | Algorithm::EdDSA => {
            let keys = &issuer.behaviour.client_keys;
            let jwk = match &header.kid {
                Some(kid) => keys.find(kid),
                None => keys.keys.first(),
            };
            let jwk = jwk.ok_or("unable to load the public key")?;
            (DecodingKey::from_jwk(jwk).map_err(|_| "unable to load the public key")?, AuthMethod::PrivateKeyJwt)
        }
        _ => return Err("the assertion's algorithm is not accepted"),
    };
    let mut validation = Validation::new(header.alg);
    // Checked below, by this server's own clock and rules.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims = HashSet::new();
    let claims =
        decode::<Value>(assertion, &key, &validation).map_err(|_| "the assertion's signature does not match")?.claims;
    if claims["iss"] != CLIENT_ID || claims["sub"] != CLIENT_ID {
        return Err("the assertion is not about this client");
    }
    let audience = match &claims["aud"] {
        Value::Array(many) if many.len() == 1 => many[0].as_str(),
        Value::Array(_) => return Err("multiple audiences are not allowed"),
        one => one.as_str(),
    };
    if audience != Some(issuer.id.as_str()) && audience != Some(issuer.token_url().as_str()) {
        return Err("the assertion is not for this server");
    }
    let end = claims["exp"].as_i64().ok_or("the assertion has no exp")?;
    if end <= now {
        return Err("the assertion is not active");
    }
    if end > now + LONGEST_LIFE {
        return Err("the assertion lives too long");
    }
    if claims["iat"].as_i64().is_some_and(|issued| issued > now + TOLERANCE) {
        return Err("the assertion was issued in the future");
    }
    let id = claims["jti"].as_str().ok_or("the assertion has no jti")?;
    let used = &mut issuer.memory().used;
    used.retain(|_, end| *end > now);
    if used.insert(id.to_owned(), end).is_some() {
        return Err("reuse of an assertion was detected");
    }
    Ok(method)
}

/// Id and secret of a Basic header, each form-decoded (RFC 6749 §2.3.1).
fn basic(request: &Request) -> Result<Option<(String, String)>, &'static str> {
    let Some(value) = request.header(header::AUTHORIZATION) else { return Ok(None) };
    let encoded = value.strip_prefix("Basic ").ok_or("only Basic is supported")?;
    let decoded = BASE64_STANDARD.decode(encoded.trim()).map_err(|_| "the Basic header is not base64")?;
    let text = String::from_utf8(decoded).map_err(|_| "the Basic header is not UTF-8")?;
    let (id, secret) = text.split_once(':').ok_or("the Basic header has no colon")?;
    let form_decoded = |part: &str| {
        let part = part.replace('+', " ");
        percent_encoding::percent_decode_str(&part).decode_utf8_lossy().into_owned()
    };
    Ok(Some((form_decoded(id), form_decoded(secret))))
}
