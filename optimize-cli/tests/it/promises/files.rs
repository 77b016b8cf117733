//! A file is complete or unchanged, whatever happens to disk and process.

#![cfg(unix)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use optimize_sandbox::Sandbox;

use crate::harness::{Server, User, check, set_mode};

#[test]
fn a_full_disk_is_reported() {
    let user = User::of_a_server();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = user.command(&["report", "data", "claims-raw", "-o", "ndjson"]).stdout(full).output().unwrap();
    check!(user.ran(&output), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to write standard output: No space left on device (os error 28)
    ");
    check!(user.types("report data claims-raw -f /dev/full"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to write /dev/full: No space left on device (os error 28)
    ");
    let output = user.command(&["report", "export", "claims-raw", "-f", "/dev/full"]).output().unwrap();
    assert_eq!(user.ran(&output).code, Some(3));
}

/// Whether modes bind this user; they do not bind root.
fn is_bound_by_modes(user: &User) -> bool {
    std::fs::create_dir(user.path("probe")).unwrap();
    set_mode(&user.path("probe"), 0o500);
    std::fs::write(user.path("probe/file"), "").is_err()
}

#[test]
fn a_read_only_directory_is_reported_and_nothing_is_left() {
    let user = User::of_a_server();
    let directory = if is_bound_by_modes(&user) { "probe" } else { "/proc" };
    let ran = user.types(&format!("report data claims-raw -f {directory}/rows.csv"));
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stderr.starts_with(&format!("error: failed to write {directory}/rows.csv: ")), "{ran}");
    assert!(!ran.stderr.contains(".part"), "{ran}");
    check!(user.types("variable ingest nowhere.csv --journal /proc/journal").code.unwrap(), @"3");
}

#[test]
fn names_that_are_no_text_are_names_all_the_same() {
    let user = User::of_a_server();
    let name = OsStr::from_bytes(b"d\xe9fs.json");
    let run = |words: &[&OsStr]| {
        let mut command = user.command(&[]);
        user.ran(&command.args(words).output().unwrap())
    };
    let words = |text: &'static str| text.split(' ').map(OsStr::new).collect::<Vec<_>>();
    let exported = run(&[words("report export claims-raw -f"), vec![name]].concat());
    assert_eq!(exported.code, Some(0), "{exported}");
    let imported = run(&[vec![OsStr::new("import"), name], words("--collection claims")].concat());
    assert_eq!(imported.code, Some(0), "{imported}");
    let plugin = OsStr::from_bytes(b"\xff\xfe");
    assert_eq!(run(&[plugin]).code, Some(2));
    let user = user.with("HOME", "/dev/null/none");
    let mut command = user.command(&["report", "list", "--collection", "claims"]);
    command.env("NOT_TEXT", OsString::from(plugin)).env_remove("HOME");
    assert_eq!(user.ran(&command.output().unwrap()).code, Some(0), "without a home too");
}

#[test]
fn an_export_that_is_killed_anywhere_leaves_the_old_file_or_the_new_one() {
    let server = Server::start(Sandbox::builder().largest_report(3000));
    let user = User::of(&server);
    let line = ["report", "data", "orders-raw", "--page-size", "100", "-f", "rows.ndjson"];
    assert_eq!(user.run(&line).code, Some(0));
    let whole = user.read("rows.ndjson");
    for round in 0..60 {
        user.file("rows.ndjson", "old");
        let mut child = user.start(&line);
        std::thread::sleep(std::time::Duration::from_millis(round * 3));
        child.kill().unwrap();
        child.wait().unwrap();
        let left = user.read("rows.ndjson");
        assert!(left == "old" || left == whole, "{round}: {} bytes", left.len());
    }
}

#[test]
fn an_ingestion_that_is_killed_and_resumed_is_as_good_as_one_that_was_not() {
    let server = Server::new();
    let user = User::of(&server);
    let rows: Vec<_> = (0..3000).map(|number| format!("a,Long,{number},{number},invoice\n")).collect();
    user.file("v.csv", &format!("name,type,value,processInstanceId,processDefinitionKey\n{}", rows.concat()));
    let line = ["variable", "ingest", "v.csv", "--journal", "done", "--batch-size", "50"];
    for round in 0..8 {
        let mut child = user.start(&line);
        std::thread::sleep(std::time::Duration::from_millis(10 + round * 7));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let ran = user.run(&line);
    assert_eq!(ran.code, Some(0), "{ran}");
    let ids: std::collections::BTreeSet<_> =
        server.ingested_variables().iter().map(|variable| variable["id"].to_string()).collect();
    assert_eq!(ids.len(), 3000);
}
