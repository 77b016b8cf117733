//! Every input, wait and process has a limit.

#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use optimize_sandbox::{Canary, Fault, FaultRule, Sandbox};

use crate::harness::{Server, User, check};

/// Runs a line of shell, in which `optimize` is this program.
fn sh(user: &User, line: &str) -> crate::harness::Ran {
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &line.replace("optimize", env!("CARGO_BIN_EXE_optimize"))])
        .current_dir(user.path(""))
        .env_clear();
    shell.envs(user.environment()).env("PATH", "/usr/bin:/bin");
    user.ran(&shell.output().unwrap())
}

fn signal(process: u32, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().unwrap().success());
}

#[test]
fn a_stopped_process_holds_up_others_for_seconds() {
    let delay = Fault::Delay { milliseconds: 2000 };
    let server = Server::start(Sandbox::builder().fault(FaultRule::new("/oauth/token", delay).times(1)));
    let user = User::of(&server);
    let stopped = user.start(&["auth", "token"]);
    // Its request has arrived, so it holds the lock.
    let locks = || {
        let directory = std::fs::read_dir(user.path(".cache/optimize/tokens")).into_iter().flatten().flatten();
        directory
            .filter(|entry| {
                entry.path().extension().is_some_and(|ending| ending == "lock") && entry.metadata().unwrap().len() > 0
            })
            .count()
    };
    while locks() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(stopped.id(), "STOP");
    let others: Vec<_> = (0..8).map(|_| user.start(&["auth", "token", "--timeout", "40s"])).collect();
    let tokens: Vec<_> = others.into_iter().map(|process| process.wait_with_output().unwrap()).collect();
    assert!(tokens.iter().all(|output| output.status.success() && output.stderr.is_empty()), "{tokens:?}");
    assert!(tokens.iter().all(|output| output.stdout == tokens[0].stdout), "one of them asks for all");
    signal(stopped.id(), "CONT");
    assert!(stopped.wait_with_output().unwrap().status.success());
    // That of the stopped one, and one more; another if two took over at the same moment.
    let requests = server.journal().len();
    assert!((2..=3).contains(&requests), "{requests} token requests");
}

#[test]
fn no_limit_of_open_files_makes_it_panic() {
    let user = User::of_a_server();
    for limit in 4..=20 {
        let ran = sh(&user, &format!("ulimit -n {limit}; exec optimize report list --collection claims"));
        // Below that not even the libraries can be opened.
        assert!(matches!(ran.code, Some(0 | 3 | 7 | 127)), "{limit}: {ran}");
        assert!(!ran.stderr.contains("panicked"), "{limit}: {ran}");
    }
    check!(sh(&user, "ulimit -n 7; exec optimize report list --collection claims"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to start: the limit of open files is 7, and 16 are needed
    hint: raise it: ulimit -n 256
    ");
}

#[test]
fn no_duration_makes_it_panic() {
    let user = User::of_a_server();
    for time in
        ["9223372036854775807s", "9223372036854775807h", "18446744073709551615s", "100000d", "8761h", "-1s", "0s"]
    {
        let ran = user.types(&format!("--timeout={time} report list --collection claims"));
        assert_eq!(ran.code, Some(2), "{time}: {ran}");
        user.configure(&format!("timeout = '{time}'"));
        let ran = user.types("report list --collection claims");
        assert_eq!(ran.code, Some(3), "{time}: {ran}");
        user.configure("");
    }
    assert_eq!(user.types("--timeout=8760h report list --collection claims").code, Some(0));
    let helper = user.script("helper", "exit 1");
    user.configure(&format!("auth.command = ['{}']\nauth.timeout = '9223372036854775807s'", helper.display()));
    let user = user.without("OPTIMIZE_CLIENT_ID").without("OPTIMIZE_CLIENT_SECRET");
    let ran = user.types("auth token");
    assert_eq!(ran.code, Some(3), "{ran}");
}

#[test]
fn a_fifo_that_nobody_writes_to_is_given_up_in_time() {
    let server = Server::new();
    let user = User::new().with("OPTIMIZE_BASE_URL", &server.base_url());
    assert!(Command::new("mkfifo").arg(user.path("fifo")).status().unwrap().success());
    let token = user.path("fifo");
    for configuration in [
        "auth.token = { file = '../../fifo' }".to_owned(),
        format!("auth.token_file = '{}'", token.display()),
        format!(
            "auth.client_id = 'c'\nauth.client_secret = {{ file = '{}' }}\nauth.token_url = '{}'",
            token.display(),
            server.token_url()
        ),
        format!(
            "auth.client_id = 'c'\nauth.assertion_file = '{}'\nauth.token_url = '{}'",
            token.display(),
            server.token_url()
        ),
    ] {
        user.configure(&configuration);
        for line in ["auth token --timeout 1s", "report list --collection c --timeout 1s"] {
            let ran = sh(&user, &format!("timeout 30 optimize {line}"));
            assert!(matches!(ran.code, Some(3 | 4 | 7)), "{configuration}: {line}: {ran}");
        }
    }
    // One that has a writer is a file like others.
    user.configure("auth.token = { file = '../../fifo' }");
    let ran = sh(&user, "(sleep 0.2; echo abc > fifo) & timeout 30 optimize auth token --timeout 20s");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "abc\n"), "{ran}");
}

#[test]
fn a_secret_that_is_typed_is_not_shown_and_the_terminal_is_put_back() {
    let server = Server::new();
    let user = User::new().with("OPTIMIZE_BASE_URL", &server.base_url());
    let mut terminal = user.at_a_terminal("auth token --token-file -");
    terminal.expect("Token (not shown): ");
    terminal.say("typed-secret");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert_eq!(screen.matches("typed-secret").count(), 1, "the command prints it, the terminal does not: {screen}");
    assert!(screen.contains("echo is on"), "{screen}");
    // Keys that stop or dump a program do nothing there.
    for key in ["\u{1a}", "\u{1c}"] {
        let mut terminal = user.at_a_terminal("auth token --token-file -");
        terminal.expect("Token (not shown): ");
        // And then the key that empties the line.
        terminal.say_raw(key);
        terminal.say_raw("\u{15}");
        terminal.say("typed-secret");
        let (code, screen) = terminal.end();
        assert!(code == Some(0) && screen.contains("echo is on"), "{key:?}: {screen}");
    }
    for name in ["USR1", "USR2", "QUIT", "ALRM", "TERM", "HUP", "INT"] {
        let line = format!(
            "{} auth token --token-file - < /dev/tty & \
             for i in $(seq 600); do stty -a | grep -q -- ' -echo ' && break; sleep 0.05; done; \
             stty | grep -q -- -echo && echo it was off; kill -{name} $!; wait $!; \
             stty | grep -q -- -echo && echo echo is off || echo echo is on",
            env!("CARGO_BIN_EXE_optimize")
        );
        user.script("signals", &line);
        let mut terminal = user.shell_at_a_terminal("sh ./signals");
        terminal.expect("it was off");
        terminal.expect("echo is on");
        terminal.end();
    }
}

/// The most copies of the client secret while a token request is under way.
fn copies_at_work(user: &User, arguments: &[&str], secret: &Canary) -> Option<usize> {
    let mut process = user.start(arguments);
    process.stdin.take().unwrap().write_all(format!("{}\n", secret.secret()).as_bytes()).unwrap();
    let mut most = 0;
    while process.try_wait().unwrap().is_none() {
        match secret.copies_in(process.id()) {
            Ok(copies) => most = most.max(copies),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => most = usize::MAX,
            // It has just ended.
            Err(_) => {}
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(process.wait().unwrap().success());
    (most < usize::MAX).then_some(most)
}

#[test]
fn a_command_at_work_holds_as_few_copies_of_a_secret_as_promised() {
    let delay = Fault::Delay { milliseconds: 1000 };
    let secret = Canary::new();
    let builder = Sandbox::builder().client_secret(secret.secret());
    let server = Server::start(builder.fault(FaultRule::new("/oauth/token", delay).times(u32::MAX)));
    let user = User::of(&server).with("OPTIMIZE_TOKEN_CACHE", "off");
    let file = user.file("secret", secret.secret());
    let with_id = User::of(&server)
        .without("OPTIMIZE_CLIENT_SECRET")
        .without("OPTIMIZE_CLIENT_ID")
        .with("OPTIMIZE_TOKEN_CACHE", "off");
    with_id.configure(&format!(
        "auth.client_id = '{}'\nauth.client_secret = '{}'",
        server.client_id(),
        secret.secret()
    ));
    let without = User::of(&server).without("OPTIMIZE_CLIENT_SECRET").with("OPTIMIZE_TOKEN_CACHE", "off");
    let file = file.to_str().unwrap();
    let flagged = ["--client-secret-file", file, "auth", "token"];
    let typed = ["--client-secret-file", "-", "auth", "token"];
    // The secret itself, the request, and the buffer of the HTTP library; of a variable the environment of the process and
    // its copy too, of one in the configuration two settings.
    for (name, user, arguments, most) in [
        ("variable", &user, &["auth", "token"][..], 5),
        ("inline", &with_id, &["auth", "token"], 5),
        ("file", &without, &flagged, 3),
        ("standard input", &without, &typed, 3),
    ] {
        // On a busy machine the process can end before anything looks into it.
        let mut looks = (0..5).map(|_| copies_at_work(user, arguments, &secret));
        let look = looks.find(|copies| *copies != Some(0)).unwrap_or(Some(0));
        // Only root can look into such a process.
        let Some(copies) = look else { return };
        assert!((1..=most).contains(&copies), "{name}: {copies} copies");
    }
}
