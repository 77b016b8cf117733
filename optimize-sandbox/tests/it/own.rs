//! Collections, reports and definitions of a test's own.

use optimize_sandbox::{Release, ReportData, Sandbox};
use serde_json::{Value, json};

use crate::support;

async fn get(sandbox: &Sandbox, path: &str) -> Value {
    let response = support::get(sandbox, sandbox.static_token(), path).await;
    assert_eq!(response.status, 200, "{path}: {}", response.text);
    response.json()
}

#[tokio::test]
async fn a_report_of_ones_own_is_listed_exported_and_paged() {
    let rows = (0..25).map(|number| json!({ "processInstanceId": number.to_string() })).collect();
    let builder = Sandbox::builder().release(Release::V8_8).collection("payments", "Payments");
    let builder = builder.report("payments", "raw", ReportData::Raw(rows));
    let builder = builder.report("payments", "groups", ReportData::Grouped(vec![json!({ "key": "a", "value": 1.0 })]));
    let builder = builder.report("other", "number", ReportData::Number(Some(2.5)));
    let mine = json!({ "id": "board", "exportEntityType": "dashboard", "name": "Mine", "tiles": [] });
    let sandbox = builder.definition("payments", mine).start().await.unwrap();
    let ids = get(&sandbox, "/api/public/report?collectionId=payments").await;
    assert_eq!(ids.as_array().unwrap().len(), 2);
    let page = get(&sandbox, "/api/public/export/report/raw/result/json?limit=20").await;
    assert_eq!((&page["numberOfRecordsInResponse"], &page["totalNumberOfRecords"]), (&json!(20), &json!(25)));
    let cursor = page["searchRequestId"].as_str().unwrap().replace('+', "%2B").replace('=', "%3D");
    let next = get(&sandbox, &format!("/api/public/export/report/raw/result/json?searchRequestId={cursor}")).await;
    assert_eq!(next["data"][4]["processInstanceId"], "24");
    let groups = get(&sandbox, "/api/public/export/report/groups/result/json").await;
    assert_eq!(groups["data"], json!([{ "key": "a", "value": 1.0 }]));
    assert_eq!(get(&sandbox, "/api/public/export/report/number/result/json").await["data"], json!(2.5));
    let collection = get(&sandbox, "/api/public/collection/payments").await;
    assert_eq!(collection["name"], "Payments");
    let boards = get(&sandbox, "/api/public/dashboard?collectionId=payments").await;
    assert_eq!(boards, json!([{ "id": "board" }]));
}
