//! Blocking calls, for programs without an async runtime.

use std::fmt;
use std::io;
use std::pin::Pin;

use futures_core::Stream;
use futures_util::StreamExt;
use tokio::runtime::{Builder, Runtime};

/// Waits for calls, in a program that is not async.
///
/// ```no_run
/// use optimize_api::{Blocking, Client, ReportId};
///
/// # fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let blocking = Blocking::new()?;
/// for report in blocking.wait(client.reports().list("my-collection"))? {
///     for row in blocking.iterate(client.reports().data(&report).rows()) {
///         println!("{}", row?.json());
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// One of them is enough for all clients and threads of a program; a client's calls should all go through the same one,
/// which is where its connections live. It has a thread of its own.
pub struct Blocking(Runtime);

impl Blocking {
    /// Fails if the operating system gives no thread.
    pub fn new() -> io::Result<Self> {
        Builder::new_multi_thread().worker_threads(1).enable_all().build().map(Self)
    }

    /// Waits until a call has ended.
    ///
    /// # Panics
    /// In async code, which must await the call instead.
    pub fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.0.block_on(call)
    }

    /// The items of a stream, each waited for when it is requested.
    ///
    /// # Panics
    /// The iterator, in async code.
    pub fn iterate<S: Stream>(&self, stream: S) -> impl Iterator<Item = S::Item> {
        let mut stream: Pin<Box<S>> = Box::pin(stream);
        std::iter::from_fn(move || self.wait(stream.next()))
    }
}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").finish_non_exhaustive()
    }
}
