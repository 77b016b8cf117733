//! The process between this program and a credential helper, a secret command or a plugin that is asked for its manifest.
//!
//! It is this program again, started as `optimize __supervise PID -- PROGRAM …`. It ends with the program, or when it gets
//! SIGTERM, or when the process PID ends in any way; and then it ends everything that the program has left behind, also
//! what has left its process group or session. That takes a subreaper and a parent-death signal, which Linux has.

use crate::descriptors;

/// The word that stands before everything else.
const WORD: &str = "__supervise";

#[cfg(target_os = "linux")]
pub(crate) use linux::supervised;

/// The words before a command that make it supervised; none where that is not possible. For programs that are started from
/// now on, what our parent has left open is closed.
pub(crate) fn prefix() -> Vec<String> {
    descriptors::keep_from_children();
    #[cfg(target_os = "linux")]
    return linux::prefix();
    #[cfg(not(target_os = "linux"))]
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn supervised(_: &[std::ffi::OsString]) -> Option<std::process::ExitCode> {
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::fs::File;
    use std::os::unix::process::ExitStatusExt;
    use std::path::Path;
    use std::process::{Child, Command, ExitCode, ExitStatus};
    use std::time::Duration;
    use std::{io, thread};

    use rustix::process::{Pid, Signal, WaitOptions, getpid, getppid, kill_process, wait};
    use rustix::process::{set_child_subreaper, set_parent_process_death_signal};
    use tokio::signal::unix::{SignalKind, signal};

    use super::WORD;

    /// This program, whatever has become of its file since it was started.
    const SELF: &str = "/proc/self/exe";

    /// How long to keep ending processes that start others as fast as they are ended.
    const MOST_ROUNDS: u32 = 2000;
    const PAUSE: Duration = Duration::from_millis(1);

    /// As shells have it: the program cannot be started.
    const CANNOT_START: u8 = 126;

    /// None where there is no `/proc`.
    pub(super) fn prefix() -> Vec<String> {
        if !Path::new(SELF).exists() {
            return Vec::new();
        }
        let parent = getpid().as_raw_nonzero().to_string();
        [SELF, WORD, &parent, "--"].map(str::to_owned).to_vec()
    }

    /// Runs a command that has the prefix; `None` if these are other arguments.
    pub(crate) fn supervised(arguments: &[OsString]) -> Option<ExitCode> {
        let [_, word, parent, dashes, program, rest @ ..] = arguments else { return None };
        if word != WORD || dashes != "--" {
            return None;
        }
        let parent = parent.to_str()?.parse().ok().and_then(Pid::from_raw)?;
        match run(parent, program, rest) {
            Ok(code) => Some(code),
            Err(error) => {
                eprintln!("cannot start {}: {error}", optimize_auth::visible(&program.to_string_lossy()));
                Some(CANNOT_START.into())
            }
        }
    }

    fn run(parent: Pid, program: &OsString, arguments: &[OsString]) -> io::Result<ExitCode> {
        set_parent_process_death_signal(Some(Signal::TERM))?;
        // Any process id switches it on.
        set_child_subreaper(Some(getpid()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let _context = runtime.enter();
        // Before the check and the start, so that neither signal is missed.
        let (mut terminate, mut ended) = (signal(SignalKind::terminate())?, signal(SignalKind::child())?);
        if getppid() != Some(parent) {
            return Ok(ExitCode::FAILURE);
        }
        let mut child = Command::new(program).args(arguments).spawn()?;
        leave_the_pipes()?;
        let status = runtime.block_on(async {
            loop {
                if let Some(status) = child.try_wait()? {
                    return io::Result::Ok(Some(status));
                }
                tokio::select! {
                    _ = terminate.recv() => return Ok(None),
                    _ = ended.recv() => {}
                }
            }
        });
        end_descendants(&mut child);
        Ok(code(status?))
    }

    /// Only the program itself is to keep the pipes open, so that the reader sees where they end.
    fn leave_the_pipes() -> io::Result<()> {
        let nothing = File::options().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&nothing)?;
        rustix::stdio::dup2_stdout(&nothing)?;
        rustix::stdio::dup2_stderr(&nothing)?;
        Ok(())
    }

    /// Kills until nothing is left. As a subreaper this process is the parent of every orphan among them.
    fn end_descendants(child: &mut Child) {
        for _ in 0..MOST_ROUNDS {
            let left = descendants();
            if left.is_empty() {
                return;
            }
            for process in left {
                // It may have ended by itself.
                let _ = kill_process(process, Signal::KILL);
            }
            // The same: reaped here or already.
            let _ = child.try_wait();
            while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
            thread::sleep(PAUSE);
        }
    }

    /// The processes that come from this one, by the parents that `/proc` names.
    fn descendants() -> Vec<Pid> {
        let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(process) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
            // A process that has ended meanwhile has no file.
            let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
            // The name of the program stands in parentheses and may hold some itself; state and parent follow.
            let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
            if let Some(parent) = parent {
                children.entry(parent).or_default().push(process);
            }
        }
        let mut found = Vec::new();
        let mut next = vec![getpid().as_raw_nonzero().get()];
        while let Some(parent) = next.pop() {
            for process in children.remove(&parent).unwrap_or_default() {
                next.push(process);
                found.extend(Pid::from_raw(process));
            }
        }
        found
    }

    fn code(status: Option<ExitStatus>) -> ExitCode {
        let Some(status) = status else { return ExitCode::FAILURE };
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1).into()
    }
}
