//! Pictures of the terminal for the documentation, made of what commands print there.

#![cfg(unix)]

use std::fmt::Write as _;
use std::path::Path;

use regex::Regex;

use crate::harness::{User, filters};

/// Each with the lines that are typed.
const PICTURES: [(&str, &[&str]); 3] = [
    (
        "first-steps",
        &["optimize --sandbox report list --collection claims", "optimize --sandbox report data orders-by-step"],
    ),
    (
        "dry-run",
        &[
            "optimize --sandbox dashboard export claims-overview -f board.json",
            "optimize --sandbox import board.json --collection orders --dry-run",
        ],
    ),
    ("doctor", &["optimize --sandbox auth doctor"]),
];

#[test]
fn pictures_show_what_a_terminal_shows() {
    for (name, lines) in PICTURES {
        let user = User::new().with("TERM", "xterm-256color").with("CLICOLOR_FORCE", "1").with("LC_ALL", "C.UTF-8");
        let mut screen = String::new();
        for line in lines {
            let command = line.replacen("optimize", env!("CARGO_BIN_EXE_optimize"), 1);
            let terminal = user.shell_at_a_terminal(&format!("stty cols 100; stty -onlcr; {command}"));
            write!(screen, "\u{1b}[1m$ {line}\u{1b}[0m\n{}", terminal.end().1).unwrap();
        }
        for (pattern, shown) in filters() {
            screen = Regex::new(pattern).unwrap().replace_all(&screen, shown).into_owned();
        }
        compare(name, &anstyle_svg::Term::new().render_svg(&screen));
    }
}

/// Compares a picture with what was seen, or writes it for `cargo xtask gen`.
#[expect(clippy::disallowed_methods, reason = "the task that writes the pictures passes a variable")]
fn compare(name: &str, picture: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/pictures/{name}.svg"));
    if std::env::var_os("OPTIMIZE_WRITES_PICTURES").is_some() {
        std::fs::write(&file, picture).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == picture, "docs/pictures/{name}.svg is stale; write it with: cargo xtask gen");
}
