//! No output but `auth token` shows a secret.

use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::harness::{Ran, Server, User};

const CANARY: &str = "canary-5f3a9b7c+/=%&";

/// Every form in which a program might let it slip.
fn check_hides(ran: &Ran) {
    // As it is, and in base64 at any of three offsets.
    for form in [CANARY, "5f3a9b7c", "NWYzYTliN2", "VmM2E5Yjdj", "1ZjNhOWI3Y"] {
        assert!(!ran.stdout.contains(form) && !ran.stderr.contains(form), "{ran}");
    }
}

#[test]
fn a_server_that_echoes_everything_teaches_no_secret() {
    let body = format!("{{\"error\":\"invalid_client\",\"error_description\":\"{CANARY} {CANARY}\"}}");
    let fault = Fault::answer(401, "application/json", body);
    let server = Server::start(Sandbox::builder().fault(FaultRule::new("/oauth/token", fault)));
    let user = User::of(&server).with("OPTIMIZE_CLIENT_SECRET", CANARY);
    check_hides(&user.types("-vvv report list --collection claims"));
}

#[test]
fn a_static_token_is_in_no_log_and_no_error() {
    let server = Server::new();
    let user = User::new().with("OPTIMIZE_BASE_URL", &server.base_url()).with("OPTIMIZE_TOKEN", "canary-5f3a9b7c");
    check_hides(&user.types("-vvv report list --collection claims"));
    check_hides(&user.types("auth status -o json"));
}

#[test]
fn an_argument_in_the_wrong_place_is_not_taken_for_a_secret() {
    let ran = User::new().types("auth token --client-secret x");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--client-secret-file"), "{ran}");
}
