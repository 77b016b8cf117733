use http::{HeaderName, HeaderValue};
use optimize_api::{Client, ErrorKind};
use optimize_auth::{ClientAuth, ClientCredentials};
use optimize_sandbox::{Fault, FaultRule, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{REPORT_LIST_PATH, api_requests, builder, client, credentials, sandbox, start, url};

#[tokio::test]
async fn a_context_path_in_the_base_url_is_kept() {
    let sandbox = start(Sandbox::builder().context_path("/0f3c2a74-6f3e/optimize")).await;
    let reports = client(&sandbox).reports().list("claims").await.unwrap();
    assert_eq!(reports.len(), 5);
}

#[tokio::test]
async fn clones_share_one_token() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    for _ in 0..3 {
        client.clone().reports().list("claims").await.unwrap();
    }
    assert_eq!((sandbox.token_requests(), api_requests(&sandbox).len()), (1, 3));
}

#[tokio::test]
async fn without_credentials_the_401_of_the_server_is_reported() {
    let sandbox = sandbox().await;
    let client = builder(&sandbox).build().unwrap();
    let error = client.reports().list("claims").await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Unauthorized, Some(401), 1));
}

#[tokio::test]
async fn a_refused_token_request_sends_nothing_to_the_api() {
    let sandbox = sandbox().await;
    let source = ClientCredentials::new(
        url(&sandbox.token_url()),
        "someone",
        ClientAuth::Post("wrong-canary".to_owned().into()),
    );
    let client = builder(&sandbox).credentials(optimize_auth::Credentials::new(source)).build().unwrap();
    let error = client.reports().list("claims").await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Authentication, Some(401), 0));
    assert_eq!(error.auth().unwrap().code(), Some("invalid_client"));
    assert!(!format!("{error} {error:?}").contains("canary"));
    assert!(api_requests(&sandbox).is_empty());
}

#[tokio::test]
async fn a_token_for_another_audience_is_unauthorized_after_one_new_token() {
    let sandbox = sandbox().await;
    let secret = sandbox.client_secret().to_owned().into();
    let source = ClientCredentials::new(url(&sandbox.token_url()), sandbox.client_id(), ClientAuth::Post(secret))
        .with_audience("zeebe");
    let client = builder(&sandbox).credentials(optimize_auth::Credentials::new(source)).build().unwrap();
    let error = client.reports().list("claims").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthorized, 2));
    assert_eq!(error.server().detail.as_deref(), Some("the token's aud does not contain optimize.camunda.io"));
    assert_eq!((sandbox.token_requests(), api_requests(&sandbox).len()), (2, 2));
}

#[tokio::test]
async fn nothing_shows_the_token_or_the_secret_in_debug() {
    let sandbox = sandbox().await;
    let credentials = credentials(&sandbox);
    let token = credentials.token().await.unwrap();
    let token: &str = secrecy::ExposeSecret::expose_secret(token.secret());
    let client = builder(&sandbox).credentials(credentials).build().unwrap();
    let text = format!("{client:?}");
    assert!(!text.contains(token) && !text.contains(sandbox.client_secret()), "{text}");
}

#[tokio::test]
async fn headers_of_one_s_own_are_sent_and_not_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let builder = Client::builder(url(&format!("http://{address}")))
        .header(HeaderName::from_static("x-gateway-key"), HeaderValue::from_static("canary"));
    assert!(!format!("{builder:?}").contains("canary"));
    let client = builder.build().unwrap();
    assert!(!format!("{client:?}").contains("canary"));
    let call = tokio::spawn(async move { client.readiness().await });
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut head = vec![0; 4096];
    let length = connection.read(&mut head).await.unwrap();
    connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    call.await.unwrap().unwrap();
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    assert!(head.contains("x-gateway-key: canary\r\n"), "{head}");
}

#[test]
fn headers_that_are_the_client_s_own_are_refused() {
    let builder = Client::builder(url("http://127.0.0.1:1"));
    let error =
        builder.header(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer canary")).build().unwrap_err();
    insta::assert_snapshot!(error, @"the header authorization is the client's own; credentials are set with `credentials`");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_hook_sees_each_attempt_and_never_the_credential() {
    let sandbox = sandbox().await;
    sandbox.add_fault(FaultRule::new(REPORT_LIST_PATH, Fault::status(503)));
    let (sender, seen) = std::sync::mpsc::channel();
    let client = builder(&sandbox).credentials(credentials(&sandbox)).on_request(move |operation, headers| {
        sender.send(format!("{} {}", operation.id, headers.len())).unwrap();
        headers.insert(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer of-another"));
    });
    client.build().unwrap().reports().list("claims").await.unwrap();
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), ["report.list 0", "report.list 0"]);
}
