//! The token endpoint (RFC 6749 §4.4).

use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, header};
use serde_json::{Map, Value, json};

use super::{CLIENT_ID, Issuer};
use crate::error::json_answer;
use crate::server::Arrived;

type Parameters = Vec<(String, String)>;

pub(super) fn answer(issuer: &Issuer, now: i64, arrived: &Arrived) -> Response {
    match grant(issuer, now, arrived) {
        Ok(body) => json_answer(200, &body),
        Err((status, error, description)) => {
            let mut answer = json_answer(status, &json!({ "error": error, "error_description": description }));
            if status == 401 {
                let challenge = HeaderValue::from_static("Basic realm=\"sandbox\"");
                answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            answer
        }
    }
}

type Refusal = (u16, &'static str, &'static str);

fn grant(issuer: &Issuer, now: i64, arrived: &Arrived) -> Result<Value, Refusal> {
    let parameters = parameters(arrived).map_err(|problem| (400, "invalid_request", problem))?;
    for (index, (name, value)) in parameters.iter().enumerate() {
        if parameters[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err((400, "invalid_request", "duplicated parameter"));
        }
        if name == "scope" && value.is_empty() {
            return Err((400, "invalid_scope", "empty scope"));
        }
    }
    let parameter = |wanted: &str| {
        parameters
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    match parameter("grant_type") {
        None => return Err((400, "invalid_request", "missing parameter: grant_type")),
        Some("client_credentials") => {}
        Some(_) => return Err((400, "unsupported_grant_type", "only client_credentials is supported")),
    }
    let basic = basic(arrived).map_err(|problem| (401, "invalid_client", problem))?;
    let (id, secret) = match &basic {
        Some((id, secret)) => (Some(id.as_str()), Some(secret.as_str())),
        None => (parameter("client_id"), parameter("client_secret")),
    };
    if id != Some(CLIENT_ID) || secret != Some(issuer.client_secret.as_str()) {
        return Err((401, "invalid_client", "unknown client or wrong secret"));
    }
    let now = now / 1000;
    let lifetime = i64::try_from(issuer.token_lifetime.as_secs()).unwrap_or(i64::MAX - now);
    let scope = parameter("scope").unwrap_or_default();
    let claims = json!({
        "iss": issuer.origin,
        "sub": CLIENT_ID,
        "azp": CLIENT_ID,
        "aud": parameter("audience").or(parameter("resource")).unwrap_or(&issuer.default_audience),
        "scope": scope,
        "iat": now,
        "exp": now + lifetime,
        "jti": format!("{:016x}", fastrand::u64(..)),
    });
    let token = issuer.key.sign(&claims).ok_or((500, "server_error", "the token cannot be signed"))?;
    Ok(json!({ "access_token": token, "scope": scope, "expires_in": lifetime, "token_type": "Bearer" }))
}

/// The parameters of a form or JSON body.
pub(super) fn parameters(arrived: &Arrived) -> Result<Parameters, &'static str> {
    let content_type = arrived.header(header::CONTENT_TYPE).unwrap_or_default();
    match content_type.split(';').next().unwrap_or_default().trim() {
        "application/x-www-form-urlencoded" => Ok(url::form_urlencoded::parse(&arrived.body).into_owned().collect()),
        "application/json" => {
            let members: Map<String, Value> =
                serde_json::from_slice(&arrived.body).map_err(|_| "the body is not a JSON object")?;
            let text = |(name, value): (String, Value)| value.as_str().map(|value| (name, value.to_owned()));
            Ok(members.into_iter().filter_map(text).collect())
        }
        _ => Err("unsupported content type"),
    }
}

/// Id and secret of a Basic header, each form-decoded (RFC 6749 §2.3.1).
fn basic(arrived: &Arrived) -> Result<Option<(String, String)>, &'static str> {
    let Some(value) = arrived.header(header::AUTHORIZATION) else { return Ok(None) };
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
