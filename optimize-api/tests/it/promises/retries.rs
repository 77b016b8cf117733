//! A request is sent again only if that cannot double anything, and retries end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use futures_util::TryStreamExt;
use optimize_api::{Client, Definitions, Error, RetryPolicy};
use optimize_auth::{Credentials, ServiceUrl};
use optimize_sandbox::{Fault, FaultRule};
use tokio::time::Instant;

use crate::support::{REPORT_DATA_PATH, REPORT_LIST_PATH, builder, client, credentials, sandbox, static_client};

/// What can happen to a request.
fn mishaps() -> BTreeMap<String, Option<Fault>> {
    let statuses = [408, 425, 429, 500, 502, 503, 504].map(|code| (code.to_string(), Some(Fault::status(code))));
    let others = [
        ("reset before", Some(Fault::ResetBefore)),
        ("reset after", Some(Fault::ResetAfter)),
        ("half a body", Some(Fault::CutBody)),
        ("no response", Some(Fault::Delay { milliseconds: 60_000 })),
        ("nobody there", None),
    ];
    statuses.into_iter().chain(others.map(|(name, fault)| (name.to_owned(), fault))).collect()
}

/// A kind of request: its name, its path, a parameter that its query has.
type Kind = (&'static str, &'static str, Option<&'static str>);

const KINDS: [Kind; 6] = [
    ("list", REPORT_LIST_PATH, None),
    ("first page", REPORT_DATA_PATH, None),
    ("next page", REPORT_DATA_PATH, Some("searchRequestId")),
    ("delete", "/api/public/report/*", None),
    ("ingest", "/api/ingestion/variable", None),
    ("import", "/api/public/import", None),
];

async fn call(client: &Client, kind: &str) -> Result<(), Error> {
    match kind {
        "list" => client.reports().list("claims").await.map(drop),
        "delete" => client.reports().delete("orders-open").await,
        "ingest" => client.ingestion().variables(&[]).await,
        "import" => client.definitions().import("claims", &Definitions::from_json("[]")?).await.map(drop),
        _ => {
            let data = client.reports().data("orders-raw").page_size(10);
            data.rows().try_for_each(|_| async { Ok(()) }).await
        }
    }
}

/// How many requests a call sends that meets the mishap each time.
async fn requests(fault: Option<&Fault>, (kind, path, query): Kind) -> String {
    let sandbox = sandbox().await;
    let client =
        builder(&sandbox).credentials(credentials(&sandbox)).timeout(Duration::from_millis(400)).build().unwrap();
    let before = sandbox.journal().len();
    let Some(fault) = fault else {
        let gone = ServiceUrl::parse("http://127.0.0.1:1").unwrap();
        let policy = RetryPolicy::default().with_first_wait(Duration::ZERO);
        let client = Client::builder(gone).retry(policy).build().unwrap();
        return format!("{} tries", call(&client, kind).await.unwrap_err().attempts());
    };
    let rule = FaultRule::new(path, fault.clone()).times(u32::MAX);
    sandbox.add_fault(match query {
        Some(query) => rule.with_query(query),
        None => rule,
    });
    // Whether it fails in the end is of no interest here.
    let _ = call(&client, kind).await;
    let matching = sandbox.journal().into_iter().skip(before).filter(|entry| entry.fault.is_some()).count();
    matching.to_string()
}

#[tokio::test]
async fn the_retry_table_holds_over_the_wire_for_every_kind_of_request() {
    let mut table = format!("{:12}", "");
    for (kind, ..) in KINDS {
        write!(table, "{kind:>12}").unwrap();
    }
    for (name, fault) in mishaps() {
        write!(table, "\n{name:12}").unwrap();
        for kind in KINDS {
            write!(table, "{:>12}", requests(fault.as_ref(), kind).await).unwrap();
        }
    }
    insta::assert_snapshot!(table, @"
                        list  first page   next page      delete      ingest      import
    408                    4           4           1           2           4           1
    425                    4           4           1           2           4           1
    429                    4           4           1           2           4           1
    500                    1           1           1           1           1           1
    502                    4           4           1           2           4           1
    503                    4           4           1           2           4           1
    504                    4           4           1           2           4           1
    half a body            4           4           1           1           1           1
    no response            1           1           1           1           1           1
    nobody there     4 tries     4 tries     4 tries     4 tries     4 tries     4 tries
    reset after            4           4           1           2           4           1
    reset before           4           4           1           2           4           1
    ");
}

#[tokio::test]
async fn waits_end_with_the_time_for_the_call_and_at_once_when_nobody_waits() {
    for retry_after in [
        "0",
        "1",
        "999999999999999999999",
        "-5",
        "soon",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let sandbox = sandbox().await;
        let fault = Fault::status(503).with_header("retry-after", retry_after);
        sandbox.add_fault(FaultRule::new(REPORT_LIST_PATH, fault).times(u32::MAX));
        let limit = Duration::from_millis(300);
        let policy = RetryPolicy::default().with_attempts(100).with_first_wait(Duration::from_millis(200));
        let client = builder(&sandbox).credentials(credentials(&sandbox)).retry(policy).timeout(limit).build().unwrap();
        credentials(&sandbox).token().await.unwrap();
        let begun = Instant::now();
        client.reports().list("claims").await.unwrap_err();
        assert!(begun.elapsed() < limit + Duration::from_millis(250), "{retry_after}: {:?}", begun.elapsed());
    }
    let sandbox = sandbox().await;
    sandbox.add_fault(
        FaultRule::new(REPORT_LIST_PATH, Fault::status(503).with_header("retry-after", "30")).times(u32::MAX),
    );
    let client = client(&sandbox);
    let call = tokio::spawn(async move { client.reports().list("claims").await });
    while sandbox.api_statuses().is_empty() {
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert!(begun.elapsed() < Duration::from_millis(100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_to_a_failing_server_send_hardly_more_requests() {
    let sandbox = sandbox().await;
    sandbox.add_fault(FaultRule::new(REPORT_LIST_PATH, Fault::status(503)).times(u32::MAX));
    let client = static_client(&sandbox);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        calls.spawn(async move {
            for _ in 0..200 {
                client.reports().list("claims").await.unwrap_err();
            }
        });
    }
    calls.join_all().await;
    let requests = sandbox.api_statuses().len();
    assert!((10_000..=12_000).contains(&requests), "{requests}");
    assert_eq!(sandbox.token_requests(), 0);
}

#[tokio::test]
async fn waits_that_the_server_asks_for_end_no_long_work() {
    let sandbox = sandbox().await;
    let credentials = Credentials::static_bearer(sandbox.static_token().to_owned().into()).unwrap();
    let policy = RetryPolicy::default().with_first_wait(Duration::from_millis(1));
    let client = builder(&sandbox).credentials(credentials).retry(policy).build().unwrap();
    for _ in 0..250 {
        sandbox.add_fault(FaultRule::new(REPORT_LIST_PATH, Fault::status(429).with_header("Retry-After", "0")));
        client.reports().list("claims").await.unwrap();
    }
    assert_eq!(sandbox.api_statuses().len(), 500);
}
