//! The stream that calls return: a type with a name, which needs no pinning.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

/// Items that arrive one after the other: [`Pages`](crate::Pages), [`Rows`](crate::Rows), [`Outcomes`](crate::Outcomes) and
/// others are names for it. Nothing is sent before the first item is asked for; dropping it ends what is under way.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// let mut rows = client.reports().data("claims-raw").rows();
/// // It can be a field of a struct, and needs no pinning.
/// while let Some(row) = rows.next().await {
///     row?;
/// }
/// # Ok(())
/// # });
/// ```
#[must_use = "nothing is sent before the first item is asked for"]
pub struct Items<T>(BoxStream<'static, T>);

impl<T> Items<T> {
    pub(crate) fn new(stream: impl Stream<Item = T> + Send + 'static) -> Self {
        Self(stream.boxed())
    }

    /// The next item; `None` at the end. The same as that of `futures_util::StreamExt`, which then is not needed.
    pub async fn next(&mut self) -> Option<T> {
        self.0.next().await
    }
}

impl<T> Stream for Items<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.as_mut().poll_next(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items")
    }
}
