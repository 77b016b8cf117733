//! Copies of secrets in memory are counted.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use optimize_sandbox::{Canary, Fault, FaultRule, Sandbox};

/// Where cargo puts the example: beside the directory of this test.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples/one_token")
}

/// How many copies of secret and token a run leaves behind, and what it ends with.
fn left(sandbox: &Sandbox, method: &str, count: u32, secret: &Canary, token: &Canary) -> (usize, usize, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), secret.secret()).unwrap();
    let mut process = Command::new(example())
        .args([&sandbox.token_url(), sandbox.client_id()])
        .arg(file.path())
        .args([method, &count.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let [secrets, tokens] = [secret, token].map(|canary| canary.copies_in(process.id()).unwrap());
    drop(process.stdin.take());
    assert!(process.wait().unwrap().success());
    (secrets, tokens, line.trim().to_owned())
}

/// What an authorization server does, and how many copies of secret and token may be left after it. What is left is in
/// buffers of the HTTP library: what it has received, and of Basic the header it has sent.
struct Case {
    name: &'static str,
    method: &'static str,
    count: u32,
    fault: Option<fn(&Canary) -> Fault>,
    repeats_token: bool,
    outcome: &'static str,
    budget: (usize, usize),
}

const GOOD: Case =
    Case { name: "", method: "post", count: 1, fault: None, repeats_token: false, outcome: "300", budget: (0, 1) };

const CASES: [Case; 9] = [
    Case { name: "a form", ..GOOD },
    Case { name: "a JSON body", method: "json", ..GOOD },
    Case { name: "a signed assertion", method: "jwt", ..GOOD },
    Case { name: "a Basic header", method: "basic", ..GOOD },
    Case { name: "twenty tokens", count: 20, budget: (0, 4), ..GOOD },
    Case { name: "a response that repeats the token four times", repeats_token: true, budget: (0, 5), ..GOOD },
    Case {
        name: "a refusal",
        fault: Some(|_| Fault::response(401, "application/json", r#"{"error":"invalid_client"}"#)),
        outcome: "Refused",
        budget: (0, 0),
        ..GOOD
    },
    Case {
        name: "a response that is cut",
        fault: Some(|_| Fault::response(200, "application/json", r#"{"access_token":"abc"#)),
        outcome: "Protocol",
        budget: (0, 0),
        ..GOOD
    },
    Case {
        name: "a refusal that repeats the secret",
        fault: Some(|secret| {
            let body = serde_json::json!({ "error": "invalid_client", "error_description": secret.secret() });
            Fault::response(401, "application/json", body.to_string())
        }),
        outcome: "Refused",
        budget: (1, 0),
        ..GOOD
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_left_in_memory_is_what_the_http_library_has_received() {
    for case in CASES {
        let (secret, token) = (Canary::new(), Canary::new());
        let mut builder =
            Sandbox::builder().client_secret(secret.secret()).token_response("access_token", token.secret().into());
        if case.repeats_token {
            for member in ["id_token", "refresh_token", "scope", "other"] {
                builder = builder.token_response(member, token.secret().into());
            }
        }
        if let Some(fault) = case.fault {
            builder = builder.fault(FaultRule::new("/oauth/token", fault(&secret)).times(u32::MAX));
        }
        let sandbox = builder.start().await.unwrap();
        let (secrets, tokens, outcome) = left(&sandbox, case.method, case.count, &secret, &token);
        assert_eq!(outcome, case.outcome, "{}", case.name);
        let (most_secrets, most_tokens) = case.budget;
        assert!(secrets <= most_secrets && tokens <= most_tokens, "{}: {secrets} and {tokens} are left", case.name);
    }
}
