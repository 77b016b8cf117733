//! What becomes of elements that are ingested.

use crate::error::Error;
use crate::streams::Items;

/// What became of one batch. `K` is what the program calls an element: its place in the input if it has not said otherwise.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchOutcome<K, T> {
    /// Those that were accepted.
    pub accepted: Vec<(K, T)>,
    /// Those that were refused, each with the reason.
    pub refused: Vec<RefusedElement<K, T>>,
    /// Those that were not sent or not confirmed, and why. They may be sent again.
    pub failed: Option<FailedElements<K, T>>,
}

/// An element that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedElement<K, T> {
    /// What the program calls it.
    pub key: K,
    /// The element.
    pub element: T,
    /// The reason, as `field: problem`.
    pub problem: String,
}

/// A request that was not sent. Its `Authorization` header is not among its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestPreview {
    /// Its method.
    pub method: http::Method,
    /// Where it would go.
    pub url: url::Url,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its body.
    pub body: bytes::Bytes,
}

/// Elements whose batch has failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailedElements<K, T> {
    /// Why.
    pub error: Error,
    /// The elements with what the program calls them.
    pub elements: Vec<(K, T)>,
}

/// The outcomes of batches, each when it is done, in no particular order.
pub type Outcomes<K, T> = Items<BatchOutcome<K, T>>;

/// The outcomes of batches, and at the end the error of the input, if that is how it has ended.
pub type TryOutcomes<K, T, E> = Items<Result<BatchOutcome<K, T>, E>>;
