//! Output on its way to a reader that may be slower than the server.
//!
//! A thread writes to the reader, so that a full pipe holds up neither the connection nor Ctrl-C. What the reader has not
//! taken yet waits in memory, and beyond a limit in an unnamed temporary file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use super::target::Target;

/// How many bytes wait in memory.
const MOST_IN_MEMORY: usize = 4 << 20;
/// How many bytes are read from the file at a time.
const CHUNK: usize = 1 << 18;

/// The end that output is written to. Writing fails once the reader has gone.
pub(super) struct Backlog {
    shared: Arc<Shared>,
    /// Bytes that are handed over together.
    pending: Vec<u8>,
    outcome: oneshot::Receiver<io::Result<()>>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Something was added, or nothing will be any more.
    changed: Condvar,
}

/// Bytes in the order they came: first those in memory, then those in the file.
#[derive(Default)]
struct Queue {
    chunks: VecDeque<Vec<u8>>,
    in_memory: usize,
    file: Option<File>,
    read: u64,
    written: u64,
    is_complete: bool,
    /// Why the reader gets nothing more.
    failure: Option<io::Error>,
}

impl Backlog {
    /// Starts the thread that writes to `target`.
    pub(super) fn start(target: Target) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let (sender, outcome) = oneshot::channel();
        let of_thread = shared.clone();
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            let outcome = of_thread.pour(target);
            if let Err(error) = &outcome {
                of_thread.lock().failure = Some(copy(error));
            }
            // Nobody waits if the run was interrupted.
            let _ = sender.send(outcome);
        })?;
        Ok(Self { shared, pending: Vec::new(), outcome })
    }

    /// Waits until the reader has taken everything.
    pub(super) async fn finish(mut self) -> io::Result<()> {
        // If the reader has gone, the thread reports it.
        let handed_over = self.hand_over();
        self.shared.complete();
        (&mut self.outcome).await.unwrap_or_else(|_| Err(io::Error::other("the thread that writes has ended")))?;
        handed_over
    }

    fn hand_over(&mut self) -> io::Result<()> {
        self.shared.push(std::mem::take(&mut self.pending))
    }
}

impl Write for Backlog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= CHUNK {
            self.hand_over()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_over()
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.shared.complete();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complete(&self) {
        self.lock().is_complete = true;
        self.changed.notify_one();
    }

    fn push(&self, chunk: Vec<u8>) -> io::Result<()> {
        let mut queue = self.lock();
        if let Some(failure) = &queue.failure {
            return Err(copy(failure));
        }
        if !chunk.is_empty() {
            queue.push(chunk).map_err(|error| {
                let directory = std::env::temp_dir();
                let text = format!(
                    "the reader is slow, and the temporary file in {} that keeps the rest failed: {error}; set TMPDIR",
                    directory.display()
                );
                io::Error::new(error.kind(), text)
            })?;
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Writes what comes until there is nothing more to come.
    fn pour(&self, mut target: Target) -> io::Result<()> {
        loop {
            let mut queue = self.lock();
            let chunk = queue.pop()?;
            if let Some(chunk) = chunk {
                drop(queue);
                target.write_all(&chunk)?;
                continue;
            }
            if queue.is_complete {
                drop(queue);
                return target.finish();
            }
            drop(queue);
            target.flush()?;
            let queue = self.lock();
            if queue.is_empty() && !queue.is_complete {
                drop(self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner));
            }
        }
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.read == self.written
    }

    fn push(&mut self, chunk: Vec<u8>) -> io::Result<()> {
        if self.read == self.written && self.in_memory + chunk.len() <= MOST_IN_MEMORY {
            self.in_memory += chunk.len();
            self.chunks.push_back(chunk);
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(optimize_bulk::temporary_file()?),
        };
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(&chunk)?;
        self.written += chunk.len() as u64;
        Ok(())
    }

    fn pop(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(chunk) = self.chunks.pop_front() {
            self.in_memory -= chunk.len();
            return Ok(Some(chunk));
        }
        let Some(file) = self.file.as_mut().filter(|_| self.read < self.written) else { return Ok(None) };
        let mut chunk = Vec::with_capacity(CHUNK);
        file.seek(SeekFrom::Start(self.read))?;
        file.take(CHUNK as u64).read_to_end(&mut chunk)?;
        self.read += chunk.len() as u64;
        if self.read == self.written {
            (self.read, self.written) = (0, 0);
            file.set_len(0)?;
        }
        Ok(Some(chunk))
    }
}

/// The same error once more.
fn copy(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_leave_in_the_order_they_came_wherever_they_waited() {
        let mut queue = Queue::default();
        let (mut sent, mut received) = (Vec::new(), Vec::new());
        let mut number = 0_u32;
        // It grows far past the limit, shrinks to nothing, and grows again.
        for (pushes, pops) in [(40, 3), (1, 30), (0, 50), (60, 10), (5, 100)] {
            for _ in 0..pushes {
                let chunk: Vec<u8> = std::iter::repeat_n(number.to_le_bytes(), CHUNK / 4).flatten().collect();
                sent.extend_from_slice(&chunk);
                queue.push(chunk).unwrap();
                number += 1;
                assert!(queue.in_memory <= MOST_IN_MEMORY);
            }
            for _ in 0..pops {
                received.extend(queue.pop().unwrap().unwrap_or_default());
            }
        }
        assert!(queue.is_empty() && sent == received);
    }
}
