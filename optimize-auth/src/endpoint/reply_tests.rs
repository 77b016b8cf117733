use http::{HeaderMap, HeaderValue, StatusCode};
use insta::assert_snapshot;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::read;

const SECRET: &str = "s3cr+t/with%20odd chars=&\"";

/// How a response is read, in one line.
fn reading(status: u16, content_type: &'static str, body: &str) -> String {
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let status = StatusCode::from_u16(status).unwrap();
    match read(status, &headers, body.as_bytes().to_vec(), &[SECRET]) {
        Ok(token) => {
            let lifetime = token.lifetime().map(|lifetime| lifetime.as_secs_f64());
            format!("token {} for {lifetime:?} s, scope {:?}", token.secret().expose_secret(), token.scope())
        }
        Err(failure) => format!("{:?}: {}", failure.kind, failure.problem),
    }
}

fn json(body: &str) -> String {
    reading(200, "application/json", body)
}

/// The response with one more member beside a good token.
fn with(member: &str) -> String {
    json(&format!(r#"{{"access_token":"t",{member}}}"#))
}

#[test]
fn the_contract_s_examples_are_read() {
    assert_snapshot!(json(include_str!("../../tests/fixtures/token-saas-response.json")),
        @"token eyJhbGciOiJSUzI1NiJ9.ZXhhbXBsZQ.c2lnbmF0dXJl for Some(86400.0) s, scope None");
    assert_snapshot!(json(include_str!("../../tests/fixtures/token-keycloak-response.json")),
        @r#"token eyJhbGciOiJSUzI1NiJ9.a2V5Y2xvYWs.c2ln for Some(300.0) s, scope Some("profile email")"#);
    assert_snapshot!(reading(401, "application/json", include_str!("../../tests/fixtures/token-error.json")),
        @"Refused: it returned 401 Unauthorized: invalid_client: Invalid client credentials");
}

#[test]
fn every_recorded_response_of_keycloak_is_understood() {
    let lines = include_str!("../../tests/fixtures/keycloak-26.7.3.jsonl").lines().map(|line| {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let status = recorded["status"].as_u64().unwrap().try_into().unwrap();
        // The recording blanks tokens out in a form that no token has.
        let body = recorded["body"].to_string().replace("<jwt>", "jwt");
        format!("{}: {}", recorded["name"].as_str().unwrap(), reading(status, "application/json", &body))
    });
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn lifetimes_are_read_leniently() {
    for (written, seconds) in [
        ("300", 300.0),
        ("\"300\"", 300.0),
        ("299.5", 299.5),
        ("0", 0.0),
        ("-1", 300.0),
        ("null", 300.0),
        ("\"soon\"", 300.0),
        ("1e400", 315_360_000.0),
        ("{}", 300.0),
        ("99999999999999999999", 315_360_000.0),
    ] {
        let expected = format!("token t for Some({seconds:?}) s, scope None");
        assert_eq!(with(&format!("\"expires_in\":{written}")), expected, "{written}");
    }
    assert_snapshot!(json(r#"{"access_token":"t"}"#), @"token t for Some(300.0) s, scope None");
}

#[test]
fn a_token_type_may_be_absent_or_of_any_case_but_must_be_bearer() {
    for good in [r#""token_type":"bearer""#, r#""token_type":"BEARER""#, r#""token_type":null"#, r#""x":[{}]"#] {
        assert_eq!(with(good), "token t for Some(300.0) s, scope None");
    }
    for bad in [r#""token_type":"DPoP""#, r#""token_type":7"#] {
        assert_eq!(with(bad), "Protocol: its response has a `token_type` other than Bearer");
    }
}

#[test]
fn what_is_not_a_response_of_a_token_endpoint_is_recognised() {
    assert_snapshot!(json(""), @"Protocol: it returned an empty body");
    assert_snapshot!(json("{\"access_token\":\n "), @"Protocol: its response is not JSON (line 2, column 1)");
    assert_snapshot!(json("{}"), @"Protocol: its response has no `access_token`");
    assert_snapshot!(json(r#"{"access_token":["t"]}"#), @"Protocol: `access_token` must be a string");
    assert_snapshot!(json(r#"{"access_token":""}"#), @"Protocol: the token cannot be used: it is empty");
    assert_snapshot!(json(r#"{"access_token":"two words"}"#), @"Protocol: the token cannot be used: character 4 cannot stand in a bearer token (RFC 6750 section 2.1)");
    assert_snapshot!(reading(200, "text/html", "<html>"), @"Protocol: it returned a web page");
    assert_snapshot!(reading(302, "text/html", ""), @"Protocol: it returned 302 with a redirect, which is not followed");
    assert_snapshot!(reading(404, "text/html", "<html>"), @"Protocol: it returned 404 Not Found with a web page");
    assert_snapshot!(reading(503, "text/plain", "try later"), @"Unavailable: it returned 503 Service Unavailable");
    assert_snapshot!(reading(429, "application/json", "{}"), @"Unavailable: it returned 429 Too Many Requests");
}

#[test]
fn a_byte_order_mark_does_no_harm() {
    assert_snapshot!(json("\u{feff}{\"access_token\":\"t\"}"), @"token t for Some(300.0) s, scope None");
}

#[test]
fn an_error_with_status_200_is_a_refusal() {
    assert_snapshot!(json(r#"{"error":"invalid_grant"}"#), @"Refused: it returned 200 OK: invalid_grant");
}

#[test]
fn an_echoed_secret_is_left_out_in_every_form() {
    let forms = [
        SECRET.to_owned(),
        url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect(),
        base64::Engine::encode(&base64::prelude::BASE64_STANDARD, SECRET),
    ];
    for form in forms {
        let body = serde_json::json!({ "error": "invalid_request", "error_description": format!("bad {form}!") });
        assert_eq!(
            reading(400, "application/json", &body.to_string()),
            "Refused: it returned 400 Bad Request: invalid_request: bad [redacted]!"
        );
    }
}

#[test]
fn control_characters_and_long_texts_are_tamed() {
    let body = serde_json::json!({ "error": "\u{1b}[2J", "error_description": "x".repeat(400) });
    let reading = reading(400, "application/json", &body.to_string());
    assert!(!reading.contains('\u{1b}') && reading.ends_with("xx…") && reading.len() < 400, "{reading}");
}
