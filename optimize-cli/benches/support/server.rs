//! A sandbox in a process of its own, and commands that ask it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

const OPTIMIZE: &str = env!("CARGO_BIN_EXE_optimize");

pub(crate) struct Server {
    process: Child,
    settings: Value,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(OPTIMIZE);
        command.args(["sandbox", "serve"]).args(arguments).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the binary starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("it prints where it is");
        Self { process, settings: serde_json::from_str(&line).expect("it prints JSON") }
    }

    pub(crate) fn setting(&self, name: &str) -> &str {
        self.settings[name].as_str().expect("a text")
    }

    /// A command of a user with this home directory, whose output nobody reads.
    pub(crate) fn command(&self, home: &TempDir, arguments: &[&str]) -> Command {
        let mut command = Command::new(OPTIMIZE);
        command.args(arguments).env_clear().env("HOME", home.path());
        for (variable, name) in [
            ("OPTIMIZE_BASE_URL", "base_url"),
            ("OPTIMIZE_TOKEN_URL", "token_url"),
            ("OPTIMIZE_CLIENT_ID", "client_id"),
            ("OPTIMIZE_CLIENT_SECRET", "client_secret"),
        ] {
            command.env(variable, self.setting(name));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
