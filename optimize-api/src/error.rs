//! What can go wrong between a call and its answer.

pub(crate) mod body;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use optimize_auth::AuthError;

use crate::{Operation, operation};

pub use body::{ConflictedItem, MismatchingIndex, MissingDefinition, ServerError, ValidationError};

/// A failed call. `Display` reads after "failed to"; causes are in [`source`](StdError::source).
///
/// What a server said is cut, escaped and freed of the token before it enters.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    operation: Option<&'static Operation>,
    /// What went wrong, without what was being done.
    problem: String,
    status: Option<u16>,
    server: ServerError,
    retry_after: Option<Duration>,
    attempts: u32,
    hint: Option<&'static str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The class of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument cannot be used. Nothing was sent.
    InvalidInput,
    /// No token could be had; the source is an [`AuthError`].
    Authentication,
    /// 401, also with a new token where there was one to be had.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404 with the code `notFoundError`.
    NotFound,
    /// Another 4xx, or a 500 of the server itself.
    Rejected,
    /// The server could not be reached, did not answer in time, or answered 408, 425, 429, 502, 503 or 504 to the last attempt.
    Unavailable,
    /// What answers at the base URL is not Optimize's API: a redirect, a web page, JSON of another shape.
    Misconfigured,
    /// A page of report data was lost, or the rows received are not as many as the server said there are.
    Incomplete,
    /// A row is not of the type the program reads it as; the source says why.
    Decode,
}

const BASE_URL_HINT: &str = "the base URL ends where /api begins, for example https://optimize.example.com or, on Camunda \
     SaaS, https://REGION.optimize.camunda.io/CLUSTER-ID";
const UNKNOWN_REPORT_HINT: &str = "Optimize 8.7 and later answer 500 for a report that does not exist, or that is a \
     combined report; check the id";
const IMPORT_BUG_HINT: &str = "Camunda 8.8 before its fix of August 2025 takes every import for an empty file, and releases \
     before the summer of 2026 answer 500 for a file they refuse (camunda/camunda issues 36419 and 60047); the server's own \
     text tells which, an update helps";
const LABELS_BUG_HINT: &str = "Camunda 8.8, 8.9 and early 8.10 refuse every label (camunda/camunda issue 55881); an update \
     helps";
const VERSION_HINT: &str = "definitions can only be imported into the minor version they were exported from; export them \
     anew from a server like this one";
const SCOPE_HINT: &str = "add the definitions and tenants to the data sources of the collection, then import again";
const OPEN_HINT: &str = "the server may have done it all the same, and doing it again would double it; look first";
const LOST_PAGE_HINT: &str =
    "the server's cursor has moved on, so the page cannot be asked for again; start the export anew";

impl Error {
    pub(crate) fn new(operation: &'static Operation, kind: ErrorKind, problem: impl fmt::Display) -> Self {
        let mut error = Self::without_operation(kind, problem);
        error.0.operation = Some(operation);
        error
    }

    fn without_operation(kind: ErrorKind, problem: impl fmt::Display) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            problem: problem.to_string(),
            status: None,
            server: ServerError::default(),
            retry_after: None,
            attempts: 0,
            hint: match kind {
                ErrorKind::Misconfigured => Some(BASE_URL_HINT),
                ErrorKind::Incomplete => Some(LOST_PAGE_HINT),
                _ => None,
            },
            source: None,
        }))
    }

    pub(crate) fn invalid_input(operation: &'static Operation, message: impl fmt::Display) -> Self {
        Self::new(operation, ErrorKind::InvalidInput, message)
    }

    /// A client that cannot be built as it was described.
    pub(crate) fn invalid_setting(message: impl fmt::Display) -> Self {
        Self::without_operation(ErrorKind::InvalidInput, message)
    }

    pub(crate) fn authentication(source: AuthError) -> Self {
        let mut error = Self::without_operation(ErrorKind::Authentication, &source);
        error.0.status = source.status();
        error.0.retry_after = source.retry_after();
        error.with_source(source)
    }

    /// An answer that is neither 2xx nor 3xx.
    pub(crate) fn answered(operation: &'static Operation, status: u16, server: ServerError) -> Self {
        let kind = match status {
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            404 if server.code.as_deref() == Some("notFoundError") => ErrorKind::NotFound,
            408 | 425 | 429 | 502 | 503 | 504 => ErrorKind::Unavailable,
            _ => ErrorKind::Rejected,
        };
        let mut message = format!("the server answered {status}");
        for (separator, part) in [(" ", &server.code), (": ", &server.detail)] {
            if let Some(part) = part {
                message.push_str(separator);
                message.push_str(part);
            }
        }
        let mut error = Self::new(operation, kind, message);
        error.0.status = Some(status);
        error.0.server = server;
        error.0.hint = error.hint_of_answer(operation, status);
        error
    }

    /// An answer that is no success, or a redirect, which is not followed.
    pub(crate) fn of_answer(
        operation: &'static Operation,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
    ) -> Self {
        if status.is_redirection() {
            let message = format!("the server answered {} with a redirect, which is not followed", status.as_u16());
            return Self::new(operation, ErrorKind::Misconfigured, message).with_status(status.as_u16());
        }
        Self::answered(operation, status.as_u16(), ServerError::read(headers, body, secrets))
    }

    /// What is known of such answers, of defects of servers among others.
    fn hint_of_answer(&self, operation: &Operation, status: u16) -> Option<&'static str> {
        let (id, server) = (operation.id, self.server());
        match status {
            500 if id == operation::REPORT_DATA.id => Some(UNKNOWN_REPORT_HINT),
            500 if id == operation::IMPORT.id => Some(IMPORT_BUG_HINT),
            500 if id == operation::LABELS.id => Some(LABELS_BUG_HINT),
            400 if !server.mismatching_indices.is_empty() => Some(VERSION_HINT),
            409 if id == operation::IMPORT.id => Some(SCOPE_HINT),
            404 if self.kind() == ErrorKind::Rejected => Some(BASE_URL_HINT),
            _ => None,
        }
    }

    /// The same failure, told as a lost page: the cursor may have moved although no answer came.
    pub(crate) fn into_lost_page(self) -> Self {
        let operation = &operation::REPORT_DATA_NEXT;
        let mut lost = Self::new(operation, ErrorKind::Incomplete, format!("a page was lost: {}", self.0.problem));
        lost.0.status = self.0.status;
        lost.0.server = self.0.server;
        lost.0.attempts = self.0.attempts;
        lost.0.source = self.0.source;
        lost
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32, retry_after: Option<Duration>) -> Self {
        self.0.attempts = attempts;
        self.0.retry_after = retry_after;
        self
    }

    /// The same failure, after a request that must not be sent again and may have been obeyed.
    pub(crate) fn that_leaves_open(mut self) -> Self {
        self.0.hint = Some(OPEN_HINT);
        self
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The [`Operation::id`] of the call; `None` if it failed before there was one.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.map(|operation| operation.id)
    }

    /// The HTTP status of the last answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// What the server's error body said.
    pub fn server(&self) -> &ServerError {
        &self.0.server
    }

    /// How long the server asked to wait before another request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many requests were sent. 0 if none was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// What may mend it, where that is known.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{}: ", operation.action)?;
        }
        f.write_str(&self.0.problem)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_deref()?;
        // The text of an AuthError is already this error's own: its cause comes next.
        match source.downcast_ref::<AuthError>() {
            Some(auth) => auth.source(),
            None => Some(source),
        }
    }
}

impl Error {
    /// The failed token request, if that is what stopped the call.
    pub fn auth(&self) -> Option<&AuthError> {
        self.0.source.as_deref()?.downcast_ref()
    }
}
