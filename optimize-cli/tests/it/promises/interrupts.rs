//! An interrupted command ends at once and leaves no partial file.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};

use optimize_sandbox::Fault;

use crate::harness::{Server, User};

/// Starts an export and interrupts it when it has the first page and has asked for the second.
fn interrupt(user: &User, signal: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = user.start(arguments);
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("page arrived") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the log ended early");
    }
    send(signal, &child);
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    (child.wait().unwrap().code(), rest)
}

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn an_interrupted_export_is_exit_130_and_leaves_no_file() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let user = User::owning(Server::failing_on_second_page(Fault::Delay { milliseconds: 60_000 }, 1));
        let arguments = ["-vv", "report", "data", "invoices-raw", "-f", "out.ndjson"];
        let (code, printed) = interrupt(&user, signal, &arguments);
        assert_eq!((code, printed.as_str()), (Some(130), "error: interrupted\n"), "{signal}");
        assert!(user.files().is_empty(), "{:?}", user.files());
    }
}

#[test]
fn a_served_sandbox_ends_by_an_interruption() {
    let user = User::new();
    let mut serving = user.serve(&[]);
    send("-INT", &serving.process);
    assert_eq!(serving.process.wait().unwrap().code(), Some(130));
}
