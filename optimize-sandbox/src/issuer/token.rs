//! The token endpoint (RFC 6749 §4.4).

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{HeaderValue, header};
use serde_json::{Map, Value, json};

use super::refusal::{Refused, refused};
use super::{AuthMethod, CLIENT_ID, Issuer, TokenBody};
use crate::request::Request;
use crate::response::json_response;

type Parameters = Vec<(String, String)>;

/// `now` is in milliseconds.
pub(super) fn response(issuer: &Issuer, now: i64, request: &Request) -> Response {
    if is_too_often(issuer, now) {
        let mut response = json_response(429, &json!({ "error": "too_many_requests" }));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    }
    match grant(issuer, now / 1000, request) {
        Ok(body) => json_response(200, &body),
        Err(refusal) => refusal.response(),
    }
}

fn is_too_often(issuer: &Issuer, now: i64) -> bool {
    let Some(most) = issuer.behaviour.most_a_second else { return false };
    let recent = &mut issuer.memory().recent;
    recent.retain(|at| *at > now - 1000);
    recent.push_back(now);
    recent.len() > most as usize
}

fn grant(issuer: &Issuer, now: i64, request: &Request) -> Refused<Value> {
    let behaviour = &issuer.behaviour;
    let parameters = parameters(request, behaviour.body).map_err(|problem| refused(400, "invalid_request", problem))?;
    for (index, (name, value)) in parameters.iter().enumerate() {
        if parameters[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(refused(400, "invalid_request", "duplicated parameter"));
        }
        if name == "scope" && value.is_empty() {
            return Err(refused(400, "invalid_scope", "empty scope"));
        }
    }
    let parameter = |wanted: &str| {
        let found = parameters.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    match parameter("grant_type") {
        None => return Err(refused(400, "invalid_request", "missing parameter: grant_type")),
        Some("client_credentials") => {}
        Some(_) => return Err(refused(400, "unsupported_grant_type", "only client_credentials is supported")),
    }
    let method = super::client::authenticate(issuer, now, request, parameter)?;
    let lifetime = i64::try_from(behaviour.token_lifetime.as_secs()).unwrap_or(i64::MAX - now);
    let scope = parameter("scope").unwrap_or_default();
    let asked = parameter("audience").or(parameter("resource")).filter(|_| !behaviour.ignores_audience);
    let mut claims = json!({
        "iss": issuer.id,
        "sub": CLIENT_ID,
        "azp": CLIENT_ID,
        "aud": asked.unwrap_or(&behaviour.default_audience),
        "scope": scope,
        "iat": now,
        "exp": now + lifetime,
        "jti": format!("{:016x}", fastrand::u64(..)),
    });
    if let (AuthMethod::TlsClientAuth, Some(certificate)) = (method, &request.peer.certificate) {
        // The token is good on connections with this certificate alone (RFC 8705 §3.1).
        claims["cnf"] = json!({ "x5t#S256": thumbprint(certificate) });
    }
    let token = if behaviour.is_opaque {
        let token = format!("opaque-{:032x}", fastrand::u128(..));
        issuer.memory().opaque.insert(token.clone(), claims);
        token
    } else {
        issuer.key().1.sign(&claims).ok_or(refused(500, "server_error", "the token cannot be signed"))?
    };
    let mut body = json!({ "access_token": token, "scope": scope, "expires_in": lifetime, "token_type": "Bearer" });
    if let Some(members) = body.as_object_mut() {
        for (name, value) in &behaviour.response {
            // A member that is to be null is to be absent.
            match value {
                Value::Null => members.remove(name),
                value => members.insert(name.clone(), value.clone()),
            };
        }
    }
    Ok(body)
}

/// The thumbprint by which a token is bound to a certificate.
pub(crate) fn thumbprint(certificate: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate))
}

/// The parameters of a form or JSON body.
pub(super) fn parameters(request: &Request, body: TokenBody) -> Result<Parameters, &'static str> {
    let content_type = request.header(header::CONTENT_TYPE).unwrap_or_default();
    match (content_type.split(';').next().unwrap_or_default().trim(), body) {
        ("application/x-www-form-urlencoded", TokenBody::Form | TokenBody::FormOrJson) => {
            Ok(url::form_urlencoded::parse(&request.body).into_owned().collect())
        }
        ("application/json", TokenBody::Json | TokenBody::FormOrJson) => {
            let members: Map<String, Value> =
                serde_json::from_slice(&request.body).map_err(|_| "the body is not a JSON object")?;
            let text = |(name, value): (String, Value)| value.as_str().map(|value| (name, value.to_owned()));
            Ok(members.into_iter().filter_map(text).collect())
        }
        // Keycloak's text: a server that does not read the body finds no parameters in it.
        ("application/x-www-form-urlencoded" | "application/json", _) => Err("missing form parameter: grant_type"),
        _ => Err("unsupported content type"),
    }
}
