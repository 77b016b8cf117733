//! Programs that are started for what they print: for so long, and so much.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;

/// A program, and how far it may go.
pub struct Bounded<'a> {
    /// The absolute path of the program, and its arguments. There is no shell.
    pub command: &'a [String],
    /// The words before it that make it supervised, if any.
    pub supervisor: Vec<String>,
    /// All that it gets of the environment.
    pub environment: Vec<(String, String)>,
    /// Whether what it writes to standard error is shown.
    pub shows_errors: bool,
    /// How long it may take.
    pub patience: Duration,
    /// In bytes.
    pub limit: usize,
}

/// How long the supervisor may take to end what the program has started.
const GRACE: Duration = Duration::from_secs(3);

impl Bounded<'_> {
    /// What the program prints. It may be a secret.
    ///
    /// Fails if the program does not end well and in time, or prints more than the limit; it is killed then, on Linux with
    /// all that it has started.
    pub fn run(self) -> Result<Zeroizing<Vec<u8>>, String> {
        let mut words = self.supervisor.iter().chain(self.command);
        let mut command = Command::new(words.next().ok_or("there is no program")?);
        command.args(words).env_clear().envs(self.environment);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        if !self.shows_errors {
            command.stderr(Stdio::null());
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().map_err(|error| format!("it cannot be started: {error}"))?;
        let mut running = Running { child, is_supervised: !self.supervisor.is_empty() };
        let stdout = running.child.stdout.take().ok_or("it has no output")?;
        let (sender, receiver) = mpsc::channel();
        let most = self.limit as u64 + 1;
        thread::spawn(move || {
            // Large enough from the start that growing leaves no copy behind.
            let mut printed = Zeroizing::new(Vec::with_capacity(self.limit + 1));
            let read = stdout.take(most).read_to_end(&mut printed);
            // The reader may have given up.
            let _ = sender.send(read.map(|_| printed));
        });
        let late = || format!("it did not end within {:?}", self.patience);
        let printed = match receiver.recv_timeout(self.patience) {
            Ok(Ok(printed)) if printed.len() <= self.limit => printed,
            Ok(Ok(_)) => return Err(format!("it prints more than {} KiB", self.limit >> 10)),
            Ok(Err(error)) => return Err(format!("it cannot be read: {error}")),
            Err(_) => return Err(late()),
        };
        // It has closed its output; it may take a moment more.
        match running.wait(self.patience) {
            Ok(Some(status)) if status.success() => Ok(printed),
            Ok(Some(status)) => Err(format!("it ended with {status}")),
            Ok(None) => Err(late()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A program that is ended when this is dropped.
struct Running {
    child: Child,
    is_supervised: bool,
}

impl Running {
    fn wait(&mut self, patience: Duration) -> io::Result<Option<std::process::ExitStatus>> {
        const PAUSE: Duration = Duration::from_millis(2);
        for _ in 0..patience.as_millis() / PAUSE.as_millis() {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            thread::sleep(PAUSE);
        }
        self.child.try_wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(Some(_)) = self.child.try_wait() {
            return;
        }
        #[cfg(unix)]
        if let Some(process) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            use rustix::process::{Signal, kill_process, kill_process_group};
            // It may have ended by itself, here and below.
            if self.is_supervised
                && kill_process(process, Signal::TERM).is_ok()
                && self.wait(GRACE).is_ok_and(|end| end.is_some())
            {
                return;
            }
            let _ = kill_process_group(process, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
