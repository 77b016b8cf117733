use optimize_sandbox::{Fault, Sandbox};

use crate::harness::{Server, User, check};

/// A server that loses the second page of its first exports.
fn lossy(times: u32) -> Server {
    Server::failing_on_second_page(Fault::ResetAfter, times)
}

#[test]
fn grouped_reports_give_a_row_a_group() {
    let user = User::of_a_server();
    check!(user.types("report data orders-by-step"), @r#"
    exit 0
    --- stdout
    {"key":"receiveOrder","value":1350.0,"label":"Receive order"}
    {"key":"checkStock","value":3294.0,"label":"Check stock"}
    {"key":"chargePayment","value":1111.0,"label":"Charge payment"}
    {"key":"packGoods","value":null,"label":"Pack goods"}
    {"key":"shipGoods","value":1151.0,"label":"Ship goods"}
    {"key":"notifyCustomer","value":4282.0,"label":"Notify customer"}
    --- stderr
    "#);
    check!(user.types("report data orders-by-month-and-person --limit 1"), @r#"
    exit 0
    --- stdout
    {"key":"2023-01-01T00:00:00.000+0000","label":"2023-01-01T00:00:00.000+0000","value":[{"key":"ana","value":1350.0,"label":"Ana Silva"},{"key":"ben","value":3294.0,"label":"Ben Okoro"},{"key":"____unassigned____","value":1111.0,"label":"Unassigned"}]}
    --- stderr
    "#);
}

#[test]
fn a_number_is_one_record() {
    let user = User::of_a_server();
    check!(user.types("report data orders-average-duration"), @r#"
    exit 0
    --- stdout
    {"value":86412345.678}
    --- stderr
    "#);
    check!(user.types("report data orders-average-duration -o csv"), @"
    exit 0
    --- stdout
    value
    86412345.678
    --- stderr
    ");
}

#[test]
fn a_report_without_data_gives_no_row() {
    let user = User::of_a_server();
    check!(user.types("report data orders-refund-total"), @"
    exit 0
    --- stdout
    --- stderr
    no rows
    ");
    check!(user.types("report data orders-none -o json"), @"
    exit 0
    --- stdout
    []
    --- stderr
    no rows
    ");
}

#[test]
fn all_pages_come_in_one_stream() {
    let ran = User::of_a_server().types("report data invoices-raw");
    assert_eq!((ran.code, ran.stdout.lines().count(), ran.stderr.as_str()), (Some(0), 3200, ""));
}

#[test]
fn a_limit_ends_the_export_and_asks_for_no_further_page() {
    let server = Server::new();
    let ran = User::of(&server).types("report data invoices-raw --limit 1500 --page-size 500");
    assert_eq!((ran.stdout.lines().count(), server.statuses()), (1500, vec![200; 3]));
}

#[test]
fn a_file_appears_when_it_is_complete() {
    let user = User::of_a_server();
    check!(user.types("report data claims-by-risk -f out.csv"), @"
    exit 0
    --- stdout
    --- stderr
    wrote 3 rows to out.csv
    ");
    check!(user.read("out.csv"), @"
    key,value,label
    low,3210.0,Low
    medium,1085.0,Medium
    high,693.0,High
    ");
    assert_eq!(user.files(), ["out.csv", "out.csv.manifest.json"]);
}

#[test]
fn the_ending_of_a_file_decides_its_format() {
    let user = User::of_a_server();
    for (name, start) in [("a.json", "[\n{"), ("a.csv", "key,"), ("a.ndjson", "{\"key\""), ("a", "{\"key\"")] {
        assert_eq!(user.types(&format!("report data claims-by-risk -q -f {name}")).code, Some(0));
        assert!(user.read(name).starts_with(start), "{name}: {}", user.read(name));
    }
    assert_eq!(user.types("report data claims-by-risk -q -f a.txt -o json").code, Some(0));
    assert!(user.read("a.txt").starts_with("[\n"), "what is asked for where the ending says nothing");
}

#[test]
fn a_lost_page_is_exit_8_and_leaves_the_file_as_it_was() {
    let user = User::owning(lossy(1));
    user.file("old.ndjson", "old\n");
    check!(user.types("report data invoices-raw -f old.ndjson --page-size 1000 --restart 0"), @"
    exit 8
    --- stdout
    --- stderr
    error: failed to read the next page of the report invoices-raw: a page was lost: no response from http://127.0.0.1:PORT/: the connection broke before the response was complete: error sending request: client error (SendRequest): connection closed before message completed
    hint: the server's cursor has moved on, so the page cannot be requested again: start the export again
    ");
    assert_eq!((user.read("old.ndjson").as_str(), user.files()), ("old\n", vec!["old.ndjson".to_owned()]));
    assert_eq!(User::of(&lossy(1)).types("report data invoices-raw -f new --page-size 1000 --restart 0").code, Some(8));
}

#[test]
fn a_restart_reads_a_fresh_snapshot() {
    let user = User::owning(lossy(1));
    check!(user.types("report data invoices-raw -f out.ndjson --page-size 1000"), @"
    exit 0
    --- stdout
    --- stderr
    failed to read the next page of the report invoices-raw: a page was lost: no response from http://127.0.0.1:PORT/; starting again
    wrote 3200 rows to out.ndjson
    ");
    assert_eq!(user.read("out.ndjson").lines().count(), 3200);
    assert_eq!(User::of(&lossy(2)).types("report data invoices-raw -f out --page-size 1000 --restart 1").code, Some(8));
}

#[test]
fn rows_that_the_server_passed_over_are_missed() {
    let server = Server::failing_on_second_page(Fault::LostPage, 1);
    let ran = User::of(&server).types("report data invoices-raw -q --page-size 1000");
    check!(ran.stderr, @"
    error: failed to read the next page of the report invoices-raw: received 2200 rows of the 3200 that the server announced
    hint: the server's cursor has moved on, so the page cannot be requested again: start the export again
    ");
    assert_eq!(ran.code, Some(8));
}

#[test]
fn an_unknown_report_is_exit_6_or_5_by_release() {
    check!(User::of_a_server().types("report data nobody"), @"
    exit 6
    --- stdout
    --- stderr
    error: failed to read the report nobody: the server returned 500 serverError: evaluation failed: report nobody does not exist
    hint: Optimize 8.7 and later return 500 for a report that does not exist, or that is a combined report: check the id
    ");
    let server = Server::start(Sandbox::builder().release(optimize_sandbox::Release::V8_6));
    check!(User::of(&server).types("report data nobody"), @"
    exit 5
    --- stdout
    --- stderr
    error: failed to read the report nobody: the server returned 404 notFoundError: report nobody does not exist
    ");
}

#[test]
fn a_static_token_that_is_refused_is_not_tried_again() {
    let server = Server::new();
    let user = User::new().with("OPTIMIZE_BASE_URL", &server.base_url()).with("OPTIMIZE_TOKEN", "wrong");
    check!(user.types("report data orders-count"), @"
    exit 4
    --- stdout
    --- stderr
    error: failed to read the report orders-count: the server returned 401: the token is not a JWT
    hint: the server does not accept this token: see its claims: optimize auth status --check; to check each step, run `optimize auth doctor`
    ");
    assert_eq!(server.statuses(), [401]);
}

#[test]
fn an_id_that_could_address_something_else_is_never_sent() {
    let server = Server::new();
    check!(User::of(&server).types("report data ../x"), @r#"
    exit 2
    --- stdout
    --- stderr
    error: "../x": the id of a report does not hold '/'; copy it from the address of its page
    "#);
    assert!(server.journal().is_empty());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let server = Server::new();
    let user = User::of(&server);
    let mut child = user.start(&["report", "data", "invoices-raw"]);
    drop(child.stdout.take());
    let ran = user.ran(&child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}
