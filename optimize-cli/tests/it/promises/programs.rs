//! Programs that others can change are not run, and none outlives its use.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::Duration;

use optimize_sandbox::Sandbox;

use crate::harness::{Server, User, check, mode, set_mode};

fn user() -> User {
    let user = User::new();
    let path = format!("{}:/usr/bin:/bin", user.path("bin").display());
    user.with("PATH", &path)
}

#[test]
fn a_plugin_that_others_can_replace_is_not_run() {
    let user = user();
    user.script("bin/optimize-hello", "echo ran");
    assert_eq!(user.types("hello").stdout, "ran\n");
    // Each of these closes again what it has opened.
    set_mode(&user.path("bin"), 0o777);
    check!(user.types("hello"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to run the plugin hello ([HOME]/bin/optimize-hello): other users can write to [HOME]/bin
    hint: if it is as it should be: chmod go-w [HOME]/bin
    ");
    set_mode(&user.path("bin"), 0o755);
    user.script("open/real", "echo ran");
    std::fs::remove_file(user.path("bin/optimize-hello")).unwrap();
    std::os::unix::fs::symlink("../open/real", user.path("bin/optimize-hello")).unwrap();
    assert_eq!(user.types("hello").stdout, "ran\n");
    set_mode(&user.path("open"), 0o777);
    let ran = user.types("hello");
    assert!(ran.code == Some(3) && ran.stderr.contains("other users can write to [HOME]/open"), "{ran}");
}

#[test]
fn an_installed_plugin_is_what_was_installed() {
    let user = user();
    user.script("optimize-hello", "echo ran");
    // Whatever the umask, nobody else gets in.
    let line = format!("umask 000; exec {} plugin install optimize-hello", env!("CARGO_BIN_EXE_optimize"));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &line]).current_dir(user.path("")).env_clear().envs(user.environment());
    assert!(shell.status().unwrap().success());
    for directory in [
        ".local",
        ".local/share",
        ".local/share/optimize",
        ".local/share/optimize/plugins",
        ".local/share/optimize/plugins/bin",
    ] {
        assert_eq!(mode(&user.path(directory)), 0o700, "{directory}");
    }
    assert_eq!(user.types("hello").stdout, "ran\n");
    user.script(".local/share/optimize/plugins/bin/optimize-hello", "echo evil");
    let ran = user.types("hello");
    assert!(ran.code == Some(3) && ran.stdout.is_empty(), "{ran}");
    assert!(user.types("plugin list -o csv").stdout.contains("it has changed since it was installed"));
    user.script(".local/share/optimize/plugins/bin/optimize-planted", "echo evil");
    assert!(user.types("planted").stderr.contains("it was not installed by"));
    // A record that others can write says nothing.
    user.types("plugin install --force optimize-hello");
    assert_eq!(user.types("hello").stdout, "ran\n");
    set_mode(&user.path(".local/share/optimize/plugins/installed.json"), 0o666);
    let ran = user.types("hello");
    assert!(ran.code == Some(3) && ran.stderr.contains("is ignored"), "{ran}");
}

#[test]
fn trust_that_others_could_write_is_none() {
    let user = user();
    user.script("bin/optimize-ask", "\"$OPTIMIZE_CLI\" --sandbox auth token | wc -c");
    user.types("plugin trust ask --token");
    assert_ne!(user.types("ask").stdout.trim(), "0");
    set_mode(&user.path(".local/share/optimize/trusted.json"), 0o666);
    let ran = user.types("ask");
    assert!(ran.stderr.contains("trusted.json is ignored, so nothing is trusted"), "{ran}");
    assert_eq!(ran.stdout.trim(), "0");
}

const GREETING: &str = r#"{"optimize-credential":{"v":[1],"name":"h","caps":["get"]}}"#;
const RESPONSE: &str = r#"{"v":1,"id":"1","ok":{"kind":"bearer","secret":"abc"}}"#;

#[test]
fn helpers_secret_programs_and_the_files_that_name_them_are_closed_to_others() {
    let user = user();
    let helper = user.script("tools/helper", &format!("echo '{GREETING}'\nread -r request\necho '{RESPONSE}'"));
    let secret = user.script("tools/secret", "echo abc");
    let script = user.file("tools/script", "echo abc\n");
    let lines = [
        format!("auth.command = ['{}']", helper.display()),
        format!("auth.token = {{ command = ['{}'] }}", secret.display()),
        format!("auth.token = {{ command = ['/bin/sh', '{}'] }}", script.display()),
        format!("auth.sources = [{{ command = ['{}'] }}]", helper.display()),
    ];
    for line in lines {
        let configuration = user.configure(&line);
        assert_eq!(user.types("auth token").stdout, "abc\n", "{line}");
        let named = line.split('\'').find(|part| part.contains("/tools/")).unwrap();
        let was = mode(Path::new(named));
        for (path, open, closed) in [
            (Path::new(named), 0o777, was),
            (&user.path("tools"), 0o777, 0o755),
            (&configuration, 0o666, 0o600),
            (&user.path(".config/optimize"), 0o777, 0o755),
        ] {
            set_mode(path, open);
            let ran = user.types("auth token");
            assert!(ran.code == Some(3) && ran.stdout.is_empty(), "{line}: {}: {ran}", path.display());
            assert!(ran.stderr.contains("other users can write to"), "{line}: {ran}");
            set_mode(path, closed);
        }
    }
    // Only root can give a file to another user.
    if std::os::unix::fs::chown(&helper, Some(65_534), None).is_ok() {
        user.configure(&format!("auth.command = ['{}']", helper.display()));
        assert!(user.types("auth token").stderr.contains("belongs to another user"));
    }
}

#[test]
fn a_pager_that_others_can_replace_is_not_used() {
    let user = user();
    let pager = user.script("bin/pager", "touch \"$HOME/STARTED\"; cat");
    let server = Server::new();
    let user = user
        .with("OPTIMIZE_BASE_URL", &server.base_url())
        .with("OPTIMIZE_TOKEN", server.static_token())
        .with("PAGER", "pager")
        .with("TERM", "xterm");
    set_mode(&pager, 0o777);
    let (code, screen) = user.at_a_terminal("report list --collection claims").end();
    assert_eq!(code, Some(0));
    assert!(screen.contains("is not used") && screen.contains("claims-raw"), "{screen}");
    assert!(!user.path("STARTED").exists());
    set_mode(&pager, 0o755);
    user.at_a_terminal("report list --collection claims").end();
    assert!(user.path("STARTED").exists());
}

/// Whether the process whose id a script has written runs. Those that end are given some time.
fn ends(user: &User, name: &str) -> bool {
    let process = user.read(name).trim().to_owned();
    let gone = || {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    };
    for _ in 0..600 {
        if gone() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// Leaves a process that has left its group and session, and one that keeps the pipes open.
const LEAVES: &str = "setsid sh -c 'echo $$ > \"$HOME/session\"; exec sleep 600' > /dev/null 2>&1 < /dev/null &\n\
                      sh -c 'echo $$ > \"$HOME/pipes\"; exec sleep 600' &\n\
                      while [ ! -s \"$HOME/session\" ] || [ ! -s \"$HOME/pipes\" ]; do sleep 0.01; done";

fn begin(user: &User) {
    for name in ["session", "pipes"] {
        let _ = std::fs::remove_file(user.path(name));
    }
}

#[test]
fn nothing_that_a_helper_or_a_secret_program_starts_outlives_it() {
    let user = user();
    let good = user.script("good", &format!("{LEAVES}\necho '{GREETING}'\nread -r request\necho '{RESPONSE}'"));
    let hangs = user.script("hangs", &format!("{LEAVES}\nsleep 600"));
    let prints = user.script("prints", &format!("{LEAVES}\necho abc"));
    let cases = [
        (format!("auth.command = ['{}']", good.display()), Some(0)),
        (format!("auth.command = ['{}']\nauth.timeout = '2s'", hangs.display()), Some(4)),
        (format!("auth.token = {{ command = ['{}'] }}", prints.display()), Some(0)),
        (format!("auth.token = {{ command = ['{}'] }}", hangs.display()), Some(3)),
    ];
    for (configuration, code) in cases {
        begin(&user);
        user.configure(&configuration);
        let ran = user.types("auth token --timeout 3s");
        assert_eq!(ran.code, code, "{configuration}: {ran}");
        assert!(ends(&user, "session") && ends(&user, "pipes"), "{configuration}");
    }
    begin(&user);
    // A manifest is asked with an empty environment, so the script must know where it writes.
    user.script(
        "bin/optimize-leaves",
        &format!("HOME={}\nPATH=/usr/bin:/bin\nexport HOME PATH\n{LEAVES}\nexit 1", user.path("").display()),
    );
    user.types("plugin list");
    assert!(ends(&user, "session") && ends(&user, "pipes"));
}

#[test]
fn a_helper_ends_when_the_program_is_killed() {
    for (name, line) in [("helper", "auth.command = ['%']"), ("program", "auth.token = { command = ['%'] }")] {
        let user = user();
        let script = user.script(name, &format!("{LEAVES}\necho $$ > \"$HOME/leader\"\nsleep 600"));
        user.configure(&line.replace('%', script.to_str().unwrap()));
        let mut process = user.start(&["auth", "token"]);
        while !user.path("leader").exists() || user.read("leader").is_empty() {
            std::thread::sleep(Duration::from_millis(10));
        }
        process.kill().unwrap();
        process.wait().unwrap();
        for file in ["leader", "session", "pipes"] {
            assert!(ends(&user, file), "{name}: {file}");
        }
    }
}

#[test]
fn a_helper_hands_out_no_token_for_another_target() {
    let server = Server::start(Sandbox::builder());
    let ask = |target: &str| {
        let request = format!(
            r#"{{"v":1,"id":"1","op":"get","reason":"missing","target":{target},"profile":null,"interactive":false,"deadline_ms":9000,"previous":null}}"#
        );
        let user = User::of(&server).with("OPTIMIZE_AUDIENCE", "optimize.camunda.io").typing(&format!("{request}\n"));
        user.types("auth helper").stdout.lines().nth(1).unwrap_or_default().to_owned()
    };
    let base_url = server.base_url();
    assert!(ask("{}").contains("\"ok\""));
    assert!(ask(&format!(r#"{{"base_url":"{base_url}","audience":"optimize.camunda.io"}}"#)).contains("\"ok\""));
    for target in [
        r#"{"audience":"other"}"#.to_owned(),
        r#"{"base_url":"https://other.example"}"#.to_owned(),
        r#"{"token_url":"https://other.example/token"}"#.to_owned(),
        format!(r#"{{"base_url":"{base_url}","audience":"other"}}"#),
    ] {
        let response = ask(&target);
        assert!(response.contains("not_found") && response.contains("for another"), "{target}: {response}");
    }
    assert_eq!(server.journal().iter().filter(|entry| entry.path == "/oauth/token").count(), 2);
}

#[test]
fn a_credential_that_never_ends_is_one() {
    let user = user();
    let response =
        |end: &str| format!(r#"{{"v":1,"id":"1","ok":{{"kind":"bearer","secret":"abc","expires_at":"{end}"}}}}"#);
    for end in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z", "9999-12-31T00:00:00+14:00", "2999-01-01T00:00:00Z"]
    {
        let helper = user.script("helper", &format!("echo '{GREETING}'\nread -r request\necho '{}'", response(end)));
        user.configure(&format!("auth.command = ['{}']", helper.display()));
        let ran = user.types("auth token");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "abc\n"), "{end}: {ran}");
    }
}

#[test]
fn a_configuration_that_others_could_write_is_warned_about() {
    let server = Server::new();
    let user = user();
    let file = user.configure(&format!("base_url = '{}'\n", server.base_url()));
    assert_eq!(user.types("ready").stderr, "");
    for (path, open, closed) in [(file, 0o622, 0o600), (user.path(".config/optimize"), 0o777, 0o755)] {
        set_mode(&path, open);
        let ran = user.types("ready");
        assert_eq!(ran.code, Some(0), "{ran}");
        assert!(ran.stderr.contains("so they can decide where your requests go"), "{ran}");
        set_mode(&path, closed);
    }
    user.configure("output = 'json'\n");
    set_mode(&user.path(".config/optimize/config.toml"), 0o622);
    assert_eq!(user.types("config path").stderr, "", "what leads nowhere is no matter");
}
