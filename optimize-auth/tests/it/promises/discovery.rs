//! An issuer's metadata cannot lead to another server.

use std::time::Duration;

use optimize_auth::http::HttpOptions;
use optimize_auth::{AuthErrorKind, Cached, ClientAuth, ClientCredentials, Credentials, Issuer};
use optimize_sandbox::{Discovery, Fault, FaultRule, Sandbox, SandboxBuilder};
use serde_json::json;

use crate::support::{chain, sandbox};

const WAIT: Duration = Duration::from_secs(5);

fn issuer(text: &str) -> Issuer {
    Issuer::parse(text).unwrap()
}

fn by_issuer(sandbox: &Sandbox) -> Credentials {
    let proof = ClientAuth::Post(sandbox.client_secret().to_owned().into());
    let source = ClientCredentials::new(issuer(sandbox.issuer()), sandbox.client_id(), proof);
    Cached::new(source).with_attempts(1).into()
}

fn discoveries(sandbox: &Sandbox) -> usize {
    sandbox.journal().iter().filter(|entry| entry.path.contains(".well-known")).count()
}

#[tokio::test]
async fn an_issuer_with_and_without_a_path_is_found_in_both_forms() {
    for path in ["", "/realms/demo", "/a/b/c"] {
        for discovery in [Discovery::Everywhere, Discovery::OpenId, Discovery::Rfc8414] {
            let sandbox = Sandbox::builder().issuer_path(path).discovery(discovery.clone()).start().await.unwrap();
            let found = issuer(sandbox.issuer()).discover(&HttpOptions::default(), WAIT).await.unwrap();
            assert_eq!(found.to_string(), sandbox.token_url(), "{path} {discovery:?}");
            by_issuer(&sandbox).token().await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_issuer_that_names_another_one_is_refused() {
    let other = sandbox().await;
    for named in [other.issuer().to_owned(), "http://127.0.0.1:1".to_owned(), String::new()] {
        let sandbox = Sandbox::builder().discovery(Discovery::Naming(named)).start().await.unwrap();
        let error = by_issuer(&sandbox).token().await.unwrap_err();
        assert_eq!(error.kind(), AuthErrorKind::Protocol);
        assert!(error.to_string().contains("names another issuer"), "{error}");
    }
    // Also by a slash, by case, or by a name for the same address.
    let sandbox = sandbox().await;
    for differing in [format!("{}/", sandbox.issuer()), sandbox.issuer().replace("127.0.0.1", "localhost")] {
        let error = issuer(&differing).discover(&HttpOptions::default(), WAIT).await.unwrap_err();
        assert!(error.to_string().contains("names another issuer"), "{error}");
    }
    assert!(other.journal().is_empty());
}

#[tokio::test]
async fn hostile_metadata_leads_nowhere() {
    let elsewhere = sandbox().await;
    let at = |builder: SandboxBuilder, fault: Fault| {
        let rule = |path: &str| FaultRule::new(path, fault.clone()).times(u32::MAX);
        builder.fault(rule("/.well-known/openid-configuration")).fault(rule("/.well-known/oauth-authorization-server"))
    };
    let redirect = Fault::status(302).with_header("location", elsewhere.issuer());
    let sandbox = at(Sandbox::builder(), redirect).start().await.unwrap();
    assert_eq!(by_issuer(&sandbox).token().await.unwrap_err().kind(), AuthErrorKind::Protocol);
    for body in ["", "{}", "[]", "<html>", "{\"issuer\":7}", "\u{0}"] {
        let sandbox = at(Sandbox::builder(), Fault::response(200, "application/json", body)).start().await.unwrap();
        assert_eq!(by_issuer(&sandbox).token().await.unwrap_err().kind(), AuthErrorKind::Protocol, "{body}");
    }
    let huge =
        at(Sandbox::builder(), Fault::response(200, "application/json", " ".repeat(2 << 20))).start().await.unwrap();
    assert!(chain(&by_issuer(&huge).token().await.unwrap_err()).contains("larger than"));
    assert!(elsewhere.journal().is_empty());
}

#[tokio::test]
async fn a_token_endpoint_in_clear_text_is_refused() {
    for named in ["http://login.example/token", "ftp://login.example", "https://u:p@login.example/t", "not a url", ""] {
        let sandbox = sandbox().await;
        let body = json!({ "issuer": sandbox.issuer(), "token_endpoint": named }).to_string();
        sandbox.add_fault(FaultRule::new(
            "/.well-known/openid-configuration",
            Fault::response(200, "application/json", body),
        ));
        let error = by_issuer(&sandbox).token().await.unwrap_err();
        assert_eq!(error.kind(), AuthErrorKind::Protocol);
        assert!(error.to_string().contains("the token_endpoint of"), "{error}");
    }
}

#[tokio::test]
async fn an_issuer_is_asked_once_and_an_error_names_the_urls_that_were_tried() {
    let sandbox = sandbox().await;
    let credentials = by_issuer(&sandbox);
    for _ in 0..3 {
        credentials.forget();
        credentials.token().await.unwrap();
    }
    assert_eq!(discoveries(&sandbox), 1);
    let nowhere = Sandbox::builder().issuer_path("/realms/x").discovery(Discovery::Nowhere).start().await.unwrap();
    let error = by_issuer(&nowhere).token().await.unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::Protocol);
    for path in ["/realms/x/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/realms/x"] {
        assert!(error.to_string().contains(path), "{error}");
    }
}
