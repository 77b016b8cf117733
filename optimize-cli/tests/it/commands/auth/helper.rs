use crate::harness::{Server, User, check};

const REQUEST: &str = r#"{"v":1,"id":"7","op":"OP","reason":"missing","target":{"base_url":null,"token_url":null,"audience":null,"scope":[],"resource":null},"profile":null,"interactive":false,"deadline_ms":1000,"previous":null}"#;

fn ask(user: User, op: &str) -> String {
    let ran = user.typing(&format!("{}\n", REQUEST.replace("OP", op))).types("auth helper");
    ran.to_string()
}

#[test]
fn it_greets_and_hands_out_a_token() {
    check!(ask(User::of_a_server(), "get"), @r#"
    exit 0
    --- stdout
    {"optimize-credential":{"v":[1],"name":"optimize","version":"0.1.0","caps":["get","refresh","erase"]}}
    {"v":1,"id":"7","ok":{"kind":"bearer","secret":"[TOKEN]","expires_at":"[TIME]","cache":"session"}}
    --- stderr
    "#);
}

#[test]
fn what_goes_wrong_is_an_response_too() {
    check!(ask(User::of_a_server(), "make-coffee"), @r#"
    exit 0
    --- stdout
    {"optimize-credential":{"v":[1],"name":"optimize","version":"0.1.0","caps":["get","refresh","erase"]}}
    {"v":1,"id":"7","err":{"kind":"unsupported","message":"expected get, refresh or erase"}}
    --- stderr
    "#);
    check!(ask(User::of_a_server().with("OPTIMIZE_CLIENT_SECRET", "wrong"), "get"), @r#"
    exit 0
    --- stdout
    {"optimize-credential":{"v":[1],"name":"optimize","version":"0.1.0","caps":["get","refresh","erase"]}}
    {"v":1,"id":"7","err":{"kind":"denied","message":"failed to get a token from http://127.0.0.1:PORT/oauth/token: it returned 401 Unauthorized: invalid_client: unknown client or [redacted] secret"}}
    --- stderr
    "#);
    check!(ask(User::new(), "get"), @r#"
    exit 0
    --- stdout
    {"optimize-credential":{"v":[1],"name":"optimize","version":"0.1.0","caps":["get","refresh","erase"]}}
    {"v":1,"id":"7","err":{"kind":"not_found","message":"no credentials are configured"}}
    --- stderr
    "#);
    check!(User::of_a_server().typing("hello\n").types("auth helper"), @r#"
    exit 0
    --- stdout
    {"optimize-credential":{"v":[1],"name":"optimize","version":"0.1.0","caps":["get","refresh","erase"]}}
    {"v":1,"id":"","err":{"kind":"other","message":"the request is not of the protocol's form"}}
    --- stderr
    "#);
}

#[test]
fn a_token_for_another_server_is_not_handed_out() {
    let server = Server::new();
    let request =
        REQUEST.replace("OP", "get").replace("\"base_url\":null", "\"base_url\":\"https://elsewhere.example\"");
    let ran = User::of(&server).typing(&format!("{request}\n")).types("auth helper");
    assert!(ran.stdout.contains("not_found"), "{ran}");
    assert!(server.journal().is_empty());
}

#[test]
fn a_host_that_only_looks_is_left_alone() {
    let ran = User::new().types("auth helper");
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 1), "{ran}");
}
