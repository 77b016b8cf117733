use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::harness::{Server, User, check};

#[test]
fn a_token_is_all_there_is_on_stdout() {
    check!(User::of_a_server().types("auth token"), @"
    exit 0
    --- stdout
    [TOKEN]
    --- stderr
    ");
}

#[test]
fn a_header_is_what_curl_reads() {
    check!(User::of_a_server().types("auth token --format header"), @"
    exit 0
    --- stdout
    Authorization: Bearer [TOKEN]
    --- stderr
    ");
}

#[test]
fn json_has_the_members_of_a_token_response() {
    let user = User::of_a_server().with("OPTIMIZE_SCOPE", "a b");
    check!(user.types("auth token --format json"), @r#"
    exit 0
    --- stdout
    {"access_token":"[TOKEN]","token_type":"Bearer","expires_in":[SECONDS],"scope":"a b"}
    --- stderr
    "#);
}

#[test]
fn an_exec_credential_is_what_kubernetes_tools_read() {
    check!(User::of_a_server().types("auth token --format exec-credential"), @r#"
    exit 0
    --- stdout
    {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"[TOKEN]","expirationTimestamp":"[TIME]"}}
    --- stderr
    "#);
}

#[test]
fn a_static_token_is_printed_as_it_is() {
    let user = User::new().with("OPTIMIZE_TOKEN", "12345678");
    check!(user.types("auth token"), @"
    exit 0
    --- stdout
    12345678
    --- stderr
    ");
    check!(user.types("auth token --format json"), @r#"
    exit 0
    --- stdout
    {"access_token":"12345678","token_type":"Bearer","expires_in":null,"scope":null}
    --- stderr
    "#);
}

#[test]
fn a_refresh_is_one_token_request() {
    let server = Server::new();
    assert_eq!(User::of(&server).types("auth token --refresh").code, Some(0));
    assert_eq!(server.journal().len(), 1);
}

#[test]
fn client_authentication_is_as_configured() {
    for (value, scheme) in [("post", None), ("basic", Some("Basic")), ("json", None)] {
        let server = Server::new();
        assert_eq!(User::of(&server).with("OPTIMIZE_CLIENT_AUTH", value).types("auth token").code, Some(0));
        assert_eq!(server.journal()[0].authorization.as_deref(), scheme, "{value}");
    }
}

#[test]
fn a_static_token_that_is_refused_is_sent_once() {
    let server = Server::new();
    let user = User::new().with("OPTIMIZE_BASE_URL", &server.base_url());
    user.file("token", "wrong");
    for user in [
        user.types("report list --collection x --token-file token"),
        user.types("report list --collection x --token-file token"),
    ] {
        assert_eq!(user.code, Some(4), "{user}");
    }
    assert_eq!(server.statuses(), [401, 401]);
    // Nor is one from a file that is read again and has not changed.
    user.configure("auth.token_file = '../../token'");
    assert_eq!(user.types("report list --collection x").code, Some(4));
    assert_eq!(server.statuses().len(), 3);
}

#[test]
fn an_assertion_from_a_file_is_sent_and_its_text_is_not_shown() {
    let server = Server::new();
    let user = User::of(&server).without("OPTIMIZE_CLIENT_SECRET").with("OPTIMIZE_ASSERTION_FILE", "assertion");
    user.file("assertion", "not-a-jwt\n");
    let ran = user.types("auth token");
    assert_eq!(ran.code, Some(4), "{ran}");
    assert!(ran.stderr.contains("the assertion is not a JWT") && !ran.stderr.contains("not-a-jwt"), "{ran}");
    assert_eq!(server.journal()[0].parameters["client_assertion"], "[assertion]");
}

#[test]
fn a_wrong_secret_is_exit_4() {
    let user = User::of_a_server().with("OPTIMIZE_CLIENT_SECRET", "wrong");
    check!(user.types("auth token"), @"
    exit 4
    --- stdout
    --- stderr
    error: failed to get a token from http://127.0.0.1:PORT/oauth/token: it returned 401 Unauthorized: invalid_client: unknown client or [redacted] secret
    hint: the token endpoint does not accept the client: check client id and secret, and whether the provider wants OPTIMIZE_CLIENT_AUTH=basic; to check each step, run `optimize auth doctor`
    ");
}

#[test]
fn an_endpoint_that_is_not_there_is_exit_7() {
    let user = User::of_a_server().with("OPTIMIZE_TOKEN_URL", "http://127.0.0.1:1/token");
    assert_eq!(user.types("auth token").code, Some(7));
}

#[test]
fn a_token_url_that_is_something_else_is_exit_4() {
    let server = Server::new();
    let user = User::of(&server).with("OPTIMIZE_TOKEN_URL", &format!("{}/login", server.base_url()));
    check!(user.types("auth token"), @"
    exit 4
    --- stdout
    --- stderr
    error: failed to get a token from http://127.0.0.1:PORT/login: it returned 302 with a redirect, which is not followed
    hint: what responded is not a token endpoint: check OPTIMIZE_TOKEN_URL, or token_url in the configuration; to check each step, run `optimize auth doctor`
    ");
}

#[test]
fn an_endpoint_that_asks_to_wait_is_left_alone_by_later_runs_too() {
    let limited = Fault::status(429).with_header("Retry-After", "3600");
    let server = Server::start(Sandbox::builder().fault(FaultRule::new("/oauth/token", limited).times(1)));
    let user = User::of(&server);
    let first = user.types("auth token");
    assert_eq!(first.code, Some(7), "{first}");
    for line in ["auth token", "report list --collection claims", "auth doctor", "auth status --check", "auth token"] {
        let ran = user.types(line);
        assert_eq!(ran.code, Some(7), "{line}: {ran}");
        assert!(ran.stderr.contains("the next request is sent in 3") || line == "auth doctor", "{line}: {ran}");
    }
    let token_requests = || server.journal().iter().filter(|entry| entry.parameters.contains_key("grant_type")).count();
    assert_eq!(token_requests(), 1);
    // Another credential, and a logout, end it.
    let other = user.with("OPTIMIZE_SCOPE", "other");
    assert_eq!(other.types("auth token").code, Some(0));
    let user = other.without("OPTIMIZE_SCOPE");
    assert_eq!(user.types("auth token").code, Some(7));
    assert_eq!(user.types("auth logout").code, Some(0));
    assert_eq!(user.types("auth token").code, Some(0));
}

#[test]
fn a_refused_secret_is_not_sent_again_at_once_and_a_corrected_one_is() {
    let server = Server::new();
    let user = User::of(&server).with("OPTIMIZE_CLIENT_SECRET", "wrong");
    let runs: Vec<_> = (0..6).map(|_| user.types("auth token").code).collect();
    assert_eq!(runs, [Some(4); 6]);
    assert!(server.journal().len() < 3, "{} requests", server.journal().len());
    assert!(user.types("auth token").stderr.contains("invalid_client"));
    let user = user.with("OPTIMIZE_CLIENT_SECRET", server.client_secret());
    assert_eq!(user.types("auth token").code, Some(0));
}
