//! One batch, from its elements to its outcome.

use bytes::Bytes;
use http::HeaderValue;

use super::batcher::Element;
use super::outcome::{BatchOutcome, FailedElements, RefusedElement};
use crate::client::Client;
use crate::error::{Error, ValidationError};
use crate::operation::Operation;
use crate::transport::spec::RequestSpec;

/// Where batches go.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) client: Client,
    pub(super) operation: &'static Operation,
    pub(super) content_type: &'static str,
}

/// One element, written out.
#[derive(Debug)]
pub(super) struct Written<K, T> {
    key: K,
    element: T,
    json: Bytes,
}

/// Elements that are sent together, and those that were refused before.
#[derive(Debug)]
pub(super) struct Batch<K, T> {
    elements: Vec<Written<K, T>>,
    bytes: usize,
    refused: Vec<RefusedElement<K, T>>,
}

impl<K, T> Default for Batch<K, T> {
    fn default() -> Self {
        Self { elements: Vec::new(), bytes: 0, refused: Vec::new() }
    }
}

impl<K, T: Element> Batch<K, T> {
    pub(super) fn is_empty(&self) -> bool {
        self.elements.is_empty() && self.refused.is_empty()
    }

    /// How many elements are sent.
    pub(super) fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether one more element is one too many.
    pub(super) fn is_full_for(&self, written: &Written<K, T>, count: usize, bytes: usize) -> bool {
        let is_full = self.elements.len() >= count || self.bytes + written.json.len() + 1 > bytes;
        is_full && !self.elements.is_empty()
    }

    pub(super) fn add(&mut self, element: Written<K, T>) {
        self.bytes += element.json.len() + 1;
        self.elements.push(element);
    }

    pub(super) fn refuse(&mut self, refused: RefusedElement<K, T>) {
        self.refused.push(refused);
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.elements.iter().map(|written| written.element.id())
    }
}

impl<K, T: Element> Written<K, T> {
    /// The element, unless the server's documented rules have something against it.
    pub(super) fn new(key: K, element: T) -> Result<Self, RefusedElement<K, T>> {
        if let Err(problem) = element.check() {
            return Err(RefusedElement { key, element, problem });
        }
        match serde_json::to_vec(&element) {
            Ok(json) => Ok(Self { key, element, json: json.into() }),
            Err(error) => {
                Err(RefusedElement { key, element, problem: format!("it cannot be written as JSON: {error}") })
            }
        }
    }

    fn refused(self, problem: &str) -> RefusedElement<K, T> {
        RefusedElement { key: self.key, element: self.element, problem: problem.to_owned() }
    }

    fn into_pair(self) -> (K, T) {
        (self.key, self.element)
    }
}

impl Target {
    /// The request with these elements, each written out.
    pub(super) fn spec<'a>(&self, elements: impl ExactSizeIterator<Item = &'a [u8]> + Clone) -> RequestSpec {
        RequestSpec::new(self.operation)
            .with_body(body(elements))
            .with_content_type(HeaderValue::from_static(self.content_type))
    }

    /// Sends a batch, and what is left of it after refusals. Also returns whether the server asked for fewer requests.
    pub(super) async fn send<K, T: Element>(self, batch: Batch<K, T>) -> (BatchOutcome<K, T>, bool) {
        let mut is_throttled = false;
        let mut outcome = BatchOutcome { accepted: Vec::new(), refused: batch.refused, failed: None };
        let mut waiting = vec![batch.elements];
        while let Some(mut elements) = waiting.pop() {
            if elements.is_empty() {
                continue;
            }
            let spec = self.spec(elements.iter().map(|element| &*element.json));
            let (sent, was_throttled) = self.client.transport.send_void_noting_load(&spec).await;
            is_throttled |= was_throttled;
            let error = match sent {
                Ok(()) => {
                    outcome.accepted.extend(elements.into_iter().map(Written::into_pair));
                    continue;
                }
                Err(error) => error,
            };
            let complaints = complaints(&error, elements.len());
            if error.status() == Some(413) && elements.len() > 1 {
                let second = elements.split_off(elements.len() / 2);
                waiting.extend([second, elements]);
            } else if error.status() == Some(413) {
                let too_large = |element: Written<K, T>| element.refused("it is too large for the server");
                outcome.refused.extend(elements.into_iter().map(too_large));
            } else if complaints.is_empty() {
                let left = std::iter::once(elements).chain(waiting.into_iter().rev()).flatten();
                outcome.failed = Some(FailedElements { error, elements: left.map(Written::into_pair).collect() });
                return (outcome, is_throttled);
            } else {
                let mut rest = Vec::new();
                for (place, element) in elements.into_iter().enumerate() {
                    let of_element = complaints.iter().filter(|(index, _)| *index == place);
                    let problems: Vec<_> = of_element.map(|(_, problem)| problem.as_str()).collect();
                    if problems.is_empty() {
                        rest.push(element);
                    } else {
                        outcome.refused.push(element.refused(&problems.join("; ")));
                    }
                }
                waiting.push(rest);
            }
        }
        (outcome, is_throttled)
    }
}

fn body<'a>(elements: impl ExactSizeIterator<Item = &'a [u8]> + Clone) -> Vec<u8> {
    let length = elements.clone().map(|element| element.len() + 1).sum::<usize>() + 1;
    let mut body = Vec::with_capacity(length);
    body.push(b'[');
    for (place, element) in elements.enumerate() {
        if place > 0 {
            body.push(b',');
        }
        body.extend_from_slice(element);
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
