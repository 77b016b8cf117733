use std::time::Duration;

use optimize_api::{Client, Error, ErrorKind, RawRequest, ReportId, RetryPolicy};
use optimize_auth::Credentials;
use optimize_auth::http::HttpOptions;
use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::support::{
    REPORT_LIST_PATH, api_requests, builder, client, credentials, sandbox, start, static_client, url, with_fault,
};

async fn list(client: &Client) -> Result<Vec<ReportId>, Error> {
    client.reports().list("claims").await
}

async fn failing(fault: Fault) -> Sandbox {
    with_fault(FaultRule::new(REPORT_LIST_PATH, fault).times(u32::MAX)).await
}

async fn once(fault: Fault) -> Sandbox {
    with_fault(FaultRule::new(REPORT_LIST_PATH, fault)).await
}

/// What a list request comes to when every response is `fault`, and how many requests it took.
async fn check(fault: Fault, kind: ErrorKind, requests: usize) -> Error {
    let sandbox = failing(fault.clone()).await;
    let error = list(&client(&sandbox)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts() as usize), (kind, requests), "{fault:?}: {error}");
    assert_eq!(api_requests(&sandbox).len(), requests, "{fault:?}");
    error
}

#[tokio::test]
async fn transient_failures_of_a_read_are_tried_four_times() {
    for code in [408, 429, 502, 503, 504] {
        check(Fault::status(code), ErrorKind::Unavailable, 4).await;
    }
    for fault in [Fault::ResetBefore, Fault::ResetAfter] {
        check(fault, ErrorKind::Interrupted, 4).await;
    }
}

#[tokio::test]
async fn other_failures_are_final() {
    let kinds = [
        (ErrorKind::InvalidRequest, [400, 404, 405, 422].as_slice()),
        (ErrorKind::Conflict, &[409]),
        (ErrorKind::TooLarge, &[413]),
        (ErrorKind::ServerFault, &[500, 501]),
    ];
    for (kind, codes) in kinds {
        for code in codes {
            check(Fault::status(*code), kind, 1).await;
        }
    }
    check(Fault::status(403), ErrorKind::Forbidden, 1).await;
    check(Fault::response(404, "application/json", r#"{"errorCode":"notFoundError"}"#), ErrorKind::NotFound, 1).await;
}

#[tokio::test]
async fn one_failure_is_made_good() {
    for fault in [Fault::status(503), Fault::ResetBefore, Fault::ResetAfter, Fault::Unauthorized] {
        assert_eq!(list(&client(&once(fault).await)).await.unwrap().len(), 5);
    }
}

#[tokio::test]
async fn a_401_costs_one_new_token_and_one_more_request() {
    let sandbox = once(Fault::Unauthorized).await;
    list(&client(&sandbox)).await.unwrap();
    assert_eq!((sandbox.api_statuses(), sandbox.token_requests()), (vec![401, 200], 2));
    check(Fault::Unauthorized, ErrorKind::Unauthorized, 2).await;
}

#[tokio::test]
async fn a_401_with_a_static_token_is_final() {
    let sandbox = once(Fault::Unauthorized).await;
    assert_eq!(list(&static_client(&sandbox)).await.unwrap_err().kind(), ErrorKind::Unauthorized);
    assert_eq!(sandbox.api_statuses(), [401]);
}

#[tokio::test]
async fn many_callers_with_a_revoked_token_cause_one_token_request() {
    let rule = FaultRule::new(REPORT_LIST_PATH, Fault::Unauthorized).after(1).times(20);
    let sandbox = with_fault(rule).await;
    let client = client(&sandbox);
    list(&client).await.unwrap();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        callers.spawn(async move { list(&client).await.map(|ids| ids.len()) });
    }
    // Which callers meet the 20 refusals is a matter of luck; that they do not ask for 20 tokens is not.
    callers.join_all().await;
    assert!(sandbox.token_requests() <= 4, "{}", sandbox.token_requests());
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_names_the_base_url_as_wrong() {
    let elsewhere = sandbox().await;
    for code in [301, 302, 303, 307, 308] {
        let location = format!("{}/login?state=canary", elsewhere.base_url());
        let fault = Fault::status(code).with_header("location", location);
        let error = check(fault, ErrorKind::Misconfigured, 1).await;
        assert!(error.hint().unwrap().to_string().contains("base URL"));
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    assert!(elsewhere.journal().is_empty());
}

#[tokio::test]
async fn what_is_not_optimize_names_the_base_url_as_wrong() {
    check(Fault::response(200, "text/html", "<html>"), ErrorKind::Misconfigured, 1).await;
    check(Fault::response(404, "text/html", "<html>"), ErrorKind::Misconfigured, 1).await;
    check(Fault::response(200, "application/json", "{\"status\":\"UP\"}"), ErrorKind::Misconfigured, 1).await;
    check(Fault::response(200, "text/plain", "hello"), ErrorKind::Misconfigured, 1).await;
    check(Fault::response(200, "application/json", ""), ErrorKind::Misconfigured, 1).await;
}

#[tokio::test]
async fn an_echoed_token_does_not_reach_the_error() {
    let sandbox = sandbox().await;
    let token = "canary.0123456789.token";
    let body = format!("{{\"detail\":\"Bearer {token} is not good\"}}");
    sandbox.add_fault(FaultRule::new(REPORT_LIST_PATH, Fault::response(403, "application/json", &body)));
    let credentials = Credentials::static_bearer(token.to_owned().into()).unwrap();
    let error = list(&builder(&sandbox).credentials(credentials).build().unwrap()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to list the reports of the collection claims: the server returned 403: Bearer [redacted] is not good"
    );
}

#[tokio::test]
async fn a_retry_after_that_fits_into_the_time_is_waited_for() {
    let fault = Fault::status(429).with_header("retry-after", "1");
    let sandbox = once(fault).await;
    let begun = tokio::time::Instant::now();
    list(&client(&sandbox)).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_retry_after_beyond_the_time_for_the_call_fails_at_once() {
    let fault = Fault::status(503).with_header("retry-after", "3600");
    let error = check(fault, ErrorKind::Unavailable, 1).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
}

#[tokio::test]
async fn a_silent_server_is_given_up_when_the_time_is_over() {
    let sandbox = failing(Fault::Delay { milliseconds: 60_000 }).await;
    let client = builder(&sandbox).credentials(credentials(&sandbox)).timeout(Duration::from_millis(300)).build();
    let error = list(&client.unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again_and_named() {
    let address = sandbox().await.base_url();
    let policy = RetryPolicy::default().with_attempts(2).with_first_wait(Duration::ZERO);
    let error = Client::builder(url(&address)).retry(policy).build().unwrap().reports();
    let error = error.list("claims").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 2));
    assert!(error.to_string().contains(&address), "{error}");
}

#[tokio::test]
async fn a_response_over_the_limit_is_not_read_and_not_asked_for_again() {
    let sandbox = start(Sandbox::builder()).await;
    let client = builder(&sandbox).credentials(credentials(&sandbox)).body_limit(100).build().unwrap();
    let error = list(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::TooLarge, 1));
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("larger than 100 bytes"));
}

#[tokio::test]
async fn an_response_of_three_gigabytes_is_given_up_at_the_limit() {
    for gzip in [false, true] {
        let sandbox = failing(Fault::Flood { megabytes: 3072, gzip }).await;
        let client = builder(&sandbox).credentials(credentials(&sandbox)).body_limit(8 << 20).build().unwrap();
        let error = list(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::TooLarge, 1), "{error:?}");
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("the response is larger than 8388608 bytes"));
    }
}

#[tokio::test]
async fn a_flood_of_headers_is_an_error() {
    check(Fault::HeaderFlood { count: 5000 }, ErrorKind::Interrupted, 4).await;
}

#[tokio::test]
async fn a_busy_server_may_be_silent_before_its_response_and_not_within() {
    let millis = Duration::from_millis;
    for (http, is_waited_for) in [
        (HttpOptions::default().with_idle_timeout(millis(100)), true),
        (HttpOptions::default().with_head_timeout(millis(100)), false),
    ] {
        let sandbox = once(Fault::Delay { milliseconds: 400 }).await;
        let client = builder(&sandbox).credentials(credentials(&sandbox)).http(http);
        let response = list(&client.retry(RetryPolicy::default().with_attempts(1)).build().unwrap()).await;
        assert_eq!(response.is_ok(), is_waited_for, "{response:?}");
    }
}

#[tokio::test]
async fn a_raw_request_is_returned_as_it_is() {
    let sandbox = once(Fault::status(503)).await;
    let client = client(&sandbox);
    let raw = |method: &str, path: &str| RawRequest::new(method.parse().unwrap(), path).unwrap();
    let response = client.raw(&raw("GET", "/api/public/report?collectionId=claims")).await.unwrap();
    assert_eq!((response.status.as_u16(), response.error.is_none()), (200, true));
    assert!(response.body.starts_with(b"[{\"id\":"));
    assert_eq!(sandbox.api_statuses(), [503, 200]);
    let response = client.raw(&raw("DELETE", "/api/public/report/nobody")).await.unwrap();
    assert_eq!((response.status.as_u16(), response.error.map(|error| error.kind())), (404, Some(ErrorKind::NotFound)));
    let labels = r#"{"definitionKey":"invoice","labels":[]}"#;
    let request = raw("POST", "/api/public/variables/labels").with_body(labels, "application/json").unwrap();
    sandbox.add_fault(FaultRule::new("/api/public/variables/labels", Fault::status(503)));
    assert_eq!(client.raw(&request).await.unwrap().status.as_u16(), 503, "not sent twice");
    let name = http::header::AUTHORIZATION;
    assert!(request.with_header(name, "x".parse().unwrap()).is_err());
}

/// The head of the one request that a call sends to a server which returns 204.
async fn head_of(call: impl AsyncFnOnce(Client)) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let credentials = Credentials::static_bearer("t".to_owned().into()).unwrap();
    let url = optimize_auth::ServiceUrl::parse(&url).unwrap();
    let client = Client::builder(url).credentials(credentials).build().unwrap();
    let server = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.unwrap());
        }
        connection.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
        String::from_utf8(head).unwrap().to_ascii_lowercase()
    };
    tokio::join!(server, call(client)).0
}

#[tokio::test]
async fn what_has_no_body_has_a_length_where_gateways_want_one() {
    let post = head_of(async |client| client.sharing().enable().await.unwrap()).await;
    assert_eq!(post.matches("content-length: 0\r\n").count(), 1, "{post}");
    let request = RawRequest::new(http::Method::PUT, "/api/x").unwrap();
    let put = head_of(async |client| drop(client.raw(&request).await.unwrap())).await;
    assert_eq!(put.matches("content-length: 0\r\n").count(), 1, "{put}");
    let delete = head_of(async |client| client.reports().delete("r").await.unwrap()).await;
    assert!(!delete.contains("content-length"), "{delete}");
}
