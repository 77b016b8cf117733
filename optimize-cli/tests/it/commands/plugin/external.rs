//! Plugins: found, run, managed, trusted.

#![cfg(unix)]

use crate::harness::{Server, User, check, set_mode};

/// A user whose search path has a directory `bin` and the usual ones.
fn user() -> User {
    let user = User::new();
    let path = format!("{}:/usr/bin:/bin", user.path("bin").display());
    user.with("PATH", &path)
}

const MANIFEST: &str = r#"{"optimize_plugin":1,"name":"hello","version":"1.2.3","about":"Says hello","needs":[]}"#;

fn hello(user: &User) {
    user.script(
        "bin/optimize-hello",
        &format!("test \"$1\" = --optimize-plugin-manifest && echo '{MANIFEST}' && exit\necho \"hello $*\"\nexit 42"),
    );
}

#[test]
fn a_plugin_is_a_command_and_its_code_passes_through() {
    let user = user();
    hello(&user);
    check!(user.types("hello --there you"), @"
    exit 42
    --- stdout
    hello --there you
    --- stderr
    ");
    check!(user.types("plugin exec hello -- --there"), @"
    exit 42
    --- stdout
    hello --there
    --- stderr
    ");
    check!(user.types("helo"), @"
    exit 2
    --- stdout
    --- stderr
    error: unknown command or plugin `helo`
    hint: did you mean `hello`?
    ");
}

#[test]
fn a_command_s_own_name_stays_its_own() {
    let user = user();
    user.script("bin/optimize-report", "echo plugin");
    assert!(user.types("report ls").stderr.contains("--collection"));
    check!(user.types("plugin exec report"), @"
    exit 0
    --- stdout
    plugin
    --- stderr
    ");
    check!(user.types("plugin doctor -o csv").stdout, @"
    plugin,check,status,detail
    report,run,warn,a command has this name; run it by: optimize plugin exec report -- …
    report,manifest,warn,it prints no manifest: expected value at line 1 column 1
    ");
}

#[test]
fn a_plugin_gets_everything_but_secrets() {
    let server = Server::new();
    let user = User::of(&server).with("PATH", "/usr/bin:/bin").with("MINE", "kept");
    let path = format!("{}:/usr/bin:/bin", user.path("bin").display());
    let user = user.with("PATH", &path).with("ZEEBE_CLIENT_ID", "z").with("ZEEBE_CLIENT_SECRET", "zs");
    user.script("bin/optimize-env", "env | grep -v '^_=\\|PWD\\|SHLVL' | sort");
    user.file("named.toml", "");
    let ran = user.types("--config named.toml -vv -y -o json --color never env");
    let output = ran.stdout.replace(env!("CARGO_BIN_EXE_optimize"), "[CLI]");
    check!(output, @"
    HOME=[HOME]
    MINE=kept
    OPTIMIZE_BASE_URL=http://127.0.0.1:PORT/
    OPTIMIZE_CLI=[CLI]
    OPTIMIZE_COLOR=never
    OPTIMIZE_CONFIG=[HOME]/named.toml
    OPTIMIZE_DRY_RUN=0
    OPTIMIZE_OUTPUT=json
    OPTIMIZE_PLUGIN=env
    OPTIMIZE_PLUGIN_API=1
    OPTIMIZE_TOKEN_URL=http://127.0.0.1:PORT/oauth/token
    OPTIMIZE_VERBOSE=2
    OPTIMIZE_YES=1
    PATH=[HOME]/bin:/usr/bin:/bin
    ");
}

#[test]
fn files_that_others_may_write_to_are_not_run() {
    let user = user();
    hello(&user);
    set_mode(&user.path("bin/optimize-hello"), 0o777);
    check!(user.types("hello"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to run the plugin hello ([HOME]/bin/optimize-hello): other users can write to [HOME]/bin/optimize-hello
    hint: if it is as it should be: chmod go-w [HOME]/bin/optimize-hello
    ");
    user.script("more/optimize-hello", "echo the other one");
    let path = format!("{}:{}:more", user.path("bin").display(), user.path("more").display());
    let user = user.with("PATH", &path);
    check!(user.types("hello"), @"
    exit 0
    --- stdout
    the other one
    --- stderr
    warning: [HOME]/bin/optimize-hello is not run: other users can write to [HOME]/bin/optimize-hello
    ");
    let user = user.with("PATH", "more:.:");
    assert_eq!(user.types("hello").code, Some(2), "relative directories do not count");
    user.script("optimize-hello", "echo here");
    assert_eq!(user.types("hello").code, Some(2));
}

#[test]
fn a_plugin_is_installed_checked_and_removed() {
    let user = user();
    hello(&user);
    let ran = user.types("plugin install bin/optimize-hello -o csv");
    assert!(ran.code == Some(0) && ran.stdout.starts_with("name,sha256\r\nhello,"), "{ran}");
    std::fs::remove_file(user.path("bin/optimize-hello")).unwrap();
    assert_eq!(user.types("hello").code, Some(42));
    check!(user.types("plugin ls"), @r#"
    exit 0
    --- stdout
    {"name":"hello","version":"1.2.3","about":"Says hello","place":"managed","path":"[HOME]/.local/share/optimize/plugins/bin/optimize-hello","problem":null}
    --- stderr
    "#);
    hello(&user);
    check!(user.types("plugin install bin/optimize-hello").stderr, @"
    error: failed to install bin/optimize-hello: there is a plugin hello already
    hint: pass --force to replace it
    ");
    assert_eq!(user.types("plugin install bin/optimize-hello --force").code, Some(0));
    user.script(".local/share/optimize/plugins/bin/optimize-hello", "echo changed");
    let ran = user.types("plugin doctor -o csv");
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stdout.contains("hello,run,fail,"), "{ran}");
    check!(user.types("hello"), @"
    exit 42
    --- stdout
    hello
    --- stderr
    warning: [HOME]/.local/share/optimize/plugins/bin/optimize-hello is not run: it has changed since it was installed
    ");
    check!(user.types("plugin rm hello"), @"
    exit 0
    --- stdout
    --- stderr
    removed hello
    ");
    check!(user.types("plugin rm hello").stderr, @"
    error: failed to remove the plugin `hello`: none of this name was installed
    hint: optimize plugin list shows the installed plugins and their paths
    ");
}

#[test]
fn a_plugin_that_hangs_or_floods_when_it_is_asked_what_it_is_is_ended() {
    let user = user();
    user.script("bin/optimize-hang", "sleep 600");
    user.script("bin/optimize-flood", "head -c 1000000000 /dev/zero; sleep 600");
    user.script("bin/optimize-other", "echo '{\"optimize_plugin\":2,\"name\":\"other\"}'");
    user.script("bin/optimize-newer", "echo '{\"optimize_plugin\":1,\"name\":\"newer\",\"host\":\">=99\"}'");
    let ran = user.types("plugin doctor -o csv");
    let output: Vec<_> = ran.stdout.lines().filter(|line| line.contains("manifest")).collect();
    check!(output.join("\n"), @r#"
    flood,manifest,warn,it prints more than 64 KiB
    hang,manifest,warn,it did not end within 2s
    newer,manifest,fail,"it works with optimize >=99, and this is 0.1.0"
    other,manifest,warn,"its manifest has the version 2, not 1"
    "#);
    assert_eq!(ran.code, Some(3));
}

#[test]
fn a_plugin_gets_a_token_once_it_is_trusted_and_as_long_as_it_stays_the_same() {
    let user = user();
    let body = "\"$OPTIMIZE_CLI\" --sandbox auth token | wc -c";
    user.script("bin/optimize-ask", body);
    let refused = "error: failed to hand out a token: the plugin ask asks for it and is not trusted with one\nhint: if you trust it as it is now: optimize plugin trust ask --token\n";
    assert_eq!(user.types("ask").stderr, refused);
    check!(user.types("plugin trust ask").stderr.lines().next().unwrap(), @"error: the following required arguments were not provided:");
    assert_eq!(user.types("plugin trust ask --token").stderr, "ask is now trusted\n");
    assert_ne!(user.types("ask").stdout.trim(), "0");
    user.script("bin/optimize-hear", "exec \"$OPTIMIZE_CLI\" --sandbox auth helper");
    assert_eq!((user.types("hear").code, user.types("hear").stdout.as_str()), (Some(4), ""));
    user.script("bin/optimize-ask", &format!("# changed\n{body}"));
    assert_eq!(user.types("ask").stderr, refused);
    user.script("bin/optimize-grab", "\"$OPTIMIZE_CLI\" plugin trust grab --token");
    check!(user.types("grab").stderr, @"error: failed to change what is trusted: the plugin grab asks for it, and only a person may");
}

#[test]
fn a_plugin_makes_requests_without_seeing_a_token() {
    let server = Server::new();
    let user = user();
    user.file(".config/optimize/secret", server.client_secret());
    user.configure(&format!(
        "base_url = '{}'\n[auth]\ntoken_url = '{}'\nclient_id = 'optimize-sandbox'\nclient_secret = {{ file = 'secret' }}",
        server.base_url(),
        server.token_url()
    ));
    user.script("bin/optimize-ids", "\"$OPTIMIZE_CLI\" api GET \"/api/public/report?collectionId=$1\"");
    assert!(user.types("ids claims").stdout.contains("claims-raw"));
}

#[test]
fn a_plugin_that_is_begun_in_shell_works_at_once() {
    let user = user();
    check!(user.types("plugin new tally"), @"
    exit 0
    --- stdout
    --- stderr
    made optimize-tally; next: optimize plugin install optimize-tally/optimize-tally && optimize tally COLLECTION-ID
    ");
    assert_eq!(user.types("plugin install optimize-tally/optimize-tally").code, Some(0));
    check!(user.types("--sandbox tally claims"), @"
    exit 0
    --- stdout
    5
    --- stderr
    ");
    assert_eq!(user.types("--sandbox tally").code, Some(2));
    assert!(user.types("plugin ls -o csv").stdout.contains("tally,0.1.0,Count the reports in a collection,managed"));
    check!(user.types("plugin new tally").stderr, @"error: failed to make the directory optimize-tally: File exists (os error 17)");
    check!(user.types("plugin new report").stderr, @"
    error: failed to begin the plugin report: a command has this name and would be run instead
    hint: choose another name
    ");
    check!(user.types("plugin new ../x").stderr, @r#"
    error: failed to begin a plugin: the name "../x" cannot be used
    hint: small letters, digits and hyphens make a name
    "#);
}

#[test]
fn a_plugin_that_is_begun_in_rust_works_at_once() {
    let user = user();
    assert_eq!(user.types("plugin new tally --language rust").code, Some(0));
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo
        .args(["build", "--offline", "--quiet"])
        .current_dir(user.path("optimize-tally"))
        .env_remove("CARGO_TARGET_DIR");
    assert!(cargo.status().unwrap().success());
    assert_eq!(user.types("plugin install optimize-tally/target/debug/optimize-tally").code, Some(0));
    check!(user.types("--sandbox tally claims"), @"
    exit 0
    --- stdout
    5
    --- stderr
    ");
    assert_eq!(user.types("--sandbox tally --help").code, Some(2));
}
