//! What a token endpoint returns is checked before it is used.

use std::time::Duration;

use optimize_auth::{AuthErrorKind, Cached, Credentials};
use optimize_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::support::clock::TestClock;
use crate::support::{broken, client, credentials};

#[tokio::test]
async fn no_odd_lifetime_makes_a_hot_loop() {
    let odd = [
        json!(0),
        json!(1),
        json!(5),
        json!(30),
        json!(-1),
        Value::Null,
        json!("3600"),
        json!(3600.0),
        json!(1e30),
        json!(i64::MAX),
        json!("never"),
        json!([300]),
        json!({}),
        json!(true),
        json!(""),
    ];
    for lifetime in odd {
        let sandbox = Sandbox::builder().token_response("expires_in", lifetime.clone()).start().await.unwrap();
        let clock = TestClock::new();
        let credentials: Credentials = Cached::new(client(&sandbox)).with_clock(clock.clone()).into();
        // Ten seconds with a hundred calls per second.
        for _ in 0..1000 {
            credentials.headers().await.unwrap();
            clock.advance(Duration::from_millis(10));
        }
        credentials.settle(Duration::from_secs(5)).await;
        assert!(sandbox.token_requests() <= 11, "{lifetime}: {} requests in 10 s", sandbox.token_requests());
    }
}

#[tokio::test]
async fn what_is_no_bearer_token_is_refused_whatever_the_status_says() {
    let refused = |kind: AuthErrorKind| move |body: Value| (kind, body.to_string());
    let protocol = refused(AuthErrorKind::Protocol);
    let cases = [
        protocol(json!({})),
        protocol(json!({ "access_token": null })),
        protocol(json!({ "access_token": "" })),
        protocol(json!({ "access_token": "two words" })),
        protocol(json!({ "access_token": "a\r\nX-Evil: 1" })),
        protocol(json!({ "access_token": 7 })),
        protocol(json!({ "access_token": "t", "token_type": "mac" })),
        protocol(json!({ "access_token": "t", "token_type": "DPoP" })),
        protocol(json!({ "access_token": "t", "token_type": 7 })),
        refused(AuthErrorKind::Refused)(json!({ "access_token": "t", "error": "invalid_client" })),
        (AuthErrorKind::Protocol, String::new()),
        (AuthErrorKind::Protocol, "<html>".to_owned()),
        (AuthErrorKind::Protocol, "[".to_owned()),
        (AuthErrorKind::Protocol, "null".to_owned()),
        (AuthErrorKind::Protocol, "\u{feff}".to_owned()),
        (AuthErrorKind::Protocol, "[".repeat(200_000)),
        (AuthErrorKind::Protocol, "{\"access_token\":\"a\",\"access_token\":\"b\"}".to_owned()),
    ];
    for (kind, body) in cases {
        let sandbox = broken(Fault::response(200, "application/json", body.as_str())).await;
        let error = credentials(client(&sandbox)).token().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", &body[..body.len().min(80)]);
    }
}

#[tokio::test]
async fn what_does_not_matter_is_not_minded() {
    for (name, value) in [
        ("token_type", json!("bearer")),
        ("token_type", json!("BEARER")),
        ("token_type", Value::Null),
        ("not-before-policy", json!(0)),
        ("refresh_expires_in", json!([1])),
        ("scope", json!(7)),
        ("id_token", json!("x")),
    ] {
        let sandbox = Sandbox::builder().token_response(name, value.clone()).start().await.unwrap();
        credentials(client(&sandbox)).token().await.unwrap_or_else(|error| panic!("{name} {value}: {error}"));
    }
}

#[tokio::test]
async fn an_opaque_token_works_like_any_other() {
    let sandbox = Sandbox::builder().opaque_tokens().start().await.unwrap();
    let token = credentials(client(&sandbox)).token().await.unwrap();
    assert!(token.claims().is_none());
    assert_eq!(token.lifetime(), Some(Duration::from_secs(300)));
}

#[tokio::test]
async fn a_narrower_scope_is_reported() {
    let sandbox = Sandbox::builder().token_response("scope", json!("a")).start().await.unwrap();
    let token = credentials(client(&sandbox).with_scope("a b")).token().await.unwrap();
    assert_eq!(token.scope(), Some("a"));
}
