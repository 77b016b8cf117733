//! Interruption by a signal.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
#[cfg(unix)]
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::CliError;
use crate::exit_code::Exit;

/// How long a command may take to clean up.
const GRACE: Duration = Duration::from_secs(1);

/// Whether interruptions are for the pager, which has the screen.
static IS_PAGING: AtomicBool = AtomicBool::new(false);

/// What a command that wants to bring its work to an end is notified by.
static DRAIN: Mutex<Option<oneshot::Sender<()>>> = Mutex::new(None);

/// Resolves at the first signal that interrupts, which then interrupts nothing: the command brings its work to an end. The next one
/// interrupts.
#[cfg(feature = "streams")]
pub(crate) fn end_of_work() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    *drain() = Some(sender);
    receiver
}

fn drain() -> MutexGuard<'static, Option<oneshot::Sender<()>>> {
    DRAIN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While a pager has the screen, what interrupts is for it. It ends the command by ending itself.
pub(crate) fn leave_to_pager(is_paging: bool) {
    IS_PAGING.store(is_paging, Ordering::Relaxed);
}

/// Resolves when the user interrupts the program. From now on no signal that interrupts is missed.
///
/// A thread of its own listens, since the main one may be blocked in a write to a pipe that nobody reads. If cleaning up
/// takes longer than a second, for that reason, the thread ends the process.
pub(crate) fn interruption() -> io::Result<oneshot::Receiver<()>> {
    let (sender, receiver) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut signals = {
        let _context = runtime.enter();
        Signals::listen()?
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let interrupted = loop {
            let arrived = runtime.block_on(signals.arrive());
            let is_taken = arrived.is_ok() && drain().take().is_some_and(|drain| drain.send(()).is_ok());
            if arrived.is_err() || !is_taken && !IS_PAGING.load(Ordering::Relaxed) {
                break arrived;
            }
        };
        if interrupted.is_ok() {
            crate::prompt::restore();
            // Fails only if the command has just ended.
            let _ = sender.send(());
            if !crate::prompt::is_asking() {
                thread::sleep(GRACE);
            }
            std::process::exit(Exit::Interrupted as i32);
        }
    })?;
    Ok(receiver)
}

/// Those that interrupt, from when they are listened to.
#[cfg(unix)]
struct Signals {
    ends: Vec<tokio::signal::unix::Signal>,
    /// A file that grows past the limit of its size is an error of the write, not the end of the program.
    _file_size: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            // Those that nobody sends on purpose end the program too, and it puts the terminal back first.
            SignalKind::quit(),
            SignalKind::alarm(),
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
        ];
        let ends = kinds.into_iter().map(signal).collect::<io::Result<_>>()?;
        Ok(Self { ends, _file_size: signal(SignalKind::from_raw(FILE_SIZE))? })
    }

    async fn arrive(&mut self) -> io::Result<()> {
        std::future::poll_fn(|context| {
            let has_arrived = self.ends.iter_mut().any(|end| end.poll_recv(context).is_ready());
            if has_arrived { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        Ok(())
    }
}

/// SIGXFSZ.
#[cfg(unix)]
const FILE_SIZE: i32 = rustix::process::Signal::XFSZ.as_raw();

/// Fails if so few files can be open that neither signals nor connections can be set up.
#[cfg(unix)]
pub(crate) fn check_file_limit() -> Result<(), CliError> {
    const LEAST: u64 = 16;
    match rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        Some(limit) if limit < LEAST => {
            Err(CliError::config(format!("start: the limit of open files is {limit}, and {LEAST} are needed"))
                .with_hint("raise it: ulimit -n 256"))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub(crate) fn check_file_limit() -> Result<(), CliError> {
    Ok(())
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn arrive(&mut self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
