mod data_export;

use optimize_api::{ErrorKind, ReportId};
use optimize_sandbox::Release;

use crate::support::{api_requests, client, of, sandbox};

#[tokio::test]
async fn the_reports_of_a_collection_are_listed_on_every_release() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let ids = client(&sandbox).reports().list("claims").await.unwrap();
        let expected = ["claims-by-month", "claims-by-month-and-risk", "claims-by-risk", "claims-count", "claims-raw"];
        assert_eq!(ids, expected.map(ReportId::from), "{release}");
    }
}

#[tokio::test]
async fn an_unknown_collection_lists_nothing() {
    let ids = client(&sandbox().await).reports().list("nowhere").await.unwrap();
    assert!(ids.is_empty());
}

#[tokio::test]
async fn an_empty_collection_id_is_refused_before_anything_is_sent() {
    let sandbox = sandbox().await;
    let error = client(&sandbox).reports().list("").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidInput, 0));
    assert!(sandbox.journal().is_empty());
}

#[tokio::test]
async fn a_thousand_lists_at_once_share_a_token_and_all_come_back() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let client = client.clone();
        calls.spawn(async move { client.reports().list("claims").await.unwrap().len() });
    }
    assert_eq!(calls.join_all().await, [5; 1000]);
    assert_eq!((sandbox.token_requests(), api_requests(&sandbox).len()), (1, 1000));
}
