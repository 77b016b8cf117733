//! The security bars of the command line: `docs/dev/security-bars.md` lists them.

use optimize_sandbox::{Canary, Fault, FaultRule, Sandbox, Tls};

use crate::harness::{Ran, Server, User};
use crate::proxy::Proxy;

fn check_hides(canary: &Canary, ran: &Ran) {
    let text = ran.to_string();
    assert_eq!(canary.find(text.as_bytes()), None, "{text}");
}

#[test]
fn bar_01_the_most_talkative_log_holds_no_secret() {
    let (secret, token) = (Canary::new(), Canary::new());
    for fault in [
        None,
        Some(Fault::status(500)),
        Some(Fault::ResetAfter),
        Some(Fault::answer(400, "text/plain", secret.secret())),
    ] {
        // A fault that may pass is met with further attempts, which take their time: one way is enough there.
        let is_transient = matches!(fault, Some(Fault::ResetAfter | Fault::Status { code: 500, .. }));
        let ways = ["post", "basic", "json", "client-secret-jwt"];
        for client_auth in &ways[..if is_transient { 1 } else { ways.len() }] {
            let builder = Sandbox::builder().client_secret(secret.secret());
            let builder = builder.token_answer("access_token", token.secret().into());
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
fn bar_03_five_thousand_mutated_configurations_never_show_a_secret() {
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
fn bar_04_a_secret_of_any_bytes_can_come_from_every_source() {
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

#[test]
fn bar_11_a_proxy_is_used_for_https_alone_and_sees_no_credential_of_ours() {
    let (secret, password) = (Canary::new(), Canary::new());
    let server = Server::start(Sandbox::builder().client_secret(secret.secret()).tls(Tls::new().name("optimize.test")));
    let origin = server.base_url().replace("https://", "");
    let port = origin.rsplit_once(':').unwrap().1.to_owned();
    let proxy = Proxy::to(origin);
    let named = |url: String| url.replace("127.0.0.1", "optimize.test");
    let user = User::of(&server)
        .with("OPTIMIZE_BASE_URL", &named(server.base_url()))
        .with("OPTIMIZE_TOKEN_URL", &named(server.token_url()))
        .with("OPTIMIZE_CA_FILE", "ca.pem")
        .with("OPTIMIZE_TOKEN_CACHE", "off");
    user.file("ca.pem", server.ca_pem());
    let list = |variables: &[(&str, &str)]| {
        let mut command = user.command(&["-vvv", "report", "list", "--collection", "claims", "--timeout", "5s"]);
        command.envs(variables.iter().copied());
        user.ran(&command.output().unwrap())
    };
    let url = format!("http://user:{}@{}", password.secret(), proxy.address);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let ran = list(&[(name, &url)]);
        assert_eq!(ran.code, Some(0), "{name}: {ran}");
        check_hides(&secret, &ran);
        check_hides(&password, &ran);
        let heads = proxy.heads();
        assert_eq!(heads.len(), 2, "{name}: one tunnel for the token, one for the API: {heads:?}");
        for head in heads {
            assert!(head.starts_with(&format!("CONNECT optimize.test:{port} ")), "{head}");
            assert!(head.to_ascii_lowercase().contains("proxy-authorization: basic "), "{head}");
            assert!(!head.to_ascii_lowercase().contains("\r\nauthorization:"), "{head}");
            assert_eq!(secret.find(head.as_bytes()), None);
        }
    }
    // Not for other variables, excepted names, or nothing.
    for variables in [
        &[("HTTP_PROXY", url.as_str())][..],
        &[("HTTPS_PROXY", &url), ("NO_PROXY", "optimize.test")],
        &[("HTTPS_PROXY", &url), ("NO_PROXY", "other, .test")],
        &[("HTTPS_PROXY", &url), ("no_proxy", "*")],
        &[("HTTPS_PROXY", "")],
    ] {
        let ran = list(variables);
        assert_eq!((ran.code, proxy.heads().len()), (Some(7), 0), "{variables:?}: {ran}");
    }
}

#[test]
fn bar_11_no_proxy_is_used_for_this_machine_or_in_clear_text() {
    let proxy = Proxy::to("127.0.0.1:1".to_owned());
    let url = format!("http://{}", proxy.address);
    let all = |user: User| {
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"]
            .into_iter()
            .fold(user, |user, name| user.with(name, &url))
    };
    let loopback = all(User::of_a_server());
    assert_eq!(loopback.types("report list --collection claims").code, Some(0));
    let insecure = all(User::of_a_server())
        .with("OPTIMIZE_BASE_URL", "http://optimize.invalid")
        .with("OPTIMIZE_ALLOW_INSECURE_HTTP", "true");
    assert_eq!(insecure.types("report list --collection claims --timeout 3s").code, Some(7));
    assert!(proxy.heads().is_empty());
}

#[test]
fn bar_10_no_variable_switches_checks_off_or_writes_keys() {
    let server = Server::start(Sandbox::builder().tls(Tls::new()));
    let user = User::of(&server)
        .with("SSLKEYLOGFILE", "keys")
        .with("NODE_TLS_REJECT_UNAUTHORIZED", "0")
        .with("SSL_NO_VERIFY", "1")
        .with("RUSTLS_DANGEROUS", "1");
    assert_eq!(user.types("auth token").code, Some(7));
    user.file("ca.pem", server.ca_pem());
    let user = user.with("OPTIMIZE_CA_FILE", "ca.pem");
    assert_eq!(user.types("auth token").code, Some(0));
    assert!(!user.path("keys").exists());
}

#[test]
fn bar_25_sixty_four_cold_processes_on_one_cache_send_one_token_request() {
    let server = Server::new();
    let user = User::of(&server);
    let processes: Vec<_> = (0..64).map(|_| user.start(&["auth", "token"])).collect();
    let outputs: Vec<_> = processes.into_iter().map(|process| process.wait_with_output().unwrap()).collect();
    let tokens: std::collections::HashSet<_> = outputs.iter().map(|output| output.stdout.clone()).collect();
    assert!(outputs.iter().all(|output| output.status.success() && output.stderr.is_empty()), "{:?}", outputs[0]);
    assert_eq!((tokens.len(), server.journal().len()), (1, 1));
}

#[test]
fn bar_15_sixty_four_processes_at_a_dead_endpoint_do_not_storm_it() {
    let fault = Fault::status(400);
    let server = Server::start(Sandbox::builder().fault(FaultRule::new("/oauth/token", fault).times(u32::MAX)));
    let user = User::of(&server);
    let processes: Vec<_> = (0..64).map(|_| user.start(&["auth", "token"])).collect();
    for process in processes {
        assert_eq!(process.wait_with_output().unwrap().status.code(), Some(4));
    }
    // One asks; the others, and later ones, know for some seconds that it was refused.
    let requests = server.journal().len();
    assert!((1..=8).contains(&requests), "{requests} requests");
}

#[cfg(target_os = "linux")]
#[test]
fn bar_06_a_running_command_dumps_no_core_and_cannot_be_looked_into() {
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
