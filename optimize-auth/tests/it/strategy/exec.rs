use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use optimize_auth::exec::{Helper, Target};
use optimize_auth::{
    AuthError, AuthErrorKind, Cached, ClientAuth, ClientCredentials, Credentials, Exec, FetchContext, MemoryStore,
    ServiceUrl, Token, TokenSource,
};
use optimize_sandbox::Sandbox;
use secrecy::ExposeSecret;
use tempfile::TempDir;

use crate::support::chain;

const HELLO: &str = r#"{"optimize-credential":{"v":[1],"name":"test","version":"1","caps":["get","refresh","erase"]}}"#;

/// A helper that is a shell script.
struct Script {
    directory: TempDir,
}

impl Script {
    fn new(body: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("helper");
        std::fs::write(&path, format!("cd '{}'\n{body}\n", directory.path().display())).unwrap();
        Self { directory }
    }

    /// One that greets, reads the request into a file, and then does `body`.
    fn polite(body: &str) -> Self {
        Self::new(&format!("echo '{HELLO}'\nread -r request\necho \"$request\" >> request\n{body}"))
    }

    fn responding(response: &str) -> Self {
        Self::polite(&format!("cat <<'E'\n{response}\nE"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn helper(&self) -> Helper {
        // A file that has just been written cannot be executed while another test forks, but a shell can read it.
        let helper = Helper::new(vec!["/bin/sh".to_owned(), self.path("helper").display().to_string()]).unwrap();
        helper.with_environment([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]).with_timeout(Duration::from_secs(5))
    }

    fn source(&self) -> Exec {
        Exec::new(self.helper(), Target::default())
    }

    async fn token(&self) -> Result<Token, AuthError> {
        self.source().fetch(&FetchContext::default()).await
    }
}

fn ok(members: &str) -> String {
    format!(r#"{{"v":1,"id":"1","ok":{{{members}}}}}"#)
}

#[tokio::test]
async fn a_bearer_token_or_a_header_is_handed_out() {
    let end = r#""expires_at":"2999-01-01T00:00:00Z","cache":"expires""#;
    let script = Script::responding(&ok(&format!(r#""kind":"bearer","secret":"abc",{end}"#)));
    let token = script.token().await.unwrap();
    assert_eq!(token.secret().expose_secret(), "abc");
    assert!(token.is_storable() && token.lifetime().unwrap() > Duration::from_secs(1_000_000));
    let script = Script::responding(&ok(r#""kind":"header","name":"X-Api-Key","value":"k:1 2""#));
    let token = script.token().await.unwrap();
    let (name, value) = token.as_header().unwrap();
    assert_eq!((name.as_str(), value.to_str().unwrap(), value.is_sensitive()), ("x-api-key", "k:1 2", true));
    assert!(!token.is_storable() && !token.is_bearer(), "in memory alone unless it is said otherwise");
}

#[tokio::test]
async fn the_request_has_purpose_and_reason_and_never_the_token() {
    let script = Script::responding(&ok(r#""kind":"bearer","secret":"first-secret""#));
    let target = Target::default().with_base_url("https://optimize.example").with_audience("optimize-api");
    let target = target.with_scope(["a"]);
    let source = Exec::new(script.helper(), target).with_profile("prod");
    let credentials = Credentials::new(source);
    let headers = credentials.headers().await.unwrap();
    credentials.reject(headers.stamp(), Some("Bearer error=\"invalid_token\""));
    credentials.headers().await.unwrap();
    let requests = script.read("request");
    let requests: Vec<serde_json::Value> = requests.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let left = requests[0]["deadline_ms"].as_u64().unwrap();
    assert!(left <= 5000);
    let first = script.read("request").lines().next().unwrap().replace(&left.to_string(), "LEFT");
    insta::assert_snapshot!(first, @r#"{"v":1,"id":"1","op":"get","reason":"missing","target":{"base_url":"https://optimize.example","token_url":null,"audience":"optimize-api","scope":["a"],"resource":null},"profile":"prod","interactive":false,"deadline_ms":LEFT,"previous":null}"#);
    assert_eq!((&requests[1]["op"], &requests[1]["reason"]), (&"refresh".into(), &"rejected".into()));
    assert_eq!(requests[1]["previous"]["challenge"], "Bearer error=\"invalid_token\"");
    assert_eq!(requests[1]["previous"]["fingerprint"].as_str().unwrap().len(), 32);
    assert!(!script.read("request").contains("first-secret"));
}

#[tokio::test]
async fn a_client_secret_or_an_assertion_is_used_by_the_host() {
    let sandbox = Sandbox::builder().client_secret("from the helper").start().await.unwrap();
    let script = Script::responding(&ok(r#""kind":"client_secret","secret":"from the helper","cache":"never""#));
    let client = || {
        let url = ServiceUrl::parse(&sandbox.token_url()).unwrap();
        ClientCredentials::new(url, sandbox.client_id(), ClientAuth::None)
    };
    let proofs: [fn(secrecy::SecretString) -> ClientAuth; 3] =
        [ClientAuth::Post, ClientAuth::Basic, ClientAuth::SecretJwt];
    for proof in proofs {
        let token = script.source().with_grant(client(), proof).fetch(&FetchContext::default()).await.unwrap();
        assert_eq!(token.lifetime(), Some(Duration::from_secs(300)), "that of the token");
    }
    let error = script.token().await.unwrap_err();
    assert!(error.to_string().ends_with("no token URL and client id are set to use it with"), "{error}");
    let script = Script::responding(&ok(r#""kind":"client_assertion","secret":"not.an.assertion""#));
    let error =
        script.source().with_grant(client(), ClientAuth::Post).fetch(&FetchContext::default()).await.unwrap_err();
    assert_eq!(error.code(), Some("invalid_client"));
    assert_eq!(sandbox.journal().last().unwrap().parameters["client_assertion"], "[assertion]");
}

#[tokio::test]
async fn what_a_helper_lets_be_kept_is_kept_and_no_more() {
    for (cache, expected) in [("never", 2), ("session", 2), ("expires", 1)] {
        let end = r#""expires_at":"2999-01-01T00:00:00Z""#;
        let script = Script::responding(&ok(&format!(r#""kind":"bearer","secret":"abc",{end},"cache":"{cache}""#)));
        let store = MemoryStore::default();
        for _ in 0..2 {
            let credentials: Credentials = Cached::new(script.source()).with_store(store.clone()).into();
            credentials.token().await.unwrap();
            credentials.token().await.unwrap();
        }
        assert_eq!(script.read("request").lines().count(), expected, "{cache}");
    }
}

#[tokio::test]
async fn errors_keep_their_kind() {
    let mut report = String::new();
    for kind in ["not_found", "unsupported", "denied", "interaction_required", "transient", "other", "brand_new"] {
        let response = format!(
            r#"{{"v":1,"id":"1","err":{{"kind":"{kind}","retry_after_ms":2000,"message":"vault\u001b[31m sealed"}}}}"#
        );
        let error = Script::responding(&response).token().await.unwrap_err();
        let text = error.to_string();
        let text = text.split_once(": ").unwrap().1;
        writeln!(report, "{:?} {:?} {:?} {text}", error.kind(), error.code(), error.retry_after()).unwrap();
    }
    insta::assert_snapshot!(report, @r#"
    NotFound None Some(2s) it refused: not_found: vault\u{1b}[31m sealed
    Unsupported None Some(2s) it refused: unsupported: vault\u{1b}[31m sealed
    Refused Some("denied") Some(2s) it refused: denied: vault\u{1b}[31m sealed
    Refused Some("interaction_required") Some(2s) it refused: interaction_required: vault\u{1b}[31m sealed
    Unavailable None Some(2s) it refused: transient: vault\u{1b}[31m sealed
    Refused None Some(2s) it refused: other: vault\u{1b}[31m sealed
    Refused None Some(2s) it refused: other: vault\u{1b}[31m sealed
    "#);
}

#[tokio::test]
async fn a_helper_that_misbehaves_is_stopped_and_reported() {
    let good = ok(r#""kind":"bearer","secret":"canary-secret""#);
    let other_version = HELLO.replace("[1]", "[2,3]");
    let cases = [
        ("nothing", Script::new("exit 3")),
        ("no greeting", Script::new("echo hello")),
        ("another version", Script::new(&format!("echo '{other_version}'; cat"))),
        ("no response", Script::polite("exit 0")),
        ("two responses", Script::responding(&format!("{good}\n{good}"))),
        ("a foreign id", Script::responding(&good.replace("\"id\":\"1\"", "\"id\":\"2\""))),
        ("no id", Script::responding(&good.replace("\"id\":\"1\",", ""))),
        ("a response of another version", Script::responding(&good.replace("\"v\":1", "\"v\":2"))),
        ("neither ok nor err", Script::responding(r#"{"v":1,"id":"1"}"#)),
        ("a kind of its own", Script::responding(&ok(r#""kind":"cookie","secret":"canary-secret""#))),
        ("no secret", Script::responding(&ok(r#""kind":"bearer""#))),
        (
            "a line break in the token",
            Script::responding(&ok(r#""kind":"bearer","secret":"canary-secret\nX-Evil: 1""#)),
        ),
        (
            "a control character in a header",
            Script::responding(&ok(r#""kind":"header","name":"x","value":"canary-secret\u0000""#)),
        ),
        ("a header that frames", Script::responding(&ok(r#""kind":"header","name":"Host","value":"canary-secret""#))),
        (
            "one that has expired",
            Script::responding(&ok(r#""kind":"bearer","secret":"canary-secret","expires_at":"2001-01-01T00:00:00Z""#)),
        ),
        ("an odd date", Script::responding(&ok(r#""kind":"bearer","secret":"canary-secret","expires_at":"tomorrow""#))),
        ("an odd cache", Script::responding(&ok(r#""kind":"bearer","secret":"canary-secret","cache":"disk""#))),
        ("a flood", Script::polite("head -c 10000000 /dev/zero | tr '\\0' 'x'")),
        (
            "a talkative one",
            Script::new("head -c 1000000 /dev/zero | tr '\\0' 'y' >&2; printf '\\033[31mred' >&2; exit 1"),
        ),
    ];
    let mut report = String::new();
    for (name, script) in cases {
        let error = script.token().await.unwrap_err();
        assert_eq!(error.kind(), AuthErrorKind::Protocol, "{name}: {error}");
        let text = chain(&error).replace("helper /bin/sh", "helper HELPER");
        assert!(!text.contains("canary"), "{text}");
        let text = text.replace("get a credential from the helper HELPER: ", "");
        writeln!(report, "{name}: {}", &text[..text.len().min(120)]).unwrap();
    }
    insta::assert_snapshot!(report, @"
    nothing: failed to it ended (exit status: 3) before its greeting
    no greeting: failed to its greeting is not of the protocol's form (line 1, column 1)
    another version: failed to it does not speak version 1 of the protocol
    no response: failed to it ended (exit status: 0) before its response
    two responses: failed to it sent two responses
    a foreign id: failed to its response has the id of another request
    no id: failed to its response is not of the protocol's form (line 1, column 55)
    a response of another version: failed to its response has another version
    neither ok nor err: failed to its response has neither `ok` nor `err`, or both
    a kind of its own: it returned a credential of an unknown kind
    no secret: its response has no `secret`
    a line break in the token: `secret` holds a control character
    a control character in a header: `value` holds a control character
    a header that frames: the header cannot be used: its name belongs to the request itself
    one that has expired: its credential has already expired
    an odd date: `expires_at` is not a date as RFC 3339 has it
    an odd cache: `cache` must be never, session or expires
    a flood: failed to its response is longer than 65536 bytes
    a talkative one: failed to it ended (exit status: 1) before its greeting (it wrote: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
    ");
}

/// Whether a process with this id is there and no zombie.
fn is_alive(process: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.trim()));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

#[tokio::test]
async fn a_helper_that_hangs_is_killed_with_its_children() {
    let script = Script::polite("echo $$ > pids; sleep 60 & echo $! >> pids; wait");
    let source = Exec::new(script.helper().with_timeout(Duration::from_millis(500)), Target::default());
    let error = source.fetch(&FetchContext::default()).await.unwrap_err();
    assert!(error.to_string().contains("it did not respond within 500ms"), "{error}");
    check_gone(&script.read("pids")).await;
}

#[tokio::test]
async fn a_helper_whose_caller_goes_away_is_killed_with_its_children() {
    let script = Script::polite("echo $$ > pids.new; sleep 60 & echo $! >> pids.new; mv pids.new pids; wait");
    let source = script.source();
    let call = tokio::spawn(async move { source.fetch(&FetchContext::default()).await });
    while !script.path("pids").exists() {
        assert!(!call.is_finished(), "the helper ended before it wrote its file");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    call.abort();
    call.await.unwrap_err();
    check_gone(&script.read("pids")).await;
}

async fn check_gone(pids: &str) {
    assert_eq!(pids.lines().count(), 2);
    // A killed process is there until the kernel has put it away.
    for _ in 0..200 {
        if !pids.lines().any(is_alive) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still alive: {pids}");
}

#[tokio::test]
async fn a_helper_sees_the_environment_it_is_given_and_nothing_else() {
    let script = Script::polite(&format!("env > env; echo '{}'", ok(r#""kind":"bearer","secret":"abc""#)));
    script.token().await.unwrap();
    let names: Vec<_> =
        script.read("env").lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect();
    // The shell adds its own.
    assert!(names.iter().all(|name| ["PATH", "PWD", "OLDPWD", "SHLVL", "_"].contains(&name.as_str())), "{names:?}");
}

#[tokio::test]
async fn erase_and_login_reach_a_helper_that_knows_them_and_no_other() {
    let script = Script::responding(&ok(r#""kind":"done""#));
    let credentials = Credentials::new(script.source());
    credentials.log_out().await.unwrap();
    assert!(script.read("request").contains(r#""op":"erase""#));
    credentials.log_in().await.unwrap();
    assert!(!script.read("request").contains("login"), "its greeting does not name it");
}

#[test]
fn a_command_that_cannot_be_meant_is_refused() {
    for command in
        [vec![], vec!["helper".to_owned()], vec!["./helper".to_owned()], vec!["/x".to_owned(), "a\0b".to_owned()]]
    {
        let error = Helper::new(command).unwrap_err();
        assert_eq!((error.kind(), error.setting()), (AuthErrorKind::InvalidInput, Some("command")));
    }
}

#[tokio::test]
async fn a_helper_that_is_not_installed_is_not_found() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("helper").to_str().unwrap().to_owned();
    let helper = Helper::new(vec![missing]).unwrap();
    let error = Exec::new(helper, Target::default()).fetch(&FetchContext::default()).await.unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::NotFound);
}
