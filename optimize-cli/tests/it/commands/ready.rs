use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::harness::{Server, User, check};

fn not_ready(times: u32) -> Server {
    let fault = Fault::status(503);
    Server::start(Sandbox::builder().fault(FaultRule::new("/api/readyz", fault).times(times)))
}

fn user(server: &Server) -> User {
    User::new().with("OPTIMIZE_BASE_URL", &server.base_url())
}

#[test]
fn a_ready_server_is_exit_0_and_sees_no_token() {
    let server = Server::new();
    check!(user(&server).types("ready"), @r#"
    exit 0
    --- stdout
    {"ready":true}
    --- stderr
    "#);
    assert!(server.journal()[0].authorization.is_none());
}

#[test]
fn a_server_that_is_not_ready_is_exit_7() {
    check!(user(&not_ready(1)).types("ready"), @"
    exit 7
    --- stdout
    --- stderr
    error: the server is not ready: http://127.0.0.1:PORT/ returned 503
    ");
}

#[test]
fn waiting_ends_when_the_server_is_ready() {
    let server = not_ready(2);
    check!(user(&server).types("ready --wait"), @r#"
    exit 0
    --- stdout
    {"ready":true}
    --- stderr
    "#);
    assert_eq!(server.statuses(), [503, 503, 200]);
}

#[test]
fn waiting_ends_when_the_time_is_over() {
    let server = not_ready(u32::MAX);
    assert_eq!(user(&server).types("ready --wait --timeout 350ms").code, Some(7));
    assert!(server.statuses().len() > 1);
}

#[test]
fn a_server_that_is_not_there_is_exit_7() {
    let user = User::new().with("OPTIMIZE_BASE_URL", "http://127.0.0.1:1");
    assert_eq!(user.types("ready").code, Some(7));
}

#[test]
fn a_page_of_the_user_interface_is_no_readiness() {
    let server = Server::start(Sandbox::builder().context_path("optimize"));
    check!(User::new().with("OPTIMIZE_BASE_URL", server.issuer()).types("ready"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to ask for readiness: http://127.0.0.1:PORT/ returned 404
    hint: the base URL does not lead to Optimize: it ends where /api begins, for example https://optimize.example.com or, on Camunda SaaS, https://REGION.optimize.camunda.io/CLUSTER-ID
    ");
}
