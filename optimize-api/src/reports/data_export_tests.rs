use insta::assert_snapshot;
use optimize_auth::ServiceUrl;

use super::*;

fn export(id: &str) -> DataExport {
    let client = Client::builder(ServiceUrl::parse("https://host").unwrap()).build().unwrap();
    DataExport::new(client, ReportId::from(id))
}

fn first_page(export: &DataExport) -> String {
    match export.first_page() {
        Ok(spec) => spec.wire_form(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_first_page_states_size_and_timeout() {
    assert_snapshot!(first_page(&export("r 1")), @"GET /api/public/export/report/r%201/result/json?limit=1000&paginationTimeout=120");
    let export = export("r").page_size(10_000).cursor_timeout(Duration::from_secs(60));
    assert_snapshot!(first_page(&export), @"GET /api/public/export/report/r/result/json?limit=10000&paginationTimeout=60");
}

#[test]
fn the_first_page_is_no_larger_than_what_is_wanted() {
    assert_snapshot!(first_page(&export("r").limit(5)), @"GET /api/public/export/report/r/result/json?limit=5&paginationTimeout=120");
    assert_snapshot!(first_page(&export("r").limit(5000)), @"GET /api/public/export/report/r/result/json?limit=1000&paginationTimeout=120");
}

#[test]
fn a_follow_up_page_names_the_cursor_and_renews_its_life() {
    let spec = export("r").next_page("DXF1ZXJ5QW5k+/==").unwrap();
    assert_snapshot!(spec.wire_form(), @"GET /api/public/export/report/r/result/json?searchRequestId=DXF1ZXJ5QW5k%2B%2F%3D%3D&paginationTimeout=120");
    assert_eq!(spec.operation.retry, crate::Retry::Never);
}

#[test]
fn what_the_server_would_refuse_is_refused_before_it_is_sent() {
    assert_snapshot!(first_page(&export("r").page_size(0)), @"failed to read the report: the page size is not between 1 and 10000: 0");
    assert_snapshot!(first_page(&export("r").page_size(10_001)), @"failed to read the report: the page size is not between 1 and 10000: 10001");
    assert_snapshot!(first_page(&export("r").cursor_timeout(Duration::from_secs(59))), @"failed to read the report: the cursor timeout is shorter than 60s: 59s");
    assert_snapshot!(first_page(&export("../r")), @r#"failed to read the report: the id contains `/`, which no server accepts in an id: "../r""#);
}
