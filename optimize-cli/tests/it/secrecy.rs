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
fn the_most_talkative_log_holds_no_secret() {
    for client_auth in ["post", "basic", "json"] {
        let user = User::of_a_server().with("OPTIMIZE_CLIENT_SECRET", CANARY).with("OPTIMIZE_CLIENT_AUTH", client_auth);
        let ran = user.with("RUST_LOG", "trace").types("-vvv auth status --check");
        assert_eq!(ran.code, Some(4));
        assert!(ran.stderr.contains("token endpoint answered"), "{ran}");
        check_hides(&ran);
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

#[cfg(target_os = "linux")]
#[test]
fn a_running_command_dumps_no_core() {
    let user = User::new();
    let serving = user.serve(&[]);
    let process = serving.process.id();
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>(), ["0", "0", "bytes"]);
    // What belongs to a process that must not be dumped belongs to root, or to nobody where root is out of sight.
    let environment = std::fs::metadata(format!("/proc/{process}/environ")).unwrap();
    assert!(matches!(std::os::unix::fs::MetadataExt::uid(&environment), 0 | 65534));
}
