//! The example plugins of the documentation.

#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{User, check};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

#[test]
fn the_example_in_shell_saves_a_collection() {
    let user = User::new().with("PATH", "/usr/bin:/bin");
    let path = repository().join("docs/examples/optimize-backup");
    assert_eq!(user.run(&["plugin", "install", path.to_str().unwrap()]).code, Some(0));
    let ran = user.types("--sandbox backup claims saved");
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(0), 7), "{ran}");
    assert!(user.read("saved/dashboards.json").contains("\"exportEntityType\":\"dashboard\""));
    assert_eq!(user.read("saved/data/claims-raw.ndjson").lines().count(), 2450);
    assert_eq!(user.types("--sandbox backup").code, Some(2));
}

#[test]
fn the_example_in_rust_counts_rows() {
    let user = User::new();
    let target = Path::new(env!("CARGO_BIN_EXE_optimize")).ancestors().nth(2).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--quiet", "--package", "rows-plugin", "--target-dir"]).arg(target);
    assert!(cargo.current_dir(repository()).status().unwrap().success());
    let program = target.join("debug/optimize-rows");
    assert_eq!(user.run(&["plugin", "install", program.to_str().unwrap()]).code, Some(0));
    check!(user.types("--sandbox rows claims"), @r#"
    exit 0
    --- stdout
    {"id":"claims-by-month","rows":18}
    {"id":"claims-by-month-and-risk","rows":18}
    {"id":"claims-by-risk","rows":3}
    {"id":"claims-count","rows":1}
    {"id":"claims-raw","rows":2450}
    --- stderr
    "#);
    assert_eq!(user.types("rows claims").code, Some(3), "the code of the host passes through");
    assert!(
        user.types("plugin ls -o csv").stdout.contains("rows,0.1.0,How many rows the reports of a collection have")
    );
}
