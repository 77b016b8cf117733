use std::time::Duration;

use optimize_sandbox::{Fault, FaultRule, Release, Sandbox};
use serde_json::{Value, json};

use crate::support::{Response, get, http, of, send, start, token};

async fn call(sandbox: &Sandbox, path: &str) -> Response {
    get(sandbox, &token(sandbox, &[]).await, path).await
}

fn data_path(report: &str) -> String {
    format!("/api/public/export/report/{report}/result/json")
}

/// Status and error code, or that there is no body.
fn error(response: &Response) -> String {
    let code = if response.text.is_empty() { "-".to_owned() } else { response.json()["errorCode"].to_string() };
    format!("{} {code}", response.status)
}

/// The responses of all releases to one request, in order.
async fn errors(path: &str) -> [String; 5] {
    let mut texts = Vec::new();
    for release in Release::ALL {
        texts.push(error(&call(&of(release).await, path).await));
    }
    texts.try_into().unwrap()
}

#[tokio::test]
async fn lists_hold_ids_and_an_unknown_collection_is_empty() {
    let sandbox = of(Release::V8_8).await;
    let dashboards = call(&sandbox, "/api/public/dashboard?collectionId=claims").await.json();
    assert_eq!(dashboards, json!([{ "id": "claims-overview" }, { "id": "claims-payouts" }]));
    assert_eq!(call(&sandbox, "/api/public/report?collectionId=none").await.json(), json!([]));
    let all = ["orders", "invoices", "claims"];
    let mut count = 0;
    for collection in all {
        let path = format!("/api/public/report?collectionId={collection}");
        count += call(&sandbox, &path).await.json().as_array().unwrap().len();
    }
    assert_eq!(count, 28);
}

#[tokio::test]
async fn bad_requests_have_the_response_of_each_release() {
    let (bad, wrapped) = ("400 \"badRequestError\"", "500 \"serverError\"");
    assert_eq!(errors("/api/public/report").await, [bad; 5]);
    assert_eq!(errors(&data_path("nobody")).await, ["404 \"notFoundError\"", wrapped, wrapped, wrapped, wrapped]);
    assert_eq!(errors(&data_path("orders-side-by-side")).await, [bad, wrapped, bad, bad, bad]);
    let too_many = data_path("orders-raw") + "?limit=10001";
    assert_eq!(errors(&too_many).await, ["400 null", "400 null", bad, bad, bad]);
    let not_a_number = data_path("orders-raw") + "?limit=many";
    assert_eq!(errors(&not_a_number).await, [wrapped, wrapped, bad, bad, bad]);
    let missing = "404 \"notFoundError\"";
    assert_eq!(errors("/api/public/nothing").await, [missing, missing, wrapped, wrapped, wrapped]);
}

#[tokio::test]
async fn what_is_outside_the_api_is_a_redirect_and_another_context_path_a_page() {
    for release in Release::ALL {
        let sandbox = start(Sandbox::builder().release(release).context_path("optimize")).await;
        let response = send(http().get(format!("{}/", sandbox.base_url()))).await;
        let is_login = response.header("location").contains("response_type=code");
        let is_old = !matches!(release, Release::V8_9 | Release::V8_10);
        assert_eq!((response.status, is_login), (302, is_old), "{release}");
        let response = send(http().get(format!("{}/api/readyz", sandbox.issuer()))).await;
        assert!(response.status == 404 && response.text.starts_with('<'), "{release}");
    }
}

#[tokio::test]
async fn a_cursor_moves_on_with_each_request_and_ends_with_an_empty_page() {
    let sandbox = of(Release::V8_8).await;
    let token = token(&sandbox, &[]).await;
    let path = data_path("claims-raw");
    let mut page = get(&sandbox, &token, &format!("{path}?limit=1000")).await.json();
    let cursor = page["searchRequestId"].as_str().unwrap().to_owned();
    let follow_up = format!("{path}?searchRequestId={}", cursor.replace('+', "%2B").replace('=', "%3D"));
    let mut counts = vec![page["data"].as_array().unwrap().len()];
    while counts.last() != Some(&0) {
        page = get(&sandbox, &token, &follow_up).await.json();
        assert_eq!((&page["searchRequestId"], &page["totalNumberOfRecords"]), (&json!(cursor), &json!(2450)));
        counts.push(page["data"].as_array().unwrap().len());
    }
    assert_eq!(counts, [1000, 1000, 450, 0]);
}

/// As a scroll of `OpenSearch` 2.19.3 was recorded to behave.
#[tokio::test]
async fn a_scroll_moves_as_that_of_the_recorded_backend() {
    let sandbox = of(Release::V8_8).await;
    let token = token(&sandbox, &[]).await;
    let path = data_path("orders-raw");
    let all = get(&sandbox, &token, &format!("{path}?limit=1000")).await.json();
    let first_row = |page: &Response| {
        let row = page.json()["data"][0].clone();
        all["data"].as_array().unwrap().iter().position(|other| *other == row)
    };
    let page = get(&sandbox, &token, &format!("{path}?limit=100")).await;
    assert_eq!(first_row(&page), Some(0));
    let cursor = page.json()["searchRequestId"].as_str().unwrap().replace('+', "%2B").replace('=', "%3D");
    let follow_up = format!("{path}?searchRequestId={cursor}");
    let at_once = [(); 4].map(|()| get(&sandbox, &token, &follow_up));
    let mut places: Vec<_> = futures_util::future::join_all(at_once).await.iter().map(first_row).collect();
    places.sort_unstable();
    assert_eq!(places, [Some(100), Some(200), Some(300), Some(400)], "each at once gets another page");
    sandbox.add_fault(FaultRule::new(path, Fault::ResetAfter));
    let unread = http().get(format!("{}{follow_up}", sandbox.base_url())).bearer_auth(&token).send().await;
    assert!(unread.is_err());
    let next = get(&sandbox, &token, &follow_up).await;
    assert_eq!(first_row(&next), Some(600), "the page nobody read is gone");
}

#[tokio::test]
async fn the_empty_page_after_the_last_can_be_asked_for_again() {
    let sandbox = of(Release::V8_8).await;
    let token = token(&sandbox, &[]).await;
    let path = data_path("invoices-open");
    let page = get(&sandbox, &token, &format!("{path}?limit=1000")).await.json();
    let cursor = page["searchRequestId"].as_str().unwrap().replace('+', "%2B").replace('=', "%3D");
    for _ in 0..3 {
        let end = get(&sandbox, &token, &format!("{path}?searchRequestId={cursor}")).await.json();
        assert_eq!((&end["data"], &end["totalNumberOfRecords"]), (&json!([]), &json!(214)));
        assert!(end["searchRequestId"].is_string());
    }
}

#[tokio::test]
async fn cursors_that_lapsed_belong_elsewhere_or_make_no_sense_are_refused() {
    let sandbox = of(Release::V8_6).await;
    let open = |page: Response| page.json()["searchRequestId"].as_str().unwrap().replace('+', "%2B");
    let cursor = open(call(&sandbox, &data_path("orders-raw")).await);
    let with = |report: &str, cursor: &str| format!("{}?searchRequestId={cursor}", data_path(report));
    let elsewhere = call(&sandbox, &with("invoices-raw", &cursor)).await;
    assert_eq!(error(&elsewhere), "400 \"badRequestError\"");
    assert_eq!(error(&call(&sandbox, &with("orders-raw", "nonsense")).await), "500 \"serverError\"");
    sandbox.advance_clock(Duration::from_secs(121));
    assert_eq!(error(&call(&sandbox, &with("orders-raw", &cursor)).await), "400 \"badRequestError\"");
}

#[tokio::test]
async fn a_report_without_pages_comes_whole_with_a_notice() {
    let sandbox = of(Release::V8_8).await;
    let page = call(&sandbox, &(data_path("orders-by-month") + "?limit=2")).await.json();
    assert!(page["message"].is_string() && page.get("searchRequestId").is_none());
    assert_eq!((&page["numberOfRecordsInResponse"], page["data"].as_array().unwrap().len()), (&json!(12), 12));
    let none = call(&sandbox, &data_path("orders-refund-total")).await.json();
    assert_eq!((none.get("data"), &none["totalNumberOfRecords"]), (None, &json!(0)));
}

#[tokio::test]
async fn rows_have_the_members_of_the_contract_s_examples() {
    let sandbox = of(Release::V8_8).await;
    let process: Value =
        serde_json::from_str(include_str!("../fixtures/data-export-raw-process-first-page.json")).unwrap();
    let decision: Value = serde_json::from_str(include_str!("../fixtures/data-export-raw-decision-page.json")).unwrap();
    let names = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
    for (report, example) in [("orders-raw", process), ("claims-raw", decision)] {
        let page = call(&sandbox, &(data_path(report) + "?limit=1")).await.json();
        assert_eq!(names(&page["data"][0]), names(&example["data"][0]), "{report}");
        assert_eq!(names(&page), names(&example), "{report}");
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_rows() {
    let path = data_path("orders-raw") + "?limit=50";
    let mut pages = Vec::new();
    for seed in [7, 7, 8] {
        pages.push(call(&start(Sandbox::builder().seed(seed)).await, &path).await.text);
    }
    assert!(pages[0] == pages[1] && pages[1] != pages[2]);
}

fn variable(id: &str, value: &str) -> Value {
    json!([{ "id": id, "name": "amount", "type": "Long", "value": value, "processInstanceId": "1", "processDefinitionKey": "invoice" }])
}

#[tokio::test]
async fn what_is_ingested_is_visible_after_a_while() {
    let sandbox = start(Sandbox::builder().ingestion_delay(Duration::from_secs(10))).await;
    let url = format!("{}/api/ingestion/variable", sandbox.base_url());
    let ingest = |value: &str| send(http().post(&url).bearer_auth(sandbox.static_token()).json(&variable("a", value)));
    let values = || sandbox.ingested_variables().iter().map(|found| found["value"].to_string()).collect::<Vec<_>>();
    assert_eq!((ingest("1").await.status, values()), (200, vec![]));
    sandbox.advance_clock(Duration::from_secs(11));
    assert_eq!(values(), ["\"1\""]);
    ingest("2").await;
    assert_eq!(values(), ["\"1\""]);
    sandbox.advance_clock(Duration::from_secs(11));
    assert_eq!(values(), ["\"2\""]);
}

#[tokio::test]
async fn servers_before_8_8_take_a_few_ingestions_at_a_time() {
    for (release, refused) in [(Release::V8_6, 2), (Release::V8_7, 2), (Release::V8_8, 0)] {
        let builder = Sandbox::builder().release(release).ingestion_requests(3);
        let sandbox = start(builder).await;
        let slow = FaultRule::new("/api/ingestion/variable", Fault::Delay { milliseconds: 300 });
        sandbox.add_fault(slow.times(5));
        let url = format!("{}/api/ingestion/variable", sandbox.base_url());
        let requests = (0..5).map(|number| {
            send(http().post(&url).bearer_auth(sandbox.static_token()).json(&variable(&number.to_string(), "1")))
        });
        let responses = futures_util::future::join_all(requests).await;
        let busy: Vec<_> = responses.iter().filter(|response| response.status == 429).collect();
        assert_eq!(busy.len(), refused, "{release}");
        assert!(busy.iter().all(|response| response.header("retry-after") == "5"));
        assert_eq!(sandbox.ingested_variables().len(), 5 - refused);
    }
}
