//! A request goes to the configured server only.

use futures_util::TryStreamExt;
use optimize_api::{ErrorKind, ReportId};
use optimize_sandbox::{Fault, FaultRule};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::support::{REPORT_LIST_PATH, api_requests, client, sandbox, static_client};

#[tokio::test]
async fn no_redirect_of_an_api_request_is_followed_wherever_it_leads() {
    let elsewhere = sandbox().await;
    let port = format!("{}/api/public/report", elsewhere.base_url());
    for code in [301, 302, 303, 307, 308] {
        for location in [
            port.clone(),
            port.replace("127.0.0.1", "localhost"),
            port.replace("http://", "http://u:p@"),
            "//localhost./x".to_owned(),
            REPORT_LIST_PATH.to_owned(),
            String::new(),
        ] {
            let sandbox = sandbox().await;
            sandbox.add_fault(FaultRule::new(REPORT_LIST_PATH, Fault::status(code).with_header("location", &location)));
            let error = client(&sandbox).reports().list("claims").await.unwrap_err();
            assert_eq!((error.kind(), sandbox.api_statuses()), (ErrorKind::Misconfigured, vec![code]), "{location}");
        }
    }
    assert!(elsewhere.journal().is_empty());
}

#[tokio::test]
async fn no_id_changes_host_path_or_query() {
    const IDS: &str = "\\PC{1,20}|\\.{1,2}(/\\.\\.)*|(%2f|\\.\\./|//|\\?|#|@|\\\\|;){1,6}[a-z]*";
    let strategy = proptest::string::string_regex(IDS).unwrap();
    let mut runner = TestRunner::deterministic();
    let sandbox = sandbox().await;
    let client = static_client(&sandbox);
    for _ in 0..500 {
        let id = ReportId::from(strategy.new_tree(&mut runner).unwrap().current().as_str());
        // What comes of it is of no interest; some ids are refused before anything is sent.
        let _ = std::pin::pin!(client.reports().data(&id).rows()).try_next().await;
    }
    let requests = api_requests(&sandbox);
    assert!(requests.len() > 100, "{} were sent", requests.len());
    for entry in requests {
        let segments: Vec<_> = entry.path.split('/').collect();
        assert_eq!(segments.len(), 8, "{}", entry.path);
        assert!(entry.path.starts_with("/api/public/export/report/") && entry.path.ends_with("/result/json"));
        assert!(!entry.query.contains("token") && entry.query.starts_with("limit="), "{}", entry.query);
    }
}
