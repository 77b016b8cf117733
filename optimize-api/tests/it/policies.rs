//! What a program decides about its calls: for a client, and for some of its calls.

use std::time::Duration;

use optimize_api::{ErrorKind, RetryPolicy};
use optimize_sandbox::{Fault, FaultRule};

use crate::support::{REPORT_LIST_PATH, builder, client, credentials, sandbox, with_fault};

#[tokio::test]
async fn a_client_for_some_calls_shares_everything_but_what_is_changed() {
    let sandbox = with_fault(FaultRule::new(REPORT_LIST_PATH, Fault::Delay { milliseconds: 400 }).times(2)).await;
    let client = client(&sandbox);
    let hasty = client.with_timeout(Duration::from_millis(100));
    let error = hasty.reports().list("claims").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    client.reports().list("claims").await.unwrap();
    assert_eq!(sandbox.token_requests(), 1);
    let named = client.with_header("x-team".parse().unwrap(), "finance".parse().unwrap()).unwrap();
    named.reports().list("claims").await.unwrap();
    let error = client.with_header("authorization".parse().unwrap(), "x".parse().unwrap()).unwrap_err();
    assert!(error.to_string().contains("the header authorization is the client's own"), "{error}");
}

#[tokio::test]
async fn statuses_and_attempts_are_the_program_s_to_choose() {
    let sandbox = with_fault(FaultRule::new(REPORT_LIST_PATH, Fault::status(500)).times(9)).await;
    let policy = RetryPolicy::default().with_first_wait(Duration::ZERO).with_statuses([500]).with_attempts(3);
    let client = builder(&sandbox).credentials(credentials(&sandbox)).retry(policy).build().unwrap();
    let error = client.reports().list("claims").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::ServerFault, 3));
    let once = client.with_retry(RetryPolicy::default().with_attempts(1));
    assert_eq!(once.reports().list("claims").await.unwrap_err().attempts(), 1);
}

#[tokio::test]
async fn a_budget_of_the_program_ends_retries_for_all_calls() {
    let sandbox = with_fault(FaultRule::new(REPORT_LIST_PATH, Fault::status(503)).times(99)).await;
    let policy = RetryPolicy::default().with_first_wait(Duration::ZERO).with_budget(2);
    let client = builder(&sandbox).credentials(credentials(&sandbox)).retry(policy).build().unwrap();
    let mut attempts = Vec::new();
    for _ in 0..3 {
        attempts.push(client.clone().reports().list("claims").await.unwrap_err().attempts());
    }
    assert_eq!(attempts, [3, 1, 1]);
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_are_allowed() {
    let sandbox = sandbox().await;
    sandbox.add_fault(FaultRule::new(REPORT_LIST_PATH, Fault::Delay { milliseconds: 100 }).times(6));
    let client = builder(&sandbox).credentials(credentials(&sandbox)).concurrency(2).build().unwrap();
    client.readiness().await.unwrap();
    let started = tokio::time::Instant::now();
    let calls = (0..6).map(|_| {
        let reports = client.reports();
        async move { reports.list("claims").await }
    });
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap();
    }
    assert!(started.elapsed() >= Duration::from_millis(300), "{:?}", started.elapsed());
}
