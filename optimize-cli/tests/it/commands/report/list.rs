use optimize_sandbox::{Fault, FaultRule, Release, Sandbox};

use crate::harness::{Server, User, check};

#[test]
fn the_reports_of_a_collection_are_rows_in_a_pipe() {
    check!(User::of_a_server().types("report list --collection claims"), @r#"
    exit 0
    --- stdout
    {"id":"claims-by-month"}
    {"id":"claims-by-month-and-risk"}
    {"id":"claims-by-risk"}
    {"id":"claims-count"}
    {"id":"claims-raw"}
    --- stderr
    "#);
}

#[test]
fn every_release_lists_alike() {
    for release in [Release::V8_6, Release::V8_8, Release::V8_10] {
        let server = Server::start(Sandbox::builder().release(release));
        let ran = User::of(&server).types("reports ls --collection orders -o csv");
        assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 17), "{release}: {ran}");
    }
}

#[test]
fn an_unknown_collection_lists_nothing() {
    let user = User::of_a_server();
    check!(user.types("report list --collection nowhere"), @"
    exit 5
    --- stdout
    --- stderr
    error: there is no collection nowhere
    ");
    check!(user.types("report list --collection nowhere -o json"), @r#"
    exit 5
    --- stdout
    --- stderr
    {"error":{"kind":"notFound","message":"there is no collection nowhere","status":null,"operation":null,"serverCode":null,"hint":null,"causes":[]}}
    "#);
    check!(user.types("report list --collection nowhere -o csv"), @"
    exit 5
    --- stdout
    --- stderr
    error: there is no collection nowhere
    ");
}

#[test]
fn the_embedded_server_needs_no_setting() {
    check!(User::new().types("--sandbox report list --collection claims -o table"), @"
    exit 0
    --- stdout
    id
    claims-by-month
    claims-by-month-and-risk
    claims-by-risk
    claims-count
    claims-raw
    --- stderr
    ");
    check!(User::new().types("report list --collection claims --profile sandbox -o json"), @r#"
    exit 0
    --- stdout
    [
    {"id":"claims-by-month"},
    {"id":"claims-by-month-and-risk"},
    {"id":"claims-by-risk"},
    {"id":"claims-count"},
    {"id":"claims-raw"}
    ]
    --- stderr
    "#);
}

#[test]
fn an_id_can_be_pasted_and_what_is_none_is_refused() {
    let server = Server::new();
    let user = User::of(&server);
    let count = |collection: &str| {
        let ran = user.run(&["report", "list", "--collection", collection]);
        (ran.code, ran.stdout.lines().count())
    };
    for text in ["claims", " claims", "claims\r", "claims/", "http://localhost:8083/#/collection/claims/"] {
        assert_eq!(count(text), (Some(0), 5), "{text:?}");
    }
    assert_eq!(count("Claims"), (Some(5), 0));
    check!(user.types("report list --collection Claims"), @"
    exit 5
    --- stdout
    --- stderr
    error: there is no collection Claims
    hint: did you mean `claims`?
    ");
    check!(user.run(&["report", "list", "--collection", "two words"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error: "two words": the id of a collection does not hold ' '; copy it from the address of its page
    "#);
    check!(user.types("report data http://localhost:8083/#/dashboard/claims-overview"), @r#"
    exit 2
    --- stdout
    --- stderr
    error: "http://localhost:8083/#/dashboard/claims-overview": this address does not name a report
    "#);
    assert_eq!(user.types("report data http://localhost:8083/#/collection/claims/report/claims-count/").code, Some(0));
    // Servers that cannot list collections cannot say whether there is one.
    let old = Server::start(Sandbox::builder().release(Release::V8_6));
    check!(User::of(&old).types("report list --collection nowhere"), @"
    exit 0
    --- stdout
    --- stderr
    warning: the collection nowhere lists no reports; a collection that does not exist lists none either
    no rows
    ");
}

#[test]
fn a_list_that_ends_where_the_server_s_lists_end_is_warned_about() {
    let ids: Vec<_> = (0..1000).map(|number| serde_json::json!({ "id": format!("r{number}") })).collect();
    let fault = Fault::response(200, "application/json", serde_json::Value::from(ids).to_string());
    let server = Server::start(Sandbox::builder().fault(FaultRule::new("/api/public/report", fault)));
    let ran = User::of(&server).types("report list --collection claims");
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 1000));
    check!(ran.stderr, @"warning: the server lists 1000 reports and no more; there may be others in the collection claims");
}

#[test]
fn fewer_definitions_than_were_asked_for_are_an_error_that_names_them() {
    let fault = Fault::response(200, "application/json", r#"[{"id":"a","exportEntityType":"single_process_report"}]"#);
    let rule = FaultRule::new("/api/public/export/report/definition/json", fault);
    let server = Server::start(Sandbox::builder().fault(rule));
    let user = User::of(&server);
    user.file("last.json", "LAST GOOD");
    check!(user.types("report export a b c -f last.json"), @"
    exit 8
    --- stdout
    --- stderr
    error: failed to export every report: the server left out b, c
    hint: nothing was written
    ");
    assert_eq!(user.read("last.json"), "LAST GOOD");
}
