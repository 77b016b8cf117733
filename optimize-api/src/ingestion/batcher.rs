//! Any number of elements, in batches by count and size, several at a time.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream::{self, StreamExt};
use http::HeaderValue;
use serde::Serialize;
use tokio::sync::watch;

use crate::client::Client;
use crate::error::{Error, ValidationError};
use crate::operation::Operation;
use crate::transport::spec::RequestSpec;

/// Something that can be ingested.
pub trait Element: Serialize {
    /// Names it, for the server and for people.
    fn id(&self) -> &str;

    /// What the server's documented rules have against it, as `field: problem`.
    fn check(&self) -> Result<(), String>;
}

/// Ingestion in batches.
///
/// The server takes a batch as a whole or not at all. Elements that break its documented rules are reported before they are
/// sent and spoil no batch. If it still refuses some, they are reported, and the rest of the batch is sent again without
/// them; a batch that is too large for it (413) is sent in halves. Elements are keyed by their ids, so sending one again
/// doubles nothing.
#[derive(Debug)]
#[must_use]
pub struct Ingest<T> {
    target: Target,
    batch_count: usize,
    batch_bytes: usize,
    concurrency: usize,
    stops_after_failure: bool,
    element: PhantomData<fn(T)>,
}

/// Where batches go.
#[derive(Clone, Debug)]
struct Target {
    client: Client,
    operation: &'static Operation,
    content_type: &'static str,
}

/// What became of one batch.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchOutcome {
    /// The places of its elements in the caller's input, counted from 0: those that were accepted.
    pub accepted: Vec<u64>,
    /// Those that were refused, each with the reason.
    pub refused: Vec<RefusedElement>,
    /// What kept the others from being sent or confirmed, and their places. They may be sent again.
    pub failed: Option<(Error, Vec<u64>)>,
}

/// An element that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedElement {
    /// Its place in the caller's input, counted from 0.
    pub index: u64,
    /// Its id.
    pub id: String,
    /// The reason, as `field: problem`.
    pub problem: String,
}

/// One element, written out.
#[derive(Clone, Debug)]
struct Written {
    index: u64,
    id: String,
    json: Bytes,
}

impl<T: Element> Ingest<T> {
    pub(crate) fn new(client: Client, operation: &'static Operation, content_type: &'static str) -> Self {
        Self {
            target: Target { client, operation, content_type },
            batch_count: 1000,
            batch_bytes: 5 << 20,
            concurrency: 4,
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

    /// The most requests at a time. Default 4, at least 1; servers before 8.8 take 5 unless they are set up otherwise.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }

    /// Begins no further batch once one has [`failed`](BatchOutcome::failed). Those under way are brought to their end; the
    /// elements after them are in no outcome. Default: every batch is tried.
    pub fn stop_after_failure(mut self) -> Self {
        self.stops_after_failure = true;
        self
    }

    /// Sends all elements and returns the outcome of each batch when it is done, in no particular order. Nothing is read
    /// ahead but the batches that are under way. Of two elements with one id the last of the input stays: a batch waits for
    /// those before it that hold an id of its own.
    pub fn send(self, elements: impl Stream<Item = T> + Send + 'static) -> impl Stream<Item = BatchOutcome> + Send
    where
        T: Send + 'static,
    {
        let (concurrency, target, stops) = (self.concurrency, self.target.clone(), self.stops_after_failure);
        let has_failed = Arc::new(AtomicBool::new(false));
        let goes_on = {
            let has_failed = has_failed.clone();
            move |_: &Batch| std::future::ready(!(stops && has_failed.load(Ordering::Relaxed)))
        };
        let mut in_flight = InFlight::default();
        let send = move |batch: Batch| {
            let (target, has_failed) = (target.clone(), has_failed.clone());
            let turn = in_flight.enter(&batch);
            async move {
                let turn = turn.wait().await;
                // One before it may have failed meanwhile.
                if stops && has_failed.load(Ordering::Relaxed) {
                    return None;
                }
                let outcome = target.send(batch).await;
                has_failed.fetch_or(outcome.failed.is_some(), Ordering::Relaxed);
                drop(turn);
                Some(outcome)
            }
        };
        let outcomes = self.batches(elements).take_while(goes_on).map(send).buffer_unordered(concurrency);
        outcomes.filter_map(std::future::ready)
    }

    fn batches(self, elements: impl Stream<Item = T> + Send + 'static) -> impl Stream<Item = Batch> + Send
    where
        T: Send + 'static,
    {
        let state = (Box::pin(elements.enumerate()), Batch::default());
        stream::unfold(Some(state), move |state| {
            let (count, bytes) = (self.batch_count, self.batch_bytes);
            async move {
                let (mut elements, mut batch) = state?;
                while let Some((index, element)) = elements.next().await {
                    let index = index as u64;
                    match write(index, &element) {
                        Err(refused) => batch.refused.push(refused),
                        Ok(written) => {
                            let is_full = batch.elements.len() >= count || batch.bytes + written.json.len() + 1 > bytes;
                            if is_full && !batch.elements.is_empty() {
                                let mut next = Batch::default();
                                next.add(written);
                                return Some((batch, Some((elements, next))));
                            }
                            batch.add(written);
                        }
                    }
                }
                let is_empty = batch.elements.is_empty() && batch.refused.is_empty();
                (!is_empty).then_some((batch, None))
            }
        })
    }
}

impl Target {
    async fn send(self, batch: Batch) -> BatchOutcome {
        let mut outcome = BatchOutcome { accepted: Vec::new(), refused: batch.refused, failed: None };
        let mut waiting = vec![batch.elements];
        while let Some(mut elements) = waiting.pop() {
            if elements.is_empty() {
                continue;
            }
            let spec = RequestSpec::new(self.operation)
                .with_body(body(&elements))
                .with_content_type(HeaderValue::from_static(self.content_type));
            let error = match self.client.transport.send_void(&spec).await {
                Ok(()) => {
                    outcome.accepted.extend(elements.iter().map(|element| element.index));
                    continue;
                }
                Err(error) => error,
            };
            let complaints = complaints(&error, elements.len());
            if error.status() == Some(413) && elements.len() > 1 {
                let second = elements.split_off(elements.len() / 2);
                waiting.extend([second, elements]);
            } else if error.status() == Some(413) {
                outcome
                    .refused
                    .extend(elements.into_iter().map(|element| element.refused("it is too large for the server")));
            } else if complaints.is_empty() {
                let left = std::iter::once(elements).chain(waiting).flatten().map(|element| element.index);
                outcome.failed = Some((error, left.collect()));
                return outcome;
            } else {
                let mut rest = Vec::new();
                for (place, element) in elements.into_iter().enumerate() {
                    let problems: Vec<_> = complaints
                        .iter()
                        .filter(|(index, _)| *index == place)
                        .map(|(_, problem)| problem.as_str())
                        .collect();
                    if problems.is_empty() {
                        rest.push(element);
                    } else {
                        outcome.refused.push(element.refused(&problems.join("; ")));
                    }
                }
                waiting.push(rest);
            }
        }
        outcome
    }
}

/// The ids of the batches under way, so that an older value never arrives after a newer one.
#[derive(Default)]
struct InFlight {
    hasher: RandomState,
    /// By the hash of an id, the latest batch that holds it. Two ids with one hash only make a batch wait in vain.
    latest: HashMap<u64, watch::Receiver<()>>,
}

/// A batch's place behind those that it must not overtake.
struct Turn {
    before: Vec<watch::Receiver<()>>,
    /// Dropped when the batch is done, which those behind it wait for.
    done: watch::Sender<()>,
}

impl InFlight {
    fn enter(&mut self, batch: &Batch) -> Turn {
        let (done, is_done) = watch::channel(());
        self.latest.retain(|_, earlier| earlier.has_changed().is_ok());
        let mut before: Vec<watch::Receiver<()>> = Vec::new();
        for element in &batch.elements {
            let id = self.hasher.hash_one(&element.id);
            if let Some(earlier) = self.latest.insert(id, is_done.clone())
                && !earlier.same_channel(&is_done)
                && !before.iter().any(|known| known.same_channel(&earlier))
            {
                before.push(earlier);
            }
        }
        Turn { before, done }
    }
}

impl Turn {
    /// Waits for the batches before; what is returned is to be dropped when this one is done.
    async fn wait(self) -> watch::Sender<()> {
        for mut earlier in self.before {
            // It never changes; it ends.
            while earlier.changed().await.is_ok() {}
        }
        self.done
    }
}

#[derive(Debug, Default)]
struct Batch {
    elements: Vec<Written>,
    bytes: usize,
    refused: Vec<RefusedElement>,
}

impl Batch {
    fn add(&mut self, element: Written) {
        self.bytes += element.json.len() + 1;
        self.elements.push(element);
    }
}

impl Written {
    fn refused(self, problem: &str) -> RefusedElement {
        RefusedElement { index: self.index, id: self.id, problem: problem.to_owned() }
    }
}

fn write<T: Element>(index: u64, element: &T) -> Result<Written, RefusedElement> {
    let refused = |problem| RefusedElement { index, id: element.id().to_owned(), problem };
    element.check().map_err(refused)?;
    let json =
        serde_json::to_vec(element).map_err(|error| refused(format!("it cannot be written as JSON: {error}")))?;
    Ok(Written { index, id: element.id().to_owned(), json: json.into() })
}

fn body(elements: &[Written]) -> Vec<u8> {
    let length = elements.iter().map(|element| element.json.len() + 1).sum::<usize>() + 1;
    let mut body = Vec::with_capacity(length);
    body.push(b'[');
    for (place, element) in elements.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&element.json);
    }
    body.push(b']');
    body
}

/// The places in the batch that a validation body complains about.
fn complaints(error: &Error, count: usize) -> Vec<(usize, String)> {
    let of_element = |problem: &ValidationError| {
        let (place, field) = problem.element().filter(|(place, _)| *place < count)?;
        Some((place, format!("{field}: {}", problem.message)))
    };
    error.server().validation_errors.iter().filter_map(of_element).collect()
}
