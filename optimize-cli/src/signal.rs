//! Interruption by a signal.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::exit_code::Exit;

/// How long a command may take to clean up.
const GRACE: Duration = Duration::from_secs(1);

/// Whether interruptions are for the pager, which has the screen.
static IS_PAGING: AtomicBool = AtomicBool::new(false);

/// While a pager has the screen, what interrupts is for it. It ends the command by ending itself.
pub(crate) fn leave_to_pager(is_paging: bool) {
    IS_PAGING.store(is_paging, Ordering::Relaxed);
}

/// Resolves when the user interrupts the program.
///
/// A thread of its own listens, since the main one may be blocked in a write to a pipe that nobody reads. If cleaning up
/// takes longer than a second, for that reason, the thread ends the process.
pub(crate) fn interruption() -> io::Result<oneshot::Receiver<()>> {
    let (sender, receiver) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let interrupted = loop {
            let arrived = runtime.block_on(signal());
            if arrived.is_err() || !IS_PAGING.load(Ordering::Relaxed) {
                break arrived;
            }
        };
        if interrupted.is_ok() {
            crate::prompt::restore();
            // Fails only if the command has just ended.
            let _ = sender.send(());
            thread::sleep(GRACE);
            std::process::exit(Exit::Interrupted as i32);
        }
    })?;
    Ok(receiver)
}

#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
