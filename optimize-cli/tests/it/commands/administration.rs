//! Labels, sharing, collections, process definitions, and any request.

use optimize_sandbox::{Fault, FaultRule, Release, Sandbox};

use crate::harness::{Server, User, check};

#[test]
fn labels_are_set_and_removed() {
    let server = Server::new();
    let user = User::of(&server);
    check!(user.run(&["variable", "label", "set", "--definition", "invoice", "amount:double=Amount in EUR", "note:String="]), @"
    exit 0
    --- stdout
    --- stderr
    set 2 labels of invoice
    ");
    assert_eq!(server.variable_label("invoice", "amount", "Double").as_deref(), Some("Amount in EUR"));
    user.file("labels.json", r#"[{"variableName":"amount","variableType":"Double","variableLabel":""}]"#);
    assert_eq!(user.types("variable label set --definition invoice --file labels.json").code, Some(0));
    assert_eq!(server.variable_label("invoice", "amount", "Double"), None);
    check!(user.types("variable label set --definition invoice amount=Amount"), @"
    exit 2
    --- stdout
    --- stderr
    error: invalid value 'amount=Amount' for '[NAME:TYPE=LABEL]...': expected NAME:TYPE=LABEL with one of the types String, Short, Long, Double, Integer, Boolean, Date, Object, Json

    For more information, try '--help'.
    ");
    user.file("labels.json", r#"[{"variableName":"amount"}]"#);
    check!(user.types("variable label set --definition invoice --file labels.json"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the labels in labels.json: missing field `variableType` at line 1 column 26
    ");
}

#[test]
fn sharing_is_switched() {
    let server = Server::new();
    let user = User::of(&server);
    check!(user.types("sharing disable"), @"
    exit 0
    --- stdout
    --- stderr
    sharing is disabled
    ");
    assert!(!server.is_sharing_enabled());
    assert_eq!(user.types("sharing enable -q").stderr, "");
    assert!(server.is_sharing_enabled());
}

#[test]
fn collections_are_made_and_shown() {
    let user = User::of_a_server();
    check!(user.types("collections ls -o csv"), @"
    exit 0
    --- stdout
    id
    claims
    invoices
    orders
    returns
    --- stderr
    ");
    let made = user.types("collection create Depot --owner demo").stdout;
    let id = made.split('"').nth(3).unwrap();
    user.file("scope.json", r#"[{"definitionType":"process","definitionKey":"invoice"}]"#);
    check!(user.run(&["collection", "scope", "set", id, "--file", "scope.json"]), @"
    exit 0
    --- stdout
    --- stderr
    updated the scope with 1 definition
    ");
    let shown = user.run(&["collection", "get", id]).stdout;
    assert!(shown.contains(r#""scope":[{"definitionType":"process","definitionKey":"invoice""#), "{shown}");
    check!(user.types("collection get nowhere"), @"
    exit 5
    --- stdout
    --- stderr
    error: failed to get the collection nowhere: the server returned 404 notFoundError: collection nowhere does not exist
    ");
}

#[test]
fn the_data_of_a_process_definition_is_deleted_and_waited_for() {
    let server = Server::start(Sandbox::builder().release(Release::V8_10));
    let user = User::of(&server);
    let key = "2251799813685249";
    check!(user.run(&["process-definition", "delete", key, "--yes"]), @r#"
    exit 0
    --- stdout
    {"key":2251799813685249,"state":"queued"}
    --- stderr
    "#);
    check!(user.run(&["process-definition", "delete", key, "--yes"]).stderr, @"error: failed to delete the data of the process definition 2251799813685249: the server returned 409 conflict: the deletion of 2251799813685249 is queued");
    check!(user.run(&["process-definition", "delete", key, "-y", "--wait", "--timeout", "700ms"]), @"
    exit 7
    --- stdout
    --- stderr
    the deletion was queued before
    error: failed to see the data of 2251799813685249 deleted within 700ms: it is still queued
    hint: wait longer with --timeout; on self-managed servers see that deletion jobs are run
    ");
    server.run_deletions();
    check!(user.run(&["process-definition", "delete", key, "-y", "--wait"]).code.unwrap(), @"5");
    let job = user.start(&["process-definition", "rm", "2251799813685250", "-y", "--wait"]);
    while server.statuses().iter().filter(|status| **status == 202).count() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    server.run_deletions();
    check!(user.ran(&job.wait_with_output().unwrap()).stdout, @r#"{"key":2251799813685250,"state":"deleted"}"#);
}

#[test]
fn any_request_can_be_sent() {
    let user = User::of_a_server();
    check!(user.types("api get /api/public/report?collectionId=claims -o table").stdout, @r#"[{"id":"claims-by-month"},{"id":"claims-by-month-and-risk"},{"id":"claims-by-risk"},{"id":"claims-count"},{"id":"claims-raw"}]"#);
    check!(user.types("api DELETE /api/public/report/nobody"), @r#"
    exit 5
    --- stdout
    {"errorCode":"notFoundError","errorMessage":"The request could not be served.","detailedMessage":"nobody does not exist","reportDefinition":null}--- stderr
    error: failed to send the request: the server returned 404 notFoundError: nobody does not exist
    "#);
    let user = user.typing(r#"["nobody"]"#);
    let head = user.types("api POST /api/public/export/report/definition/json -i -d -").stdout;
    assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n") && head.contains("\r\n\r\n{\"errorCode\""), "{head}");
    check!(user.types("api GET /api/../../x"), @r#"
    exit 3
    --- stdout
    --- stderr
    error: failed to send the request: the path leads out of the base URL: "/api/../../x"
    "#);
    check!(user.run(&["api", "GET", "/api/x", "-H", "Authorization: Bearer x"]).stderr, @"error: failed to send the request: the header authorization is the client's own");
    assert_eq!(user.types("api GET /api/readyz").code, Some(0));
}

#[test]
fn a_request_that_may_change_something_is_sent_once() {
    let rule = FaultRule::new("/api/public/share/enable", Fault::status(503));
    let server = Server::start(Sandbox::builder().fault(rule));
    let ran = User::of(&server).types("api POST /api/public/share/enable");
    assert_eq!((ran.code, server.statuses()), (Some(7), vec![503]), "{ran}");
}
