//! Running a helper: one conversation with one process, which never outlives it.

use std::fmt;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::protocol::{Granted, Hello, Op, Previous, Request, Response, Target, VERSION, line};
use crate::error::{AuthError, AuthErrorKind};
use crate::lock::lock;
use crate::secret::scrub;
use crate::source::FetchContext;

/// The longest line that is read, in bytes. A helper that writes more is stopped.
pub const LINE_LIMIT: usize = 64 << 10;

/// How much of a helper's standard error is kept, in bytes.
const STDERR_LIMIT: usize = 16 << 10;

/// How long a helper may take to end once it has responded.
const GRACE: Duration = Duration::from_secs(1);

/// A longer timeout is cut to this one.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A helper program, and how it is run.
///
/// It is started without a shell, with the given environment alone, in a process group of its own, which is killed when
/// the conversation ends, is given up or runs out of time. A helper that leaves its process group outlives that, unless
/// there is a [supervisor](Self::with_supervisor).
///
/// ```
/// use optimize_auth::exec::Helper;
///
/// assert!(Helper::new(vec!["/usr/bin/env".to_owned(), "my-helper".to_owned()]).is_ok());
/// assert!(Helper::new(vec!["my-helper".to_owned()]).is_err(), "the path must be absolute");
/// ```
#[derive(Clone)]
pub struct Helper {
    command: Vec<String>,
    environment: Vec<(String, String)>,
    timeout: Duration,
    interactive: bool,
    supervisor: Vec<String>,
}

impl Helper {
    /// A helper by its arguments; the first is the absolute path of the program.
    pub fn new(command: Vec<String>) -> Result<Self, AuthError> {
        let invalid = |problem| Err(AuthError::invalid_setting("command", problem));
        match command.first() {
            None => return invalid("it is empty; the first element is the path of the program"),
            Some(program) if !std::path::Path::new(program).is_absolute() => {
                return invalid("the path of the program is not absolute");
            }
            _ => {}
        }
        if command.iter().any(|argument| argument.contains('\0')) {
            return invalid("an argument holds a NUL character");
        }
        Ok(Self {
            command,
            environment: Vec::new(),
            timeout: Duration::from_secs(30),
            interactive: false,
            supervisor: Vec::new(),
        })
    }

    /// The environment of the helper. Default empty.
    pub fn with_environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment = variables.into_iter().collect();
        self
    }

    /// How long the helper may take in all, at most a day. Default 30 s.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST);
        self
    }

    /// A program that runs the helper: its words, which those of the helper follow. It gets SIGTERM when the conversation
    /// is over, and must then end the helper and everything that the helper has started. Default none: then the process
    /// group of the helper is killed, and a process that has left the group survives.
    pub fn with_supervisor(mut self, words: Vec<String>) -> Self {
        self.supervisor = words;
        self
    }

    /// Allows the helper to ask the user. Default false.
    pub fn with_interaction(mut self, interactive: bool) -> Self {
        self.interactive = interactive;
        self
    }

    pub(crate) fn command(&self) -> &[String] {
        &self.command
    }

    /// Asks for one thing. `erase` and `login` come to nothing where the helper does not know them.
    pub(crate) async fn ask(
        &self,
        op: Op,
        context: &FetchContext,
        target: &Target,
        profile: Option<&str>,
    ) -> Result<Option<Granted>, AuthError> {
        let deadline = Instant::now() + self.timeout;
        let mut conversation = self.start()?;
        let outcome = timeout_at(deadline, async {
            let hello = conversation.hello().await?;
            let op = match op {
                Op::Get if context.reason != crate::FetchReason::Missing && hello.can(Op::Refresh) => Op::Refresh,
                Op::Erase | Op::Login if !hello.can(op) => return Ok(None),
                op => op,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let request = Request {
                v: VERSION,
                id: "1".to_owned(),
                op: op.as_str().to_owned(),
                reason: Request::reason_word(context.reason).to_owned(),
                target: target.clone(),
                profile: profile.map(str::to_owned),
                interactive: self.interactive,
                deadline_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
                previous: context.previous.clone().map(|fingerprint| {
                    let challenge = context.challenge.as_deref().map(|text| scrub(text, &[]));
                    Previous { challenge, ..Previous::new(fingerprint) }
                }),
            };
            conversation.send(&request).await?;
            conversation.response(&request.id).await.map(Some)
        });
        match outcome.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(problem)) => Err(self.failed(&problem, &conversation)),
            Err(_) => Err(self.failed(&format!("it did not respond within {:?}", self.timeout).into(), &conversation)),
        }
    }

    fn failed(&self, problem: &HelperProblem, conversation: &Conversation) -> AuthError {
        let said = conversation.stderr();
        let said = if said.is_empty() { String::new() } else { format!(" (it wrote: {said})") };
        let message = format!("failed to get a credential from the helper {}: {}{said}", self.command[0], problem.text);
        let error = AuthError::new(problem.kind, message);
        let error = if let Some(code) = problem.code { error.with_code(code) } else { error };
        match problem.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    /// Starts the process.
    pub fn start(&self) -> Result<Conversation, AuthError> {
        let is_supervised = !self.supervisor.is_empty();
        let mut words = self.supervisor.iter().chain(&self.command);
        let mut command = Command::new(words.next().unwrap_or(&self.command[0]));
        command.args(words).env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A supervisor that is killed could not end the helper any more.
        command.kill_on_drop(!is_supervised);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => AuthErrorKind::NotFound,
                _ => AuthErrorKind::InvalidInput,
            };
            AuthError::new(kind, format!("failed to start the helper {}", self.command[0]))
                .with_setting("command")
                .with_source(error)
        })?;
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let drain = child.stderr.take().map(|source| tokio::spawn(keep(source, stderr.clone())));
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both were asked for above")
        };
        let group = child.id();
        Ok(Conversation {
            stdin: Some(stdin),
            stdout: BufReader::new(stdout),
            stderr,
            drain,
            child,
            group,
            is_supervised,
        })
    }
}

impl fmt::Debug for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.environment.iter().map(|(name, _)| name).collect();
        f.debug_struct("Helper")
            .field("command", &self.command)
            .field("environment", &names)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Keeps the first part of a stream and throws the rest away, so that the helper never waits for a reader.
async fn keep(mut source: impl AsyncRead + Unpin, kept: Arc<Mutex<Vec<u8>>>) {
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = source.read(&mut chunk).await {
        let mut kept = lock(&kept);
        let room = STDERR_LIMIT - kept.len();
        kept.extend_from_slice(&chunk[..count.min(room)]);
    }
}

/// A helper that runs. Dropping it kills the whole process group, or has the supervisor end it.
pub struct Conversation {
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: Arc<Mutex<Vec<u8>>>,
    drain: Option<JoinHandle<()>>,
    child: Child,
    /// The id of the process, and so of its group, which may have members that outlive it.
    group: Option<u32>,
    is_supervised: bool,
}

/// What went wrong in a conversation.
#[derive(Debug)]
pub struct HelperProblem {
    kind: AuthErrorKind,
    text: String,
    code: Option<&'static str>,
    retry_after: Option<Duration>,
}

impl From<String> for HelperProblem {
    fn from(text: String) -> Self {
        Self { kind: AuthErrorKind::Protocol, text, code: None, retry_after: None }
    }
}

impl From<&str> for HelperProblem {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Display for HelperProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Conversation {
    /// Reads the greeting and checks its version.
    pub async fn hello(&mut self) -> Result<Hello, HelperProblem> {
        let hello: Hello = self.read("its greeting").await?;
        if !hello.greeting.v.contains(&VERSION) {
            return Err(format!("it does not speak version {VERSION} of the protocol").into());
        }
        Ok(hello)
    }

    /// Sends a request.
    pub async fn send(&mut self, request: &Request) -> Result<(), HelperProblem> {
        self.send_raw(&line(request)).await
    }

    /// Sends any bytes, to see what a helper makes of them.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> Result<(), HelperProblem> {
        let Some(stdin) = &mut self.stdin else { return Err("it was asked already".into()) };
        let sent = async {
            stdin.write_all(bytes).await?;
            stdin.flush().await
        };
        sent.await.map_err(|_| "it did not read the request".into())
    }

    /// Ends the helper's standard input.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// Reads the one response to the request `id`, and makes sure that there is no second one.
    pub async fn response(&mut self, id: &str) -> Result<Granted, HelperProblem> {
        let response: Response = self.read("its response").await?;
        if response.v != VERSION {
            return Err("its response has another version".into());
        }
        if response.id != id {
            return Err("its response has the id of another request".into());
        }
        self.close();
        // A helper that does not end by itself is killed; one that keeps writing is not to be trusted.
        if let Ok(more) = tokio::time::timeout(GRACE, self.read_line("a second response")).await
            && !more?.trim_ascii().is_empty()
        {
            return Err("it sent two responses".into());
        }
        match (response.ok, response.err) {
            (Some(granted), None) => Ok(granted),
            (None, Some(problem)) => Err(refusal(&problem)),
            _ => Err("its response has neither `ok` nor `err`, or both".into()),
        }
    }

    /// Whether the process has ended, waiting for it until `deadline`.
    pub async fn ends_before(&mut self, deadline: Instant) -> bool {
        timeout_at(deadline, self.child.wait()).await.is_ok()
    }

    /// What the helper has written to standard error so far, fit to be shown.
    pub fn stderr(&self) -> String {
        let kept = lock(&self.stderr);
        scrub(String::from_utf8_lossy(&kept).trim(), &[])
    }

    async fn read<T: DeserializeOwned>(&mut self, what: &str) -> Result<T, HelperProblem> {
        let line = self.read_line(what).await?;
        if line.is_empty() {
            let status = match tokio::time::timeout(GRACE, self.child.wait()).await {
                Ok(Ok(status)) => format!("it ended ({status})"),
                _ => "it closed its standard output".to_owned(),
            };
            return Err(format!("{status} before {what}").into());
        }
        // A serde error repeats the invalid value, which may be a secret: report its position only.
        serde_json::from_slice(&line).map_err(|error| {
            format!("{what} is not of the protocol's form (line {}, column {})", error.line(), error.column()).into()
        })
    }

    /// One line, without more than the limit being read; empty at the end.
    async fn read_line(&mut self, what: &str) -> Result<Zeroizing<Vec<u8>>, HelperProblem> {
        let mut line = Zeroizing::new(Vec::with_capacity(LINE_LIMIT + 1));
        limited(&mut self.stdout).read_until(b'\n', &mut line).await.map_err(|_| format!("{what} cannot be read"))?;
        if line.len() > LINE_LIMIT {
            return Err(format!("{what} is longer than {LINE_LIMIT} bytes").into());
        }
        Ok(line)
    }
}

fn limited<R: AsyncBufRead + Unpin>(reader: &mut R) -> tokio::io::Take<&mut R> {
    reader.take(LINE_LIMIT as u64 + 1)
}

fn refusal(problem: &super::Problem) -> HelperProblem {
    use super::ErrorKind;
    let (kind, code) = match problem.kind() {
        ErrorKind::NotFound => (AuthErrorKind::NotFound, None),
        ErrorKind::Unsupported => (AuthErrorKind::Unsupported, None),
        ErrorKind::Denied => (AuthErrorKind::Refused, Some("denied")),
        ErrorKind::InteractionRequired => (AuthErrorKind::Refused, Some("interaction_required")),
        ErrorKind::Transient => (AuthErrorKind::Unavailable, None),
        ErrorKind::Other => (AuthErrorKind::Refused, None),
    };
    let word = problem.kind().as_str();
    let text = match scrub(&problem.message, &[]) {
        message if message.is_empty() => format!("it refused: {word}"),
        message => format!("it refused: {word}: {message}"),
    };
    HelperProblem { kind, text, code, retry_after: problem.retry_after_ms.map(Duration::from_millis) }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        if let Some(drain) = &self.drain {
            drain.abort();
        }
        // A group that has already ended cannot be killed, which is as good.
        #[cfg(unix)]
        if let Some(group) = self.group.and_then(|id| rustix::process::Pid::from_raw(id.try_into().ok()?)) {
            use rustix::process::{Signal, kill_process, kill_process_group};
            let _ = if self.is_supervised {
                kill_process(group, Signal::TERM)
            } else {
                kill_process_group(group, Signal::KILL)
            };
        }
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation").field("process", &self.group).finish_non_exhaustive()
    }
}
