//! A thread that makes rows into bytes, so that the next page arrives meanwhile.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use optimize_bulk::{Batch, Error, Format, Sink, Written};
use tokio::sync::{mpsc, oneshot};

/// How many pages wait for the thread.
const WAITING: usize = 1;

/// What a thread ends with: where it has written to, and what.
type Outcome = (Box<dyn Sink>, Result<Written, Error>);

/// The end of a thread that rows are given to. Dropping it waits until the target is as it was.
pub(super) struct Worker {
    steps: Option<mpsc::Sender<Step>>,
    outcome: oneshot::Receiver<Outcome>,
    is_stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

enum Step {
    Rows(Batch),
    End,
}

impl Worker {
    pub(super) fn start(format: Box<dyn Format>, sink: Box<dyn Sink>) -> io::Result<Self> {
        let (steps, received) = mpsc::channel(WAITING);
        let (sender, outcome) = oneshot::channel();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let target = Stoppable { sink, is_stopped: is_stopped.clone() };
        let thread = std::thread::Builder::new()
            .name("format".to_owned())
            .spawn(move || work(format, target, received, sender))?;
        Ok(Self { steps: Some(steps), outcome, is_stopped, thread: Some(thread) })
    }

    /// Hands over rows, as soon as the thread has room for them.
    pub(super) async fn send(&mut self, batch: Batch) {
        if let Some(steps) = &self.steps {
            // If the thread has ended, `finish` returns why.
            let _ = steps.send(Step::Rows(batch)).await;
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.steps.as_ref().is_none_or(mpsc::Sender::is_closed)
    }

    /// Waits for the rest to be written.
    pub(super) async fn finish(mut self) -> Result<Outcome, Error> {
        if let Some(steps) = self.steps.take() {
            let _ = steps.send(Step::End).await;
        }
        (&mut self.outcome).await.map_err(|_| Error::Write(io::Error::other("the thread that writes has ended")))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        drop(self.steps.take());
        self.outcome.close();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has left nothing behind either.
            let _ = thread.join();
        }
    }
}

/// A target that takes nothing more once it is stopped.
struct Stoppable {
    sink: Box<dyn Sink>,
    is_stopped: Arc<AtomicBool>,
}

impl Write for Stoppable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_stopped.load(Ordering::Relaxed) {
            return Err(io::Error::other("the export was stopped"));
        }
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

fn work(
    mut format: Box<dyn Format>,
    mut target: Stoppable,
    mut steps: mpsc::Receiver<Step>,
    outcome: oneshot::Sender<Outcome>,
) {
    let written = loop {
        match steps.blocking_recv() {
            Some(Step::Rows(batch)) => {
                if let Err(error) = format.write(&batch, &mut target) {
                    break Err(error);
                }
            }
            Some(Step::End) => break format.finish(&mut target),
            None => return target.sink.abort(),
        }
    };
    drop(steps);
    if let Err((sink, _)) = outcome.send((target.sink, written)) {
        sink.abort();
    }
}
