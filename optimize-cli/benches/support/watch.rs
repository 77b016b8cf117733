//! How long a command takes and how much memory, and what curl takes for the same.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::server::{Server, now};

/// One run of the binary.
pub(crate) struct Run {
    pub(crate) time: Duration,
    /// In KiB; 0 where the system does not tell.
    pub(crate) peak_memory: u64,
}

/// Runs a command and watches how much memory it takes.
pub(crate) fn watch(mut command: Command) -> Run {
    let begun = now();
    let mut child = command.spawn().expect("the binary starts");
    let mut peak_memory = 0;
    let status = loop {
        peak_memory = peak_memory.max(high_water_mark(child.id()).unwrap_or(0));
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => break status,
            None => sleep(Duration::from_millis(5)),
        }
    };
    let time = begun.elapsed();
    assert!(status.success(), "{status}");
    Run { time, peak_memory }
}

/// Lets curl make the requests of a configuration; the header with the token is added to them.
pub(crate) fn curl(server: &Server, arguments: &[&str], requests: &str) -> Duration {
    let begun = now();
    let mut curl = Command::new("curl")
        .args(["--silent", "--no-progress-meter", "--fail", "--config", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .expect("curl starts");
    let mut input = curl.stdin.take().expect("its input is a pipe");
    let token = server.setting("static_token");
    write!(input, "header = \"Authorization: Bearer {token}\"\n{requests}").expect("curl reads");
    drop(input);
    assert!(curl.wait().expect("curl ends").success());
    begun.elapsed()
}

/// The most memory a process has had so far, in KiB, where the system reports it.
fn high_water_mark(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
