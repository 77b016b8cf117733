//! Programs that are started for what they print: for so long, and so much.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;

use crate::descriptors;

/// A program, and how far it may go.
pub(crate) struct Bounded {
    /// The program and its arguments; there is no shell.
    pub(crate) command: Command,
    pub(crate) patience: Duration,
    /// In bytes.
    pub(crate) limit: usize,
}

impl Bounded {
    /// What the program prints. It may be a secret.
    ///
    /// Fails if the program does not end well and in time, or prints more than the limit; it is killed then.
    pub(crate) fn run(mut self) -> Result<Zeroizing<Vec<u8>>, String> {
        descriptors::keep_from_children();
        let starting = self.command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = starting.spawn().map_err(|error| format!("it cannot be started: {error}"))?;
        let stdout = child.stdout.take().ok_or("it has no output")?;
        let (sender, receiver) = mpsc::channel();
        let most = self.limit as u64 + 1;
        thread::spawn(move || {
            let mut printed = Zeroizing::new(Vec::new());
            let read = stdout.take(most).read_to_end(&mut printed);
            // Nobody waits any more if the time is over.
            let _ = sender.send(read.map(|_| printed));
        });
        let printed = match receiver.recv_timeout(self.patience) {
            Ok(Ok(printed)) if printed.len() <= self.limit => Ok(printed),
            Ok(Ok(_)) => Err(format!("it prints more than {} KiB", self.limit >> 10)),
            Ok(Err(error)) => Err(format!("it cannot be read: {error}")),
            Err(_) => Err(format!("it did not end within {:?}", self.patience)),
        };
        if printed.is_err() {
            end(&mut child);
            return printed;
        }
        // It has closed its output; it may take a moment more.
        match wait(&mut child, self.patience) {
            Ok(Some(status)) if status.success() => printed,
            Ok(Some(status)) => Err(format!("it ended with {status}")),
            Ok(None) => {
                end(&mut child);
                Err(format!("it did not end within {:?}", self.patience))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<std::process::ExitStatus>> {
    const PAUSE: Duration = Duration::from_millis(2);
    for _ in 0..patience.as_millis() / PAUSE.as_millis() {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(PAUSE);
    }
    child.try_wait()
}

/// Ends the program and, if it leads a group, all that it has started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // It is none if it leads no group.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
