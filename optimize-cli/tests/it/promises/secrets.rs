//! No output but `auth token` shows a secret, and no other program gets one.

use optimize_sandbox::{Canary, Fault, FaultRule, Sandbox};

use crate::harness::{Ran, Server, User};

pub(super) fn check_hides(canary: &Canary, ran: &Ran) {
    let text = ran.to_string();
    assert_eq!(canary.find(text.as_bytes()), None, "{text}");
}

#[test]
fn the_most_talkative_log_holds_no_secret() {
    let (secret, token) = (Canary::new(), Canary::new());
    for fault in [
        None,
        Some(Fault::status(500)),
        Some(Fault::ResetAfter),
        Some(Fault::response(400, "text/plain", secret.secret())),
    ] {
        // A fault that may pass is met with further attempts, which take their time: one way is enough there.
        let is_transient = matches!(fault, Some(Fault::ResetAfter | Fault::Status { code: 500, .. }));
        let ways = ["post", "basic", "json", "client-secret-jwt"];
        for client_auth in &ways[..if is_transient { 1 } else { ways.len() }] {
            let builder = Sandbox::builder().client_secret(secret.secret());
            let builder = builder.token_response("access_token", token.secret().into());
            let server = Server::start(match &fault {
                Some(fault) => builder.fault(FaultRule::new("/oauth/token", fault.clone()).times(9)),
                None => builder,
            });
            let user = User::of(&server).with("OPTIMIZE_CLIENT_AUTH", client_auth).with("RUST_LOG", "trace");
            let ran = user.types("-vvv auth status --check --timeout 5s");
            assert!(ran.stderr.contains("optimize_auth") || ran.code == Some(0), "{ran}");
            check_hides(&secret, &ran);
            check_hides(&token, &ran);
            if !is_transient {
                check_hides(&secret, &user.types("-vvv auth doctor"));
            }
        }
    }
}

#[test]
fn five_thousand_mutated_configurations_never_show_a_secret() {
    let canary = Canary::new();
    let user = User::new();
    let whole = format!(
        "default_profile = 'p'\nbase_url = 'http://127.0.0.1:1'\noutput = 'json'\n[profiles.p]\ntimeout = '1s'\n\
         [profiles.p.auth]\nclient_id = 'c'\nclient_secret = '{0}'\nprivate_key = '{0}'\ntoken = '{0}'\n\
         token_url = 'http://127.0.0.1:1/t'\nsources = [{{ token = '{0}' }}]\ncommand = ['/x']\n",
        canary.secret()
    );
    let mut random = fastrand::Rng::with_seed(5);
    for round in 0..5000 {
        let text = mutated(&whole, &mut random);
        let ran = optimize_cli::check_configuration(&text);
        assert_eq!(canary.find(ran.as_bytes()), None, "round {round}: {ran}\n{text}");
        // The whole program now and then; it is the same reader.
        if round % 250 == 0 {
            user.configure(&text);
            check_hides(&canary, &user.types("auth status"));
            check_hides(&canary, &user.types("auth token -o json"));
        }
    }
}

/// The text with something cut, doubled, of another type, unquoted, misspelt, or huge.
fn mutated(text: &str, random: &mut fastrand::Rng) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..random.usize(1..4) {
        let index = random.usize(..lines.len());
        let line = lines[index].clone();
        let cut = random.usize(..=line.len());
        lines[index] = match random.u8(..9) {
            0 => line[..cut].to_owned(),
            1 => line[cut..].to_owned(),
            2 => line.replacen('\'', "", 1),
            3 => line.replace('\'', ""),
            4 => line.replacen(" = '", " = ['", 1),
            5 => line.replacen(" = ", "x = ", 1),
            6 => line.replacen(" = '", " = { file = '", 1),
            7 => format!("{line}{}", "y".repeat(random.usize(..5000))),
            _ => format!("{line}\n{line}"),
        };
    }
    if random.u8(..8) == 0 {
        random.shuffle(&mut lines);
    }
    lines.join("\n")
}

#[test]
fn a_secret_of_any_bytes_can_come_from_every_source() {
    for secret in
        ["12345678", "true", "[a,b]", "\"q\"", " lead", "a=b&c%2B+", "\u{fc}", "{ env = \"X\" }", &"z".repeat(4096)]
    {
        let server = Server::start(Sandbox::builder().client_secret(secret));
        let variable = User::of(&server).with("OPTIMIZE_TOKEN_CACHE", "off");
        assert_eq!(variable.types("auth token").code, Some(0), "variable: {secret}");
        let user = variable.without("OPTIMIZE_CLIENT_SECRET").typing(&format!("{secret}\n"));
        assert_eq!(user.types("auth token --client-secret-file -").code, Some(0), "stdin: {secret}");
        user.file("secret", &format!("{secret}\r\n"));
        assert_eq!(user.types("auth token --client-secret-file secret").code, Some(0), "file: {secret}");
        let user = user.without("OPTIMIZE_CLIENT_ID").with("MINE", secret);
        for reference in ["{ env = 'MINE' }", "{ file = '../../secret' }"] {
            user.configure(&format!("auth = {{ client_id = '{}', client_secret = {reference} }}", server.client_id()));
            assert_eq!(user.types("auth token").code, Some(0), "{reference}: {secret}");
        }
        let quoted = serde_json::Value::from(secret);
        user.configure(&format!("auth = {{ client_id = '{}', client_secret = {quoted} }}", server.client_id()));
        assert_eq!(user.types("auth token").code, Some(0), "inline: {secret}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_running_command_dumps_no_core_and_cannot_be_looked_into() {
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

const CANARY: &str = "canary-5f3a9b7c+/=%&";

/// Every form in which a program might let it slip.
fn check_hides_canary(ran: &Ran) {
    // As it is, and in base64 at any of three offsets.
    for form in [CANARY, "5f3a9b7c", "NWYzYTliN2", "VmM2E5Yjdj", "1ZjNhOWI3Y"] {
        assert!(!ran.stdout.contains(form) && !ran.stderr.contains(form), "{ran}");
    }
}

#[test]
fn a_server_that_echoes_everything_teaches_no_secret() {
    let body = format!("{{\"error\":\"invalid_client\",\"error_description\":\"{CANARY} {CANARY}\"}}");
    let fault = Fault::response(401, "application/json", body);
    let server = Server::start(Sandbox::builder().fault(FaultRule::new("/oauth/token", fault)));
    let user = User::of(&server).with("OPTIMIZE_CLIENT_SECRET", CANARY);
    check_hides_canary(&user.types("-vvv report list --collection claims"));
}

#[test]
fn a_static_token_is_in_no_log_and_no_error() {
    let server = Server::new();
    let user = User::new().with("OPTIMIZE_BASE_URL", &server.base_url()).with("OPTIMIZE_TOKEN", "canary-5f3a9b7c");
    check_hides_canary(&user.types("-vvv report list --collection claims"));
    check_hides_canary(&user.types("auth status -o json"));
}

#[test]
fn an_argument_in_the_wrong_place_is_not_taken_for_a_secret() {
    let ran = User::new().types("auth token --client-secret x");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--client-secret-file"), "{ran}");
}
