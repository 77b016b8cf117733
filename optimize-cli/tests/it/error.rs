use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::harness::{Server, User, check};

#[test]
fn with_json_output_an_error_is_one_object() {
    let user = User::of_a_server();
    check!(user.types("report data nobody -o json"), @r#"
    exit 6
    --- stdout
    --- stderr
    {"error":{"kind":"rejected","message":"failed to read the report nobody: the server returned 500 serverError: evaluation failed: report nobody does not exist","status":500,"operation":"report.data","serverCode":"serverError","hint":"Optimize 8.7 and later return 500 for a report that does not exist, or that is a combined report: check the id","causes":[]}}
    "#);
    check!(User::new().types("report data nobody -o json"), @r#"
    exit 3
    --- stdout
    --- stderr
    {"error":{"kind":"configuration","message":"no base URL is set","status":null,"operation":null,"serverCode":null,"hint":"pass --base-url URL, set OPTIMIZE_BASE_URL, or try the embedded server with --sandbox","causes":[]}}
    "#);
    check!(user.types("report data nobody -o json --pagesize 5"), @r#"
    exit 2
    --- stdout
    --- stderr
    {"error":{"kind":"usage","message":"unexpected argument '--pagesize' found","status":null,"operation":null,"serverCode":null,"hint":"a similar argument exists: '--page-size'","causes":[]}}
    "#);
}

#[test]
fn a_wrong_base_url_is_exit_3_and_sends_no_token_elsewhere() {
    let server = Server::start(Sandbox::builder().context_path("optimize"));
    let user = User::of(&server).with("OPTIMIZE_BASE_URL", server.issuer());
    check!(user.types("report list --collection claims"), @r#"
    exit 3
    --- stdout
    --- stderr
    error: failed to list the reports of the collection claims: http://127.0.0.1:PORT/ returned 404 with a web page titled "HTTP Status 404" instead of JSON
    hint: the base URL does not lead to Optimize: it ends where /api begins, for example https://optimize.example.com or, on Camunda SaaS, https://REGION.optimize.camunda.io/CLUSTER-ID
    "#);
    let page = Fault::response(200, "text/html", "<html>");
    let server = Server::start(Sandbox::builder().fault(FaultRule::new("/api/public/report", page)));
    check!(User::of(&server).types("report list --collection claims"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to list the reports of the collection claims: http://127.0.0.1:PORT/ returned 200 with a web page instead of JSON
    hint: the base URL does not lead to Optimize: it ends where /api begins, for example https://optimize.example.com or, on Camunda SaaS, https://REGION.optimize.camunda.io/CLUSTER-ID
    ");
}

#[test]
fn a_server_that_is_not_there_is_exit_7() {
    let user = User::new().with("OPTIMIZE_BASE_URL", "http://127.0.0.1:1").with("OPTIMIZE_TOKEN", "t");
    assert_eq!(user.types("report list --collection claims").code, Some(7));
}

#[test]
fn what_a_hostile_server_says_moves_no_cursor() {
    let body = serde_json::json!({ "errorMessage": "\u{1b}[2J\u{7}boo\r\nerror: fine" }).to_string();
    let fault = Fault::response(400, "application/json", body);
    let server = Server::start(Sandbox::builder().fault(FaultRule::new("/api/public/report", fault)));
    check!(User::of(&server).types("report list --collection claims"), @r#"
    exit 6
    --- stdout
    --- stderr
    error: failed to list the reports of the collection claims: the server returned 400: \u{1b}[2J\u{7}boo\r\nerror: fine
    "#);
}
