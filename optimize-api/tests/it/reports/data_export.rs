use futures_util::TryStreamExt;
use optimize_api::{Client, DataExport, DataPage, Error, ErrorKind, PageData, Row};
use optimize_sandbox::{Fault, FaultRule, Release};

use crate::support::{REPORT_DATA_PATH, api_requests, client, of, sandbox, static_client, with_fault};

fn export(client: &Client, report: &str) -> DataExport {
    client.reports().data(report)
}

async fn pages(client: &Client, report: &str) -> Result<Vec<DataPage>, Error> {
    export(client, report).pages().try_collect().await
}

async fn rows(export: DataExport) -> Result<Vec<Row>, Error> {
    export.rows().try_collect().await
}

/// A fault of the first follow-up page.
fn on_second_page(fault: Fault) -> FaultRule {
    FaultRule::new(REPORT_DATA_PATH, fault).with_query("searchRequestId")
}

/// Asserts that an export whose second page meets `fault` fails as incomplete, having asked for that page once.
async fn check_lost_page(fault: Fault) {
    let sandbox = with_fault(on_second_page(fault.clone())).await;
    let error = pages(&client(&sandbox), "invoices-raw").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete, "{fault:?}: {error}");
    assert!(error.hint().unwrap().to_string().contains("start the export again"));
    assert_eq!(api_requests(&sandbox).len(), 2, "{fault:?}");
}

#[tokio::test]
async fn every_shape_comes_whole_on_every_release() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let client = client(&sandbox);
        for (report, count) in [
            ("invoices-raw", 3200),
            ("claims-raw", 2450),
            ("orders-none", 0),
            ("orders-by-step", 6),
            ("orders-by-month-and-tier", 12),
            ("orders-count", 1),
            ("orders-refund-total", 0),
        ] {
            let all = rows(export(&client, report)).await.unwrap();
            assert_eq!(all.len(), count, "{report} on {release}");
            let distinct: std::collections::HashSet<_> = all.iter().map(Row::json).collect();
            assert_eq!(distinct.len(), count, "{report} on {release}");
        }
    }
}

#[tokio::test]
async fn the_shape_of_the_data_is_reported() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    for (report, shape) in [
        ("orders-raw", "rows"),
        ("orders-by-step", "rows"),
        ("orders-count", "value 25000.0"),
        ("orders-refund-total", "missing"),
    ] {
        let mut pages = std::pin::pin!(export(&client, report).pages());
        let page = pages.try_next().await.unwrap().unwrap();
        assert_eq!(page.report_id, report);
        let actual = match page.data {
            PageData::Rows(_) => "rows".to_owned(),
            PageData::Value(value) => format!("value {}", value.json()),
            PageData::Missing => "missing".to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(actual, shape, "{report}");
    }
}

#[tokio::test]
async fn pages_follow_the_cursor_to_its_empty_end() {
    let sandbox = sandbox().await;
    let pages = pages(&client(&sandbox), "invoices-raw").await.unwrap();
    assert_eq!(pages.iter().map(DataPage::row_count).collect::<Vec<_>>(), [1000, 1000, 1000, 200]);
    let queries: Vec<_> = api_requests(&sandbox).into_iter().map(|entry| entry.query).collect();
    let follow_up = "searchRequestId=scroll%2B000001%2F%3D%3D&paginationTimeout=120";
    assert_eq!(queries, ["limit=1000&paginationTimeout=120", follow_up, follow_up, follow_up, follow_up]);
}

#[tokio::test]
async fn no_page_beyond_the_limit_is_asked_for() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    for (limit, requests) in [(1, 1), (1000, 1), (1001, 2), (2000, 2)] {
        let before = api_requests(&sandbox).len();
        assert_eq!(rows(export(&client, "orders-raw").limit(limit)).await.unwrap().len() as u64, limit);
        assert_eq!(api_requests(&sandbox).len() - before, requests, "limit {limit}");
    }
    assert!(rows(export(&client, "orders-raw").limit(0)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_limit_cuts_grouped_data_too() {
    let sandbox = sandbox().await;
    assert_eq!(rows(export(&client(&sandbox), "orders-by-month").limit(3)).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_stream_that_is_dropped_asks_for_nothing_more() {
    let sandbox = sandbox().await;
    {
        let client = client(&sandbox);
        let mut pages = std::pin::pin!(export(&client, "orders-raw").pages());
        pages.try_next().await.unwrap();
    }
    assert_eq!(api_requests(&sandbox).len(), 1);
}

/// Waits until as many requests have been served.
async fn until_requests(sandbox: &optimize_sandbox::Sandbox, count: usize) {
    while api_requests(sandbox).len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_next_page_is_fetched_ahead_where_that_is_wanted_and_no_other() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    assert_eq!(rows(export(&client, "invoices-raw").prefetch(true)).await.unwrap().len(), 3200);
    assert_eq!(api_requests(&sandbox).len(), 5);
    let mut pages = Box::pin(export(&client, "invoices-raw").prefetch(true).limit(1500).pages());
    pages.try_next().await.unwrap().unwrap();
    until_requests(&sandbox, 7).await;
    assert_eq!(pages.try_next().await.unwrap().unwrap().row_count(), 500);
    assert!(pages.try_next().await.unwrap().is_none());
    assert_eq!(api_requests(&sandbox).len(), 7, "none beyond the limit");
}

#[tokio::test]
async fn a_page_that_was_fetched_ahead_and_lost_is_an_error_in_its_place() {
    let sandbox = with_fault(on_second_page(Fault::status(503))).await;
    let client = client(&sandbox);
    let mut pages = Box::pin(export(&client, "invoices-raw").prefetch(true).pages());
    assert_eq!(pages.try_next().await.unwrap().unwrap().row_count(), 1000);
    assert_eq!(pages.try_next().await.unwrap_err().kind(), ErrorKind::Incomplete);
}

#[tokio::test]
async fn a_dropped_stream_ends_what_it_fetches_ahead() {
    let sandbox = with_fault(on_second_page(Fault::Delay { milliseconds: 60_000 })).await;
    let client = client(&sandbox);
    let tasks = tokio::runtime::Handle::current().metrics();
    let mut pages = Box::pin(export(&client, "invoices-raw").prefetch(true).pages());
    pages.try_next().await.unwrap().unwrap();
    let before = tasks.num_alive_tasks();
    drop(pages);
    while tasks.num_alive_tasks() >= before {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn rows_are_read_as_a_type_of_the_program() {
    #[derive(serde::Deserialize)]
    struct Group {
        key: String,
        value: Option<serde_json::Number>,
    }
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let groups: Vec<Group> = export(&client, "orders-by-step").rows_as::<Group>().try_collect().await.unwrap();
    let first = groups[0].value.as_ref().map(ToString::to_string);
    assert_eq!((groups[0].key.as_str(), first.as_deref()), ("receiveOrder", Some("1350.0")));
    assert!(groups.iter().any(|group| group.value.is_none()));
    let numbers: Vec<_> = export(&client, "orders-count").rows_as::<serde_json::Number>().try_collect().await.unwrap();
    assert_eq!(numbers[0].to_string(), "25000.0");
    let error = export(&client, "orders-by-step").rows_as::<u8>().try_collect::<Vec<_>>().await.unwrap_err();
    insta::assert_snapshot!(error, @"failed to read the report orders-by-step: row 0 is not of the expected type, near ``");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("invalid type: map"));
}

#[tokio::test]
async fn a_first_page_is_asked_for_again_after_a_transient_failure() {
    for fault in [Fault::status(503), Fault::status(429), Fault::ResetBefore, Fault::ResetAfter] {
        let sandbox = with_fault(FaultRule::new(REPORT_DATA_PATH, fault)).await;
        assert_eq!(rows(export(&client(&sandbox), "claims-raw")).await.unwrap().len(), 2450);
    }
}

#[tokio::test]
async fn a_follow_up_page_is_never_asked_for_twice() {
    for fault in [
        Fault::status(429),
        Fault::status(500),
        Fault::status(502),
        Fault::status(503),
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::response(200, "application/json", "{\"data\":["),
        Fault::response(200, "text/html", "<html>"),
    ] {
        check_lost_page(fault).await;
    }
}

#[tokio::test]
async fn a_page_that_the_server_passes_over_is_missed() {
    let sandbox = with_fault(on_second_page(Fault::LostPage)).await;
    let error = rows(export(&client(&sandbox), "invoices-raw")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    insta::assert_snapshot!(error, @"failed to read the next page of the report invoices-raw: received 2200 rows of the 3200 that the server announced");
}

#[tokio::test]
async fn an_expired_cursor_is_a_lost_page_on_every_release() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let client = client(&sandbox);
        let mut pages = std::pin::pin!(export(&client, "orders-raw").pages());
        pages.try_next().await.unwrap();
        sandbox.advance_clock(std::time::Duration::from_secs(121));
        let error = pages.try_next().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{release}");
        assert!(error.to_string().contains("no search context"), "{release}: {error}");
    }
}

#[tokio::test]
async fn a_401_in_the_middle_costs_one_new_token_and_no_page() {
    let sandbox = with_fault(on_second_page(Fault::Unauthorized)).await;
    assert_eq!(rows(export(&client(&sandbox), "invoices-raw")).await.unwrap().len(), 3200);
    assert_eq!(sandbox.api_statuses(), [200, 401, 200, 200, 200, 200]);
    assert_eq!(sandbox.token_requests(), 2);
}

#[tokio::test]
async fn a_401_with_a_static_token_is_not_asked_again() {
    let sandbox = with_fault(on_second_page(Fault::Unauthorized)).await;
    let error = pages(&static_client(&sandbox), "invoices-raw").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(sandbox.api_statuses(), [200, 401]);
}

#[tokio::test]
async fn an_unknown_report_is_reported_as_each_release_does() {
    for (release, kind, status) in [
        (Release::V8_6, ErrorKind::NotFound, 404),
        (Release::V8_8, ErrorKind::ServerFault, 500),
        (Release::V8_10, ErrorKind::ServerFault, 500),
    ] {
        let sandbox = of(release).await;
        let error = pages(&client(&sandbox), "no-such-report").await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{release}");
        assert_eq!(error.attempts(), 1, "a wrapped failure does not pass by itself");
    }
}

#[tokio::test]
async fn reports_without_data_are_rejected() {
    let sandbox = of(Release::V8_6).await;
    for (report, code) in [("orders-side-by-side", "badRequestError"), ("orders-draft", "reportEvaluationError")] {
        let error = pages(&client(&sandbox), report).await.unwrap_err();
        assert_eq!((error.kind(), error.server().code.as_deref()), (ErrorKind::InvalidRequest, Some(code)));
    }
}

#[tokio::test]
async fn an_id_that_could_address_something_else_is_never_sent() {
    let sandbox = sandbox().await;
    for id in ["", "..", "../x", "a/b", "a\\b", "a\nb"] {
        let error = pages(&client(&sandbox), id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{id:?}");
    }
    assert!(sandbox.journal().is_empty());
}
