//! Any number of elements, in batches by count, size and time, several at a time.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_core::Stream;
use futures_util::future::Either;
use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::batch::{Batch, Target, Written};
use super::order::InFlight;
use super::outcome::{BatchOutcome, Outcomes, RequestPreview, TryOutcomes};
use super::pace::Pace;
use crate::client::Client;
use crate::error::Error;
use crate::operation::Operation;

/// Something that can be ingested: an [`ExternalVariable`](crate::ExternalVariable) or a
/// [`CloudEvent`](crate::CloudEvent).
pub trait Element: Serialize + sealed::Sealed {
    /// Names it, for the server and for people.
    fn id(&self) -> &str;

    /// What the server's documented rules have against it, as `field: problem`.
    fn check(&self) -> Result<(), String>;
}

pub(super) mod sealed {
    /// Kept by the kinds of elements that the server knows.
    pub trait Sealed {}
}

/// Ingestion in batches.
///
/// The server takes a batch as a whole or not at all. Elements that break its documented rules are reported before they are
/// sent and spoil no batch. If it still refuses some, they are reported, and the rest of the batch is sent again without
/// them; a batch that is too large for it (413) is sent in halves. Elements are keyed by their ids, so sending one again
/// doubles nothing.
///
/// ```no_run
/// use optimize_api::{ExternalVariable, VariableType};
///
/// # async fn example(client: optimize_api::Client) {
/// let variables = (0..5000).map(|number| {
///     ExternalVariable::new("invoice", format!("instance-{number}"), "paid", VariableType::Boolean).with_value("true")
/// });
/// let mut outcomes = client.ingestion().variable_batches().send(futures_util::stream::iter(variables));
/// while let Some(batch) = outcomes.next().await {
///     for refused in &batch.refused {
///         eprintln!("element {}: {}", refused.key, refused.problem);
///     }
///     if let Some(failed) = batch.failed {
///         eprintln!("{} elements are left: {}", failed.elements.len(), failed.error);
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Ingest<T> {
    target: Target,
    batch_count: usize,
    batch_bytes: usize,
    linger: Duration,
    concurrency: usize,
    rate: Option<u32>,
    stops_after_failure: bool,
    element: PhantomData<fn(T)>,
}

/// Whether elements can be cloned does not matter: there are none in it.
impl<T> Clone for Ingest<T> {
    fn clone(&self) -> Self {
        Self { target: self.target.clone(), element: PhantomData, ..*self }
    }
}

impl<T: Element> Ingest<T> {
    pub(crate) fn new(client: Client, operation: &'static Operation, content_type: &'static str) -> Self {
        Self {
            target: Target { client, operation, content_type },
            batch_count: 1000,
            batch_bytes: 5 << 20,
            linger: Duration::from_secs(1),
            concurrency: 4,
            rate: None,
            stops_after_failure: false,
            element: PhantomData,
        }
    }

    /// The most elements in a batch. Default 1000, at least 1.
    pub fn batch_count(mut self, elements: usize) -> Self {
        self.batch_count = elements.max(1);
        self
    }

    /// The most bytes in a batch. Default 5 MiB; servers before 8.8 take 10 MiB unless they are set up otherwise. A single
    /// element that is larger is sent alone.
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// How long an element waits for others before its batch is sent although it is not full. Default 1 s. It matters for
    /// input that comes slowly, such as events from a queue.
    pub fn linger(mut self, time: Duration) -> Self {
        self.linger = time;
        self
    }

    /// The most requests at a time. Default 4, at least 1; servers before 8.8 take 5 unless they are set up otherwise.
    ///
    /// It begins with 4 at most. While batches take about as long as the fastest one, one more is tried; once the server
    /// returns 429 or 503, half as many.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }

    /// The most elements a second, on average. Default: as many as the server takes.
    pub fn rate(mut self, elements_per_second: u32) -> Self {
        self.rate = Some(elements_per_second.max(1));
        self
    }

    /// What [`send`](Self::send) would send for these elements in one request; nothing is sent.
    pub fn preview(&self, elements: &[T]) -> Result<RequestPreview, Error> {
        let json = elements.iter().map(serde_json::to_vec).collect::<Result<Vec<_>, _>>();
        let json = json.map_err(|error| Error::invalid_input(self.target.operation, error.to_string()))?;
        let spec = self.target.spec(json.iter().map(Vec::as_slice));
        Ok(RequestPreview {
            method: spec.method.clone(),
            url: spec.url(&self.target.client.transport.base_url),
            content_type: self.target.content_type,
            body: spec.body().cloned().unwrap_or_default(),
        })
    }

    /// Begins no further batch once one has [`failed`](BatchOutcome::failed). Those under way are brought to their end; the
    /// elements after them are in no outcome. Default: every batch is tried.
    pub fn stop_after_failure(mut self) -> Self {
        self.stops_after_failure = true;
        self
    }

    /// Sends all elements and returns the outcome of each batch when it is done, in no particular order. The key of an
    /// element is its place in the input, counted from 0.
    ///
    /// Nothing is read ahead but the batches that are under way. Of two elements with one id the last of the input stays: a
    /// batch waits for those before it that hold an id of its own.
    pub fn send(self, elements: impl Stream<Item = T> + Send + 'static) -> Outcomes<u64, T>
    where
        T: Send + 'static,
    {
        self.send_keyed(elements.enumerate().map(|(place, element)| (place as u64, element)))
    }

    /// Like [`send`](Self::send), for elements that have a key of the program, such as their offset in a queue.
    pub fn send_keyed<K: Send + 'static>(self, elements: impl Stream<Item = (K, T)> + Send + 'static) -> Outcomes<K, T>
    where
        T: Send + 'static,
    {
        let outcomes = self.run(elements.map(Ok::<_, Infallible>));
        Outcomes::new(outcomes.map(|outcome| match outcome {
            Ok(outcome) => outcome,
            Err(never) => match never {},
        }))
    }

    /// Like [`send_keyed`](Self::send_keyed), for input that can fail. Its first error ends the input; what came before is
    /// still sent, and the error is the last item.
    pub fn try_send_keyed<K: Send + 'static, E: Send + 'static>(
        self,
        elements: impl Stream<Item = Result<(K, T), E>> + Send + 'static,
    ) -> TryOutcomes<K, T, E>
    where
        T: Send + 'static,
    {
        TryOutcomes::new(self.run(elements))
    }

    fn run<K: Send + 'static, E: Send + 'static>(
        self,
        elements: impl Stream<Item = Result<(K, T), E>> + Send + 'static,
    ) -> impl Stream<Item = Result<BatchOutcome<K, T>, E>> + Send + 'static
    where
        T: Send + 'static,
    {
        let (concurrency, target, stops) = (self.concurrency, self.target.clone(), self.stops_after_failure);
        let pace = Arc::new(Pace::new(self.concurrency, self.rate));
        let has_failed = Arc::new(AtomicBool::new(false));
        let goes_on = {
            let has_failed = has_failed.clone();
            move |_: &Result<Batch<K, T>, E>| std::future::ready(!(stops && has_failed.load(Ordering::Relaxed)))
        };
        let mut in_flight = InFlight::default();
        let send = move |batch: Result<Batch<K, T>, E>| {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => return Either::Left(std::future::ready(Some(Err(error)))),
            };
            let (target, has_failed, pace) = (target.clone(), has_failed.clone(), pace.clone());
            let turn = in_flight.enter(batch.ids());
            Either::Right(async move {
                let turn = turn.wait().await;
                let under_way = pace.enter(batch.len()).await;
                // One before it may have failed meanwhile.
                if stops && has_failed.load(Ordering::Relaxed) {
                    return None;
                }
                let (outcome, is_throttled) = target.send(batch).await;
                under_way.ended(is_throttled);
                has_failed.fetch_or(outcome.failed.is_some(), Ordering::Relaxed);
                drop(turn);
                Some(Ok(outcome))
            })
        };
        let outcomes = self.batches(elements).take_while(goes_on).map(send).buffer_unordered(concurrency);
        last_error_last(outcomes.filter_map(std::future::ready))
    }

    fn batches<K: Send + 'static, E: Send + 'static>(
        self,
        elements: impl Stream<Item = Result<(K, T), E>> + Send + 'static,
    ) -> impl Stream<Item = Result<Batch<K, T>, E>> + Send
    where
        T: Send + 'static,
    {
        let state = Filling { elements: Box::pin(elements), batch: Batch::default(), since: None };
        stream::unfold(Input::Open(state), move |input| {
            let (count, bytes, linger) = (self.batch_count, self.batch_bytes, self.linger);
            async move {
                let mut filling = match input {
                    Input::Open(filling) => filling,
                    Input::Failed(error) => return Some((Err(error), Input::Ended)),
                    Input::Ended => return None,
                };
                loop {
                    let deadline = filling.since.and_then(|since: Instant| since.checked_add(linger));
                    let next = match deadline {
                        Some(deadline) => timeout_at(deadline, filling.elements.next()).await,
                        None => Ok(filling.elements.next().await),
                    };
                    let Ok(next) = next else {
                        filling.since = None;
                        let batch = std::mem::take(&mut filling.batch);
                        return Some((Ok(batch), Input::Open(filling)));
                    };
                    match next {
                        Some(Ok((key, element))) => match Written::new(key, element) {
                            Err(refused) => filling.batch.refuse(refused),
                            Ok(written) if filling.batch.is_full_for(&written, count, bytes) => {
                                let full = std::mem::take(&mut filling.batch);
                                filling.batch.add(written);
                                filling.since = Some(Instant::now());
                                return Some((Ok(full), Input::Open(filling)));
                            }
                            Ok(written) => filling.batch.add(written),
                        },
                        Some(Err(error)) if filling.batch.is_empty() => return Some((Err(error), Input::Ended)),
                        Some(Err(error)) => return Some((Ok(filling.batch), Input::Failed(error))),
                        None if filling.batch.is_empty() => return None,
                        None => return Some((Ok(filling.batch), Input::Ended)),
                    }
                    filling.since.get_or_insert_with(Instant::now);
                }
            }
        })
    }
}

/// A batch that is being filled.
struct Filling<S, K, T> {
    elements: S,
    batch: Batch<K, T>,
    /// When its first element came.
    since: Option<Instant>,
}

/// What is left of the input.
enum Input<S, K, T, E> {
    Open(Filling<S, K, T>),
    Failed(E),
    Ended,
}

/// The same items with an error at the end: batches before it may still be under way when the input fails.
fn last_error_last<T, E>(items: impl Stream<Item = Result<T, E>>) -> impl Stream<Item = Result<T, E>> {
    let state = (Box::pin(items), None);
    stream::unfold(state, |(mut items, mut failed)| async move {
        loop {
            match items.next().await {
                Some(Err(error)) => failed = Some(error),
                Some(item) => return Some((item, (items, failed))),
                None => {
                    let error = failed.take()?;
                    return Some((Err(error), (items, None)));
                }
            }
        }
    })
}
