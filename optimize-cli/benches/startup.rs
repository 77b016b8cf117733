//! Whole processes: `optimize --version` and a cached `optimize auth token`, beside `/bin/true`; and 64 cold ones at once.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const OPTIMIZE: &str = env!("CARGO_BIN_EXE_optimize");

fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let pairs = if is_measured { 300 } else { 3 };
    let server = Server::start();
    let home = TempDir::new().expect("a folder");
    let token = || server.command(&home, &["auth", "token"]);
    assert!(time(&mut token()) > Duration::ZERO, "the first one fetches");
    compare("optimize --version", pairs, || server.command(&home, &["--version"]));
    compare("optimize auth token, cached", pairs, token);
    let before = server.token_requests();
    for _ in 0..(if is_measured { 10 } else { 1 }) {
        let home = TempDir::new().expect("a folder");
        let begun = now();
        let processes: Vec<Child> =
            (0..64).map(|_| server.command(&home, &["auth", "token"]).spawn().expect("it starts")).collect();
        for mut process in processes {
            assert!(process.wait().expect("it ends").success());
        }
        println!("64 cold processes: {:.0?}", begun.elapsed());
    }
    println!("token requests of these: {}", server.token_requests() - before);
}

/// Runs `ours` and `/bin/true` in turn, so that what else the machine does falls on both.
fn compare(name: &str, pairs: usize, ours: impl Fn() -> Command) {
    let mut runs: Vec<_> = (0..pairs)
        .map(|_| {
            let (ours, other) = (time(&mut ours()), time(&mut quiet(Command::new("/bin/true"))));
            (ours.as_secs_f64() / other.as_secs_f64(), ours, other)
        })
        .collect();
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, ours, other) = runs[pairs / 2];
    println!("{name}: {ours:.2?} beside {other:.2?}: {ratio:.2} × /bin/true");
}

fn time(command: &mut Command) -> Duration {
    let begun = now();
    assert!(command.status().expect("it starts").success());
    begun.elapsed()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// A sandbox in a process of its own.
struct Server {
    process: Child,
    told: Value,
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(OPTIMIZE);
        let mut process = command.args(["sandbox", "serve"]).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        Self { process, told: serde_json::from_str(&line).expect("JSON") }
    }

    fn told(&self, name: &str) -> &str {
        self.told[name].as_str().expect("a text")
    }

    fn command(&self, home: &TempDir, arguments: &[&str]) -> Command {
        let mut command = Command::new(OPTIMIZE);
        command.args(arguments).env_clear().env("HOME", home.path());
        for (variable, name) in [
            ("OPTIMIZE_BASE_URL", "base_url"),
            ("OPTIMIZE_TOKEN_URL", "token_url"),
            ("OPTIMIZE_CLIENT_ID", "client_id"),
            ("OPTIMIZE_CLIENT_SECRET", "client_secret"),
        ] {
            command.env(variable, self.told(name));
        }
        quiet(command)
    }

    fn token_requests(&self) -> usize {
        let url = format!("{}/_sandbox/journal", self.told("base_url"));
        let journal = Command::new("curl").args(["--silent", &url]).output().expect("curl is there").stdout;
        let journal: Vec<Value> = serde_json::from_slice(&journal).expect("JSON");
        journal.iter().filter(|entry| entry["path"] == "/oauth/token").count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
