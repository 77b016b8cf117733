use crate::harness::{Server, User, check};

#[test]
fn our_own_helper_keeps_to_the_protocol() {
    let server = Server::new();
    let user = User::new();
    user.configure(&format!(
        "base_url = '{}'\nauth = {{ token_url = '{}', client_id = '{}', client_secret = '{}' }}",
        server.base_url(),
        server.token_url(),
        server.client_id(),
        server.client_secret()
    ));
    let ran =
        user.run(&["plugin", "test-credential", "-o", "csv", "--", env!("CARGO_BIN_EXE_optimize"), "auth", "helper"]);
    check!(ran, @r#"
    exit 0
    --- stdout
    test,outcome,detail
    greets the host and says which versions it speaks,ok,"optimize 0.1.0, get, refresh, erase"
    answers a request for a credential,ok,"bearer, with an end"
    takes members of a request that it does not know,ok,"bearer, with an end"
    hands out a credential after a rejection,ok,"bearer, with an end"
    refuses an operation that it does not know,ok,"it refused: unsupported: expected get, refresh or erase"
    refuses another version of the protocol,ok,it refused: unsupported: another version of the protocol
    refuses a request that is not JSON,ok,its response has the id of another request
    outlives a line without end,ok,it ended
    ends when the host goes away without asking,ok,it ended
    waits for a slow host,ok,"bearer, with an end"
    --- stderr
    "#);
    assert!(!ran.to_string().contains("eyJ"), "no token is shown");
}

#[cfg(unix)]
#[test]
fn a_helper_that_does_not_gets_each_problem_named() {
    let user = User::new();
    let helper = user.script(
        "helper",
        "echo '{\"optimize-credential\":{\"v\":[1],\"name\":\"h\",\"caps\":[\"get\"]}}'\n\
         read -r request; echo 'canary on stderr' >&2\n\
         echo '{\"v\":1,\"id\":\"test\",\"ok\":{\"kind\":\"bearer\",\"secret\":\"abc\"}}'\nsleep 5",
    );
    let ran = user.run(&["plugin", "test-credential", "--patience", "3s", "-o", "csv", "--", helper.to_str().unwrap()]);
    check!(ran, @r#"
    exit 8
    --- stdout
    test,outcome,detail
    greets the host and says which versions it speaks,ok,"h , get"
    answers a request for a credential,ok,"bearer, without an end"
    takes members of a request that it does not know,ok,"bearer, without an end"
    hands out a credential after a rejection,ok,"bearer, without an end"
    refuses an operation that it does not know,fail,it responded as if nothing were wrong
    refuses another version of the protocol,fail,it responded as if nothing were wrong
    refuses a request that is not JSON,fail,it responded as if nothing were wrong
    outlives a line without end,fail,it was still running after 3s
    ends when the host goes away without asking,fail,it was still running after 3s
    waits for a slow host,ok,"bearer, without an end"
    --- stderr
    error: 5 of 10 tests failed
    "#);
    let ran = user.run(&["plugin", "test-credential", "-o", "csv", "--", "/bin/true"]);
    check!(ran, @"
    exit 8
    --- stdout
    test,outcome,detail
    greets the host and says which versions it speaks,fail,it ended (exit status: 0) before its greeting
    --- stderr
    error: 1 of 1 tests failed
    ");
}
