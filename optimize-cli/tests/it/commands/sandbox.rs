use crate::harness::{User, check};

#[test]
fn a_served_sandbox_prints_all_that_a_client_needs_in_one_line() {
    let user = User::new();
    user.file("faults.json", r#"[{"path":"/api/readyz","fault":{"status":{"code":503}}}]"#);
    let serving = user.serve(&["--release", "8.6", "--ready-file", "ready.json", "--faults", "faults.json"]);
    let line = serving.line.as_str();
    check!(line, @r#"{"base_url":"http://127.0.0.1:PORT","token_url":"http://127.0.0.1:PORT/oauth/token","issuer":"http://127.0.0.1:PORT","client_id":"optimize-sandbox","client_secret":"[SECRET]","static_token":"[SECRET]"}"#);
    assert_eq!(user.read("ready.json"), line);
    let member =
        |name: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()[name].as_str().unwrap().to_owned();
    let client =
        User::new().with("OPTIMIZE_BASE_URL", &member("base_url")).with("OPTIMIZE_TOKEN", &member("static_token"));
    assert_eq!(client.types("ready").code, Some(7), "the first time by the fault");
    assert_eq!(client.types("ready").code, Some(0));
    assert_eq!(client.types("report data nobody").code, Some(5), "as 8.6 has it");
}

#[cfg(unix)]
#[test]
fn the_ready_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let user = User::new();
    let _serving = user.serve(&["--ready-file", "ready.json"]);
    assert_eq!(user.path("ready.json").metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn faults_that_are_misspelt_are_reported_with_their_place() {
    let user = User::new();
    user.file("faults.json", "[{\"path\":\"/api/readyz\",\n\"fault\":\"reset\"}]");
    check!(user.types("sandbox serve --faults faults.json"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the faults in faults.json: unknown variant `reset`, expected one of `status`, `delay`, `cut_body`, `reset_before`, `reset_after`, `flood`, `header_flood`, `lost_page`, `unauthorized` at line 2 column 15
    hint: the form of faults is described in docs/guide/sandbox.md
    ");
    check!(user.types("sandbox serve --faults nowhere.json"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read nowhere.json: No such file or directory (os error 2)
    ");
}

#[test]
fn a_release_that_does_not_exist_is_a_usage_error() {
    check!(User::new().types("sandbox serve --release 9.9"), @"
    exit 2
    --- stdout
    --- stderr
    error: invalid value '9.9' for '--release <RELEASE>': expected one of 8.6, 8.7, 8.8, 8.9, 8.10

    For more information, try '--help'.
    ");
}

#[test]
fn https_comes_with_what_its_clients_need() {
    let user = User::new();
    let serving = user.serve(&["--tls", "."]);
    let started: serde_json::Value = serde_json::from_str(&serving.line).unwrap();
    let text = |name: &str| started[name].as_str().unwrap().to_owned();
    assert!(text("base_url").starts_with("https://"));
    let user = user
        .with("OPTIMIZE_BASE_URL", &text("base_url"))
        .with("OPTIMIZE_TOKEN_URL", &text("token_url"))
        .with("OPTIMIZE_CLIENT_ID", &text("client_id"))
        .with("OPTIMIZE_CLIENT_AUTH", "mtls")
        .with("OPTIMIZE_CA_FILE", "ca.pem")
        .with("OPTIMIZE_CLIENT_CERT_FILE", "client.pem")
        .with("OPTIMIZE_CLIENT_KEY_FILE", "client.pem");
    let ran = user.types("report list --collection claims");
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 5), "{ran}");
    #[cfg(unix)]
    assert_eq!(crate::harness::mode(&user.path("client.pem")), 0o600);
}
