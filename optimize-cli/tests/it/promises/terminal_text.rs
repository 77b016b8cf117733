//! Text of servers, files and plugins cannot control a terminal or a shell.

#![cfg(unix)]

use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::harness::{Server, User};

/// Sequences that act on a terminal or mislead its reader: clear the screen, set the title, a C1 control, bidirectional
/// overrides, zero-width characters, a line separator, a tag character.
const ACTS: &str = "\u{1b}[2J\u{1b}]0;TITLE\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{e0041}\r";

fn acts(text: &str) -> Option<char> {
    let is_layout = |character| matches!(character, '\n' | '\r' | '\t');
    text.chars().find(|character| !is_layout(*character) && optimize_auth::is_hidden(*character))
}

/// A server that returns this JSON for a path.
fn responding(path: &str, status: u16, body: &serde_json::Value) -> Server {
    let fault = Fault::response(status, "application/json", body.to_string());
    Server::start(Sandbox::builder().fault(FaultRule::new(path, fault).times(u32::MAX)))
}

fn page(rows: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({ "numberOfRecordsInResponse": 1, "totalNumberOfRecords": 1, "reportId": "r", "data": rows })
}

/// What a command shows on a terminal. Our own styles and links are off.
fn shown(user: &User, line: &str) -> String {
    let screen = user.at_a_terminal(line).end().1;
    // The screen was read byte by byte.
    String::from_utf8_lossy(&screen.chars().map(|byte| byte as u8).collect::<Vec<_>>()).into_owned()
}

#[test]
fn nothing_that_a_server_says_acts_on_a_terminal() {
    let rows = page(&serde_json::json!([{ ACTS: ACTS, "variables": { ACTS: ACTS }, "nested": { ACTS: [ACTS] } }]));
    let server = responding("/api/public/export/report/*/result/json", 200, &rows);
    let user = User::of(&server).with("NO_COLOR", "1").with("PAGER", "cat").with("TERM", "xterm");
    for format in ["table", "csv", "json", "ndjson"] {
        let screen = shown(&user, &format!("report data r -o {format}"));
        assert_eq!(acts(&screen), None, "{format}: {screen:?}");
        assert!(screen.contains("1b"), "{format}: what is hidden is shown: {screen:?}");
    }
    assert_eq!(acts(&shown(&user, "api GET /api/public/export/report/r/result/json")), None);
    assert_eq!(acts(&shown(&user, "api GET /api/public/export/report/r/result/json --include")), None);
    // In a pipe the data is the server's, to the letter.
    assert!(user.types("report data r -o csv").stdout.contains('\u{202e}'));

    let ids = serde_json::json!([{ "id": ACTS }]);
    let server = responding("/api/public/report", 200, &ids);
    let user =
        User::of(&server).with("NO_COLOR", "1").with("TERM", "xterm").with("PAGER", "cat").with("FORCE_HYPERLINK", "1");
    let screen = shown(&user, "report list --collection c");
    assert_eq!(acts(&screen), None, "{screen:?}");

    let error = serde_json::json!({
        "errorCode": ACTS, "errorMessage": ACTS, "detailedMessage": ACTS,
        "validationErrors": [{ "property": ACTS, "errorMessage": ACTS }],
        "conflictedItems": [{ "id": ACTS, "type": ACTS, "name": ACTS }],
        "definitions": [{ "type": ACTS, "key": ACTS, "versions": [ACTS] }],
        "mismatchingIndices": [{ "indexName": ACTS, "sourceIndexVersion": 1, "targetIndexVersion": 2 }],
    });
    let server = responding("/api/public/report", 400, &error);
    let user = User::of(&server).with("NO_COLOR", "1").with("TERM", "xterm");
    for line in ["report list --collection c", "-o json report list --collection c", "-vvv report list --collection c"]
    {
        let screen = shown(&user, line);
        assert_eq!(acts(&screen), None, "{line}: {screen:?}");
    }
    let token = serde_json::json!({ "error": ACTS, "error_description": ACTS });
    let server = responding("/oauth/token", 400, &token);
    let user = User::of(&server).with("NO_COLOR", "1").with("TERM", "dumb");
    for line in ["auth token", "auth doctor", "-o json auth token"] {
        let screen = shown(&user, line);
        assert_eq!(acts(&screen), None, "{line}: {screen:?}");
    }
}

#[test]
fn nothing_in_a_file_or_on_the_command_line_acts_on_a_terminal() {
    let user = User::new().with("NO_COLOR", "1").with("TERM", "dumb").with("OPTIMIZE_TOKEN", "t");
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let escaped = quoted("\u{1b}[2Jx\u{202e}").replace('\u{202e}', "\\u202e");
    for text in [
        format!("default_profile = {escaped}"),
        format!("ca_file = {escaped}\nbase_url = 'https://o.example'"),
        format!("base_url = {escaped}"),
        format!("auth.client_id = 'x'\nauth.client_secret = {{ file = {escaped} }}"),
        format!("auth.client_id = 'x'\nauth.client_secret = {{ env = {escaped} }}"),
        format!("auth.token = {{ keyring = {escaped} }}"),
        format!("auth.command = ['/bin/sh', {escaped}]"),
        format!("{escaped} = 1"),
        format!("preset = {escaped}"),
    ] {
        user.configure(&text);
        user.file("named.toml", &text);
        let own = user.path(".config/optimize/config.toml");
        for line in
            ["auth token", "config explain", "config validate", "--config named.toml ready", "config trust named.toml"]
        {
            let screen = shown(&user, line);
            assert_eq!(acts(&screen), None, "{text}\n{line}: {screen:?}");
        }
        std::fs::remove_file(own).unwrap();
    }
    for word in [
        "report \u{1b}[2J",
        "\u{1b}[2J",
        "ready --\u{202e}",
        "variable ingest \u{1b}[2J.csv",
        "report data x --limit \u{9b}1",
    ] {
        let screen = shown(&user, &format!("'{}'", word.replace(' ', "' '")));
        assert_eq!(acts(&screen), None, "{word:?}: {screen:?}");
    }
}

/// The command that a hint offers.
fn offered(stderr: &str) -> String {
    let (_, command) = stderr.split_once("optimize config trust").expect("a command is offered");
    format!("optimize config trust{}", command.split_once("; in a pipeline").unwrap().0)
}

/// Names that a shell would obey.
const NAMES: [&str; 10] = [
    "$(touch PWNED)",
    "`touch PWNED`",
    "a; touch PWNED #",
    "a && touch PWNED",
    "*",
    "-rf",
    "it's",
    "a\"b\\",
    "~/x ${HOME} %p !!",
    "new\nline",
];

#[test]
fn a_command_in_a_hint_does_nothing_else_in_a_real_shell() {
    let shells = ["bash", "sh", "dash", "zsh", "fish"];
    let is_there = |shell: &&str| {
        ["/bin", "/usr/bin"].iter().any(|directory| std::path::Path::new(directory).join(shell).exists())
    };
    let shells: Vec<_> = shells.into_iter().filter(is_there).collect();
    assert!(shells.contains(&"sh"));
    for name in NAMES {
        let user = User::new();
        user.file(&format!("directory/{}/p.toml", name.replace('/', "_")), "base_url = 'https://evil.example'");
        let path = format!("directory/{}/p.toml", name.replace('/', "_"));
        let ran = user.run(&["--config", &path, "ready"]);
        let command = offered(&ran.stderr);
        user.script("bin/optimize", "printf '%s\\n' \"$@\" > said");
        for shell in &shells {
            let mut process = std::process::Command::new(shell);
            process.args(["-c", &command]).current_dir(user.path("")).env_clear().env("HOME", user.path(""));
            process.env("PATH", format!("{}:/usr/bin:/bin", user.path("bin").display()));
            process.output().unwrap();
            assert!(!user.path("PWNED").exists(), "{shell}: {command}");
            // A name with a line break is shown with `\n`, and means nothing then.
            if !name.contains('\n') {
                assert_eq!(user.read("said"), format!("config\ntrust\n{path}\n"), "{shell}: {command}");
            }
        }
    }
}

#[test]
fn completion_offers_no_word_that_a_shell_would_obey() {
    let mut ids = NAMES.map(|name| serde_json::json!({ "id": name })).to_vec();
    ids.extend(
        ["\u{1b}[2J", "a b", "good.one", "Good_2-x", "$x", "\u{2028}", "ünlaut"]
            .map(|id| serde_json::json!({ "id": id })),
    );
    let server = responding("/api/public/collection", 200, &ids.into());
    let user = User::of(&server);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let mut command = user.command(&["--", "optimize", "report", "list", "--collection", ""]);
        command.env("_OPTIMIZE_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", "4").env("_CLAP_IFS", "\n");
        let offered = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let words: Vec<_> = offered.lines().map(|line| line.split(['\t', ':']).next().unwrap()).collect();
        let mut ids: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).collect();
        ids.sort();
        assert_eq!(ids, [&"Good_2-x", &"good.one"], "{shell}: {offered:?}");
        assert!(!offered.contains("-rf"), "{shell}: {offered:?}");
    }
    // As a person would: a tab, and the line that it leaves.
    user.script("bin/optimize", &format!("exec {} \"$@\"", env!("CARGO_BIN_EXE_optimize")));
    let script = "source <(optimize completion bash)\nCOMP_WORDS=(optimize report list --collection '')\nCOMP_CWORD=4\nCOMP_TYPE=9\n\
                  _clap_complete_optimize optimize '' 2>/dev/null\neval \"optimize ready ${COMPREPLY[*]}\" >/dev/null 2>&1; true";
    let mut bash = std::process::Command::new("bash");
    bash.args(["--norc", "-c", script]).current_dir(user.path("")).env_clear().envs(user.environment());
    bash.env("PATH", format!("{}:/usr/bin:/bin", user.path("bin").display()));
    assert!(bash.status().unwrap().success());
    assert!(!user.path("PWNED").exists());
}

#[test]
fn csv_that_is_safe_for_spreadsheets_has_safe_headings_too() {
    let rows = page(&serde_json::json!([
        { "=1+1": "x", "+a": "-b", "@c": "\n=1", "\u{ff1d}x": "\u{ff0b}1", "plain": "ok", "variables": { "=v": "=w" } }
    ]));
    let server = responding("/api/public/export/report/*/result/json", 200, &rows);
    let user = User::of(&server);
    let csv = user.types("report data r -o csv --csv-safe").stdout;
    for cell in csv.replace('"', "").split(['\r', ',']) {
        assert!(!cell.trim_start_matches('\n').starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}']), "{csv:?}");
    }
    assert!(csv.contains("'=1+1") && csv.contains("variable:=v") && csv.contains("'\u{ff0b}1"), "{csv}");
}

#[test]
fn of_twenty_thousand_complaints_twenty_are_printed_and_the_others_counted() {
    let complaint = |n| format!(r#"{{"property":"labels[{n}].variableName","errorMessage":"must not be blank"}}"#);
    let all: Vec<_> = (0..20_000).map(complaint).collect();
    let body = format!(r#"{{"errorMessage":"The request was invalid.","validationErrors":[{}]}}"#, all.join(","));
    let fault = Fault::response(400, "application/json", &body);
    let server =
        Server::start(Sandbox::builder().fault(FaultRule::new("/api/public/variables/labels", fault).times(2)));
    let user = User::of(&server);
    user.file("labels.json", r#"[{"variableName":"a","variableType":"String","variableLabel":"b"}]"#);
    let line = "variable label set --definition d --file labels.json";
    let ran = user.types(line);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(6), 22), "{ran}");
    assert!(ran.stderr.contains("labels[19]") && !ran.stderr.contains("labels[20]"), "{ran}");
    assert!(ran.stderr.contains("  and 19980 more"), "{ran}");
    assert!(user.types(&format!("{line} -o json")).stderr.len() < 10_000);
}

#[cfg(unix)]
#[test]
fn a_dumb_terminal_gets_no_escape_sequences() {
    let user = User::of_a_server().with("TERM", "dumb");
    for line in ["report data orders-by-step", "auth doctor", "report data nobody", "report data orders-raw -f out.csv"]
    {
        let (_, screen) = user.at_a_terminal(line).end();
        assert!(!screen.contains('\u{1b}'), "{line}: {screen:?}");
    }
}
