//! The token endpoint misbehaves.

use std::time::Duration;

use optimize_auth::{AuthError, AuthErrorKind, Cached, ClientAuth, ClientCredentials, Credentials, ServiceUrl};
use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::support::{TOKEN_PATH, broken, chain, client, credentials, sandbox};

async fn failure(sandbox: &Sandbox) -> AuthError {
    credentials(client(sandbox)).token().await.unwrap_err()
}

#[tokio::test]
async fn no_redirect_is_followed_so_that_no_secret_reaches_another_origin() {
    let elsewhere = sandbox().await;
    for code in [301, 302, 303, 307, 308] {
        let location = elsewhere.token_url();
        let fault = Fault::status(code).with_header("location", location);
        let error = failure(&broken(fault).await).await;
        assert_eq!((error.kind(), error.status()), (AuthErrorKind::Protocol, Some(code)));
    }
    assert!(elsewhere.journal().is_empty());
}

#[tokio::test]
async fn transient_statuses_differ_from_refusals() {
    for (code, kind) in [
        (400, AuthErrorKind::Refused),
        (403, AuthErrorKind::Refused),
        (404, AuthErrorKind::Protocol),
        (408, AuthErrorKind::Unavailable),
        (429, AuthErrorKind::Unavailable),
        (500, AuthErrorKind::Unavailable),
        (503, AuthErrorKind::Unavailable),
    ] {
        assert_eq!(failure(&broken(Fault::status(code)).await).await.kind(), kind, "{code}");
    }
}

#[tokio::test]
async fn a_retry_after_reaches_the_caller() {
    let fault = Fault::status(429).with_header("retry-after", "40");
    assert_eq!(failure(&broken(fault).await).await.retry_after(), Some(Duration::from_secs(40)));
}

#[tokio::test]
async fn a_broken_connection_is_unavailable_and_names_the_endpoint() {
    for fault in [Fault::ResetBefore, Fault::ResetAfter] {
        let sandbox = broken(fault).await;
        let error = failure(&sandbox).await;
        assert_eq!(error.kind(), AuthErrorKind::Unavailable);
        assert!(chain(&error).starts_with(&format!(
            "failed to get a token from {}: the connection broke before the response was complete",
            sandbox.token_url()
        )));
    }
}

#[tokio::test]
async fn a_truncated_response_is_no_response() {
    let error = failure(&broken(Fault::CutBody).await).await;
    assert_eq!(error.kind(), AuthErrorKind::Unavailable);
    assert!(chain(&error).contains("the connection broke before the response was complete"), "{}", chain(&error));
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_unavailable() {
    let url = sandbox().await.token_url();
    let source =
        ClientCredentials::new(ServiceUrl::parse(&url).unwrap(), "id", ClientAuth::Post("secret".to_owned().into()));
    let error = credentials(source).token().await.unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::Unavailable);
    assert!(chain(&error).contains("the connection could not be made"), "{}", chain(&error));
}

#[tokio::test]
async fn a_slow_endpoint_is_given_up() {
    let sandbox = broken(Fault::Delay { milliseconds: 60_000 }).await;
    let source = client(&sandbox).with_timeout(Duration::from_millis(50));
    let error = credentials(source).token().await.unwrap_err();
    assert!(chain(&error).contains("the response did not arrive in time"), "{}", chain(&error));
}

#[tokio::test]
async fn a_response_without_end_is_not_read() {
    let fault = Fault::response(200, "application/json", " ".repeat((1 << 20) + 1));
    let error = failure(&broken(fault).await).await;
    assert_eq!(error.kind(), AuthErrorKind::Protocol);
    assert!(chain(&error).ends_with("the response is larger than 1048576 bytes"), "{}", chain(&error));
}

#[tokio::test]
async fn a_transient_failure_is_tried_again() {
    let sandbox = Sandbox::builder().fault(FaultRule::new(TOKEN_PATH, Fault::status(503))).start().await.unwrap();
    let credentials: Credentials = Cached::new(client(&sandbox)).with_attempts(2).into();
    credentials.token().await.unwrap();
    let statuses: Vec<_> = sandbox.journal().iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [503, 200]);
}
