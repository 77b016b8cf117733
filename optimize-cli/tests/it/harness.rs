//! One way to run the binary, and one list of what differs from run to run.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use optimize_sandbox::{Fault, FaultRule, Sandbox, SandboxBuilder};
use tempfile::TempDir;

/// Patterns of what no snapshot can hold, and what stands there instead.
const FILTERS: [(&str, &str); 7] = [
    (r"SHA-256 [0-9a-f]{64}", "SHA-256 [DIGITS]"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "[TOKEN]"),
    (r"\b[0-9a-f]{48}\b", "[SECRET]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[TIME]"),
    (r#""expires_in":\d+"#, r#""expires_in":[SECONDS]"#),
    (r" +\n", "\n"),
];

/// Asserts on a run, or on any text, with the filters.
macro_rules! check {
    ($text:expr, @$expected:literal) => {
        insta::with_settings!({ filters => $crate::harness::filters() }, {
            insta::assert_snapshot!($text, @$expected);
        })
    };
}
pub(crate) use check;

pub(crate) fn filters() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILTERS.into_iter()
}

/// A user: a home directory, an environment, and what goes into standard input.
pub(crate) struct User {
    home: TempDir,
    variables: Vec<(String, String)>,
    input: String,
    /// Not asked, but kept up.
    server: Option<Server>,
    /// A second one.
    other: Option<Server>,
}

impl User {
    /// A user who has configured nothing.
    pub(crate) fn new() -> Self {
        Self { home: TempDir::new().unwrap(), variables: Vec::new(), input: String::new(), server: None, other: None }
    }

    /// A user of this server, by its own OAuth client.
    pub(crate) fn of(sandbox: &Sandbox) -> Self {
        Self::new()
            .with("OPTIMIZE_BASE_URL", &sandbox.base_url())
            .with("OPTIMIZE_TOKEN_URL", &sandbox.token_url())
            .with("OPTIMIZE_CLIENT_ID", sandbox.client_id())
            .with("OPTIMIZE_CLIENT_SECRET", sandbox.client_secret())
    }

    /// A user of a server that lives as long as the user.
    pub(crate) fn owning(server: Server) -> Self {
        Self::of(&server).keeping(server)
    }

    /// Keeps a server up as long as the user lives.
    pub(crate) fn keeping(mut self, server: Server) -> Self {
        self.server = Some(server);
        self
    }

    /// Keeps another server up, too.
    pub(crate) fn keeping_also(mut self, server: Server) -> Self {
        self.other = Some(server);
        self
    }

    /// A user of a server nobody else asks.
    pub(crate) fn of_a_server() -> Self {
        Self::owning(Server::new())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn typing(mut self, input: &str) -> Self {
        input.clone_into(&mut self.input);
        self
    }

    /// Writes a file into the home directory, for its owner alone.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        path
    }

    /// Writes the configuration file.
    pub(crate) fn configure(&self, text: &str) -> PathBuf {
        self.file(".config/optimize/config.toml", text)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of all that lies in the home directory, besides the token cache.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != ".cache");
        names.sort();
        names
    }

    /// What has arrived at the user's own server.
    pub(crate) fn server_journal(&self) -> Vec<optimize_sandbox::Entry> {
        self.server.as_ref().map(|server| server.journal()).unwrap_or_default()
    }

    /// All variables of the user.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let home = ("HOME".to_owned(), self.home.path().to_str().unwrap().to_owned());
        self.variables.iter().cloned().chain([home]).collect()
    }

    /// The command, with standard input and output as they are.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_optimize"));
        command.args(arguments).current_dir(self.home.path()).env_clear().env("HOME", self.home.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts `sandbox serve` with these further arguments, and waits until it is up.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Serving {
        let mut process = self.start(&[&["sandbox", "serve"], arguments].concat());
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Serving { process, line }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut child = self.start(arguments);
        child.stdin.take().unwrap().write_all(self.input.as_bytes()).unwrap();
        self.ran(&child.wait_with_output().unwrap())
    }

    /// Like [`run`](Self::run), with the words of `line`.
    pub(crate) fn types(&self, line: &str) -> Ran {
        self.run(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn ran(&self, output: &Output) -> Ran {
        let home = self.home.path().to_str().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace(home, "[HOME]");
        Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

/// Waits for what another process does; `what` says what did not happen in a minute.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("it never came true that {what}");
}

/// A sandbox in a process of its own, killed when dropped.
pub(crate) struct Serving {
    pub(crate) process: Child,
    /// What it printed when it was up.
    pub(crate) line: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr } = self;
        write!(f, "exit {}\n--- stdout\n{stdout}--- stderr\n{stderr}", code.unwrap_or(-1))
    }
}

/// A sandbox that runs on threads of its own, so that a test may block.
pub(crate) struct Server {
    sandbox: Option<Sandbox>,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::start(Sandbox::builder())
    }

    pub(crate) fn start(builder: SandboxBuilder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sandbox = runtime.block_on(builder.start()).unwrap();
        Self { sandbox: Some(sandbox), runtime }
    }

    /// A server whose exports meet `fault` at their follow-up pages, `times` in all.
    pub(crate) fn failing_on_second_page(fault: Fault, times: u32) -> Self {
        let rule = FaultRule::new("/api/public/export/report/*/result/json", fault);
        Self::start(Sandbox::builder().fault(rule.with_query("searchRequestId").times(times)))
    }

    /// The statuses of the responses to requests below `/api`.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        let api = self.journal().into_iter().filter(|entry| entry.path.starts_with("/api"));
        api.map(|entry| entry.status).collect()
    }
}

impl std::ops::Deref for Server {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        self.sandbox.as_ref().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _context = self.runtime.enter();
        self.sandbox = None;
    }
}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_: &Path, _: u32) {}

#[cfg(unix)]
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A command in a terminal, and the person in front of it.
#[cfg(unix)]
pub(crate) struct Terminal {
    process: Child,
    screen: std::sync::mpsc::Receiver<u8>,
    seen: String,
    /// How much of what was seen has been expected already.
    expected: usize,
}

#[cfg(unix)]
impl Terminal {
    /// Waits until the screen shows `text`.
    pub(crate) fn expect(&mut self, text: &str) {
        while !self.seen[self.expected..].contains(text) {
            let Ok(byte) = self.screen.recv_timeout(std::time::Duration::from_secs(20)) else {
                panic!("the screen does not show {text:?}:\n{}", self.seen);
            };
            self.seen.push(char::from(byte));
        }
        self.expected = self.seen.len();
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.say_raw(&format!("{line}\n"));
    }

    pub(crate) fn say_raw(&mut self, text: &str) {
        self.process.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the end: the exit code, and all that was on the screen.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let code = self.process.wait().unwrap().code();
        self.seen.extend(self.screen.iter().map(char::from));
        (code, self.seen)
    }
}

#[cfg(unix)]
impl User {
    /// Starts a command in a terminal that prints at its end whether it echoes what is typed.
    pub(crate) fn at_a_terminal(&self, line: &str) -> Terminal {
        self.shell_at_a_terminal(&format!(
            "trap : INT; {} {line}; code=$?; stty | grep -q -- -echo && echo echo is off || echo echo is on; exit $code",
            env!("CARGO_BIN_EXE_optimize")
        ))
    }

    /// Starts a line of shell in a terminal.
    pub(crate) fn shell_at_a_terminal(&self, command: &str) -> Terminal {
        let mut script = Command::new("script");
        script.args(["--quiet", "--flush", "--return", "--command", command, "/dev/null"]);
        script.current_dir(self.home.path()).env_clear().env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin");
        // Links are of use to a person, and no two terminals agree on them.
        script.env("FORCE_HYPERLINK", "0");
        script.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let mut process =
            script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("`script` of util-linux is there");
        let output = process.stdout.take().unwrap();
        let (sender, screen) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for byte in std::io::Read::bytes(BufReader::new(output)) {
                // Nobody looks at the screen any more if this fails.
                if byte.is_err() || sender.send(byte.unwrap()).is_err() {
                    return;
                }
            }
        });
        Terminal { process, screen, seen: String::new(), expected: 0 }
    }

    /// A program that is a shell script.
    pub(crate) fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.file(name, &format!("#!/bin/sh\n{body}\n"));
        set_mode(&path, 0o755);
        path
    }
}
