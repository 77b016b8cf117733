//! Whole processes: `optimize --version`, a cached `optimize auth token`, the completion of a profile's name, beside
//! `/bin/true`; and 64 cold ones at once.

#[path = "support/server.rs"]
mod server;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use server::{Server, now};
use tempfile::TempDir;

fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let pairs = if is_measured { 300 } else { 3 };
    let server = Server::start(&[]);
    let home = TempDir::new().expect("a directory");
    let token = || server.command(&home, &["auth", "token"]);
    assert!(time(&mut token()) > Duration::ZERO, "the first one fetches");
    compare("optimize --version", pairs, || server.command(&home, &["--version"]));
    compare("optimize auth token, cached", pairs, token);
    let profiles: Vec<_> = (0..100).map(|number| format!("[profiles.p{number}]\nbase_url = 'https://x'\n")).collect();
    std::fs::create_dir_all(home.path().join(".config/optimize")).expect("a directory");
    std::fs::write(home.path().join(".config/optimize/config.toml"), profiles.concat()).expect("a file");
    compare("completion of a profile, of 100", pairs, || {
        let mut command = server.command(&home, &["--", "optimize", "--profile", "p9"]);
        command.env("_OPTIMIZE_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "2");
        command
    });
    let before = token_requests(&server);
    for _ in 0..(if is_measured { 10 } else { 1 }) {
        let home = TempDir::new().expect("a directory");
        let begun = now();
        let processes: Vec<Child> =
            (0..64).map(|_| server.command(&home, &["auth", "token"]).spawn().expect("it starts")).collect();
        for mut process in processes {
            assert!(process.wait().expect("it ends").success());
        }
        println!("64 cold processes: {:.0?}", begun.elapsed());
    }
    println!("token requests of these: {}", token_requests(&server) - before);
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

fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn token_requests(server: &Server) -> usize {
    let url = format!("{}/_sandbox/journal", server.setting("base_url"));
    let journal = Command::new("curl").args(["--silent", &url]).output().expect("curl is there").stdout;
    let journal: Vec<Value> = serde_json::from_slice(&journal).expect("JSON");
    journal.iter().filter(|entry| entry["path"] == "/oauth/token").count()
}
