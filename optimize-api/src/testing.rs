//! Errors and outcomes for the tests of programs. It needs the feature `test-util`.
//!
//! ```
//! use optimize_api::{Error, ErrorKind, testing};
//!
//! /// What a program does with an error.
//! fn advice(error: &Error) -> &'static str {
//!     match error.kind() {
//!         ErrorKind::Forbidden => "ask for access to the collection",
//!         _ if error.may_have_taken_effect() => "look before you repeat it",
//!         _ if error.is_transient() => "try again later",
//!         _ => "give up",
//!     }
//! }
//!
//! assert_eq!(advice(&testing::error("report.list", ErrorKind::Forbidden)), "ask for access to the collection");
//! let refused = testing::response("import", 503, "");
//! assert_eq!(advice(&refused), "try again later");
//! assert_eq!(advice(&testing::possibly_done(refused)), "look before you repeat it");
//! ```
//!
//! A whole server, with faults, is in the crate `optimize-sandbox`; a transport of your own is an
//! [`HttpClient`](optimize_auth::http::HttpClient).

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::collections::Collection;
use crate::error::{Error, ErrorKind};
use crate::ingestion::outcome::{BatchOutcome, FailedElements, RefusedElement};
use crate::operation::Operation;

/// An error of this kind, as a call of the operation with this id returns it.
///
/// # Panics
///
/// If there is no operation with this id; [`Operation::all`] lists them.
pub fn error(operation: &str, kind: ErrorKind) -> Error {
    Error::new(known(operation), kind, format!("{kind:?}, made by a test"))
}

/// The error that a call of this operation makes of a response with this status and body.
///
/// # Panics
///
/// If there is no operation with this id, or the status is none of an error.
pub fn response(operation: &str, status: u16, body: &str) -> Error {
    let status = StatusCode::from_u16(status).expect("it is a status of HTTP");
    assert!(!status.is_success() && !status.is_informational(), "{status} is no error");
    Error::of_response(known(operation), status, &HeaderMap::new(), body.as_bytes(), &[]).with_attempts(1, None)
}

/// The same error, after a request that may have taken effect.
pub fn possibly_done(error: Error) -> Error {
    error.possibly_done()
}

/// The outcome of a batch: elements that were accepted, those that were refused with their reasons, and those whose batch
/// has failed.
///
/// ```
/// use optimize_api::{ErrorKind, testing};
///
/// let failed = testing::error("variable.ingest", ErrorKind::Unavailable);
/// let outcome = testing::outcome([(0, "a")], [(1, "b", "name: must not be blank")], Some((failed, vec![(2, "c")])));
/// assert_eq!(outcome.accepted.len() + outcome.refused.len() + outcome.failed.unwrap().elements.len(), 3);
/// ```
pub fn outcome<K, T>(
    accepted: impl IntoIterator<Item = (K, T)>,
    refused: impl IntoIterator<Item = (K, T, &'static str)>,
    failed: Option<(Error, Vec<(K, T)>)>,
) -> BatchOutcome<K, T> {
    let refused = refused.into_iter();
    BatchOutcome {
        accepted: accepted.into_iter().collect(),
        refused: refused
            .map(|(key, element, problem)| RefusedElement { key, element, problem: problem.into() })
            .collect(),
        failed: failed.map(|(error, elements)| FailedElements { error, elements }),
    }
}

/// A collection as a server describes it.
///
/// # Errors
///
/// As for a response of a server: this is not the JSON of a collection.
pub fn collection(json: impl Into<Bytes>) -> Result<Collection, Error> {
    Collection::read(json.into())
}

fn known(operation: &str) -> &'static Operation {
    let found = Operation::all().iter().copied().find(|known| known.id == operation);
    found.unwrap_or_else(|| panic!("there is no operation {operation}"))
}
