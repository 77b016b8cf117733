use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn read(body: &str) -> Result<DataPage, Error> {
    DataPage::from_json(&Bytes::copy_from_slice(body.as_bytes()))
}

macro_rules! example {
    ($name:literal) => {
        read(include_str!(concat!("../../../tests/fixtures/", $name, ".json"))).unwrap()
    };
}

/// A page with this `data` and sound counts.
fn page_of(data: &str) -> String {
    format!(r#"{{"numberOfRecordsInResponse":2,"totalNumberOfRecords":2,"data": {data} }}"#)
}

/// What a page holds, in one line.
fn parsed(page: &DataPage) -> String {
    let data = match &page.data {
        PageData::Rows(rows) => format!("{} rows", rows.len()),
        PageData::Value(value) => format!("value {}", value.json()),
        PageData::Missing => "nothing".to_owned(),
    };
    format!("{data} of {:?}, cursor {:?}, message {:?}", page.total, page.cursor, page.message)
}

fn problem(body: &str) -> String {
    let error = read(body).unwrap_err();
    format!("{:?}: {error}", error.kind())
}

#[test]
fn the_contract_s_examples_are_read() {
    assert_snapshot!(parsed(&example!("data-export-raw-process-first-page")), @r#"2 rows of 3, cursor Some("cursor-0001-example=="), message None"#);
    assert_snapshot!(parsed(&example!("data-export-raw-end-page")), @r#"0 rows of 3, cursor Some("cursor-0003-example=="), message None"#);
    assert_snapshot!(parsed(&example!("data-export-raw-decision-page")), @r#"1 rows of 1, cursor Some("cursor-d-0001-example=="), message None"#);
    assert_snapshot!(parsed(&example!("data-export-map")), @"3 rows of 3, cursor None, message None");
    assert_snapshot!(parsed(&example!("data-export-map-over-limit")), @r#"3 rows of 3, cursor None, message Some("(server notice: everything was delivered although a smaller limit was asked for)")"#);
    assert_snapshot!(parsed(&example!("data-export-hypermap")), @"2 rows of 2, cursor None, message None");
    assert_snapshot!(parsed(&example!("data-export-number")), @"value 128.0 of 1, cursor None, message None");
    assert_snapshot!(parsed(&example!("data-export-number-no-data")), @"nothing of 0, cursor None, message None");
}

#[test]
fn the_head_says_whether_another_page_follows() {
    let head = |body: &str| PageHead::read(body.as_bytes());
    let followed = Some(PageHead { cursor: "c".to_owned(), rows: 2 });
    assert_eq!(head(r#"{"searchRequestId":"c","numberOfRecordsInResponse":2,"data":[{"#), followed, "no row is read");
    assert_eq!(head(r#"{"new":{"a":[1]},"numberOfRecordsInResponse":2,"searchRequestId":"c","data":[]}"#), followed);
    for body in [
        r#"{"searchRequestId":"c","numberOfRecordsInResponse":0,"data":[]}"#,
        r#"{"searchRequestId":null,"numberOfRecordsInResponse":2,"data":[]}"#,
        r#"{"numberOfRecordsInResponse":2,"data":[]}"#,
        r#"{"numberOfRecordsInResponse":2,"data":[],"searchRequestId":"c"}"#,
        r#"{"searchRequestId":"c","numberOfRecordsInResponse":-2,"data":[]}"#,
        r#"{"searchRequestId":["#,
        "[]",
        "",
    ] {
        assert_eq!(head(body), None, "{body}");
    }
}

#[test]
fn a_row_is_what_the_server_wrote_to_the_letter() {
    let row = r#"{ "big": 123456789012345678901234567890.10, "e":1E+2,"dup":1,"dup":2, "é":"\u00e9\/" }"#;
    let page = read(&page_of(&format!("[ {row} , null]"))).unwrap();
    assert_eq!(page.into_rows().iter().map(Row::json).collect::<Vec<_>>(), [row, "null"]);
}

#[test]
fn odd_rows_pass_to_the_letter() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for row in [
        r#"{"n":340282366920938463463374607431768211456.000000000000000000001e-7}"#,
        r#"{"half a pair":"\ud800"}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"":{"\u0000":null}}"#,
        &deep,
    ] {
        let page = read(&page_of(&format!("[{row},{row}]"))).unwrap();
        let rows = page.into_rows();
        assert!(rows.len() == 2 && rows.iter().all(|found| found.json() == row), "{row:.80}");
    }
}

#[test]
fn a_value_keeps_its_digits() {
    for value in ["128.0", "1e3", "-0", "12345678901234567890.123456789", "1e400", "\"text\"", "true"] {
        let page = read(&page_of(value)).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert!(matches!(&page.data, PageData::Value(row) if row.json() == value), "{page:?}");
    }
}

#[test]
fn no_data_may_be_absent_or_null_and_an_empty_cursor_is_none() {
    let nothing = r#""numberOfRecordsInResponse":0,"totalNumberOfRecords":0"#;
    let page = read(&format!(r#"{{"data":null,{nothing},"searchRequestId":"","unknown":[1]}}"#)).unwrap();
    assert_snapshot!(parsed(&page), @"nothing of 0, cursor None, message None");
    assert_snapshot!(parsed(&read(&format!("{{{nothing}}}")).unwrap()), @"nothing of 0, cursor None, message None");
}

#[test]
fn an_object_without_counts_or_data_is_not_a_page() {
    for body in [
        "{}",
        r#"{"status":"ok"}"#,
        r#"{"error":"internal"}"#,
        r#"{"errorMessage":"x","status":500}"#,
        r#"{"totalNumberOfRecords":null,"data":null}"#,
        r#"{"totalNumberOfRecords":0,"data":[]}"#,
        r#"{"numberOfRecordsInResponse":0,"data":[]}"#,
        r#"{"numberOfRecordsInResponse":3,"totalNumberOfRecords":3}"#,
        r#"{"data":"x"}"#,
        r#"{"data":{"a":1}}"#,
        &page_of(r#"{"a":1}"#),
    ] {
        assert!(problem(body).starts_with("Misconfigured: "), "{body}: {}", problem(body));
    }
    assert_snapshot!(problem("{}"), @"Misconfigured: failed to read the report: the response is not a page of data: `totalNumberOfRecords` is missing");
    assert_snapshot!(problem(&page_of(r#"{"a":1}"#)), @"Misconfigured: failed to read the report: the response is not a page of data: `data` is an object");
}

#[test]
fn what_is_not_a_page_is_an_error_without_its_values() {
    assert_snapshot!(problem(""), @"Misconfigured: failed to read the report: the response is not JSON (line 1, column 0)");
    assert_snapshot!(problem("[]"), @"Misconfigured: failed to read the report: the response does not match the expected schema (line 1, column 2)");
    assert_snapshot!(problem("<html>"), @"Misconfigured: failed to read the report: the response is not JSON (line 1, column 1)");
    assert_snapshot!(problem(r#"{"data":[{"a":1},"#), @"Interrupted: failed to read the report: the response is cut off (line 1, column 17)");
    assert_snapshot!(problem(r#"{"totalNumberOfRecords":"canary"}"#), @"Misconfigured: failed to read the report: the response does not match the expected schema (line 1, column 32)");
    assert_snapshot!(problem(&format!(r#"{{"data":{}"#, "[".repeat(200_000))), @"Interrupted: failed to read the report: the response is cut off (line 1, column 200008)");
}

proptest! {
    #[test]
    fn any_array_comes_apart_into_its_elements(rows in prop::collection::vec(json(), 0..8), cursor in any::<String>()) {
        let cursor = serde_json::to_string(&cursor).unwrap();
        let body = format!(r#"{{"searchRequestId":{cursor},"numberOfRecordsInResponse":{0},"data":[{1}],"totalNumberOfRecords":{0}}}"#, rows.len(), rows.join(","));
        let page = read(&body).unwrap();
        prop_assert_eq!(page.total, rows.len() as u64);
        let read = page.into_rows();
        prop_assert_eq!(read.iter().map(Row::json).collect::<Vec<_>>(), rows);
    }

    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = DataPage::from_json(&body.into());
    }
}

/// Any JSON text.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<String>().prop_map(|value| serde_json::to_string(&value).unwrap()),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(inner, 0..4).prop_map(|items| {
                let members = items.iter().enumerate().map(|(index, item)| format!("\"m{index}\": {item}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}
