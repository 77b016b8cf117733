//! What can go wrong between a call and its response.

pub(crate) mod body;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use optimize_auth::{AuthError, scrub};

use crate::hints::Hint;
use crate::operation::Operation;
use crate::{hints, operation};

pub use body::{ConflictedItem, MismatchingIndex, MissingDefinition, ServerError, ValidationError};

/// A failed call. `Display` reads after "failed to"; causes are in [`source`](StdError::source).
///
/// Text of a server is cut, escaped and freed of the token before it enters.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    operation: Option<&'static Operation>,
    /// The id of what the operation is about.
    subject: Option<String>,
    /// What went wrong, without what was being done.
    problem: String,
    status: Option<u16>,
    server: ServerError,
    retry_after: Option<Duration>,
    attempts: u32,
    hint: Option<&'static Hint>,
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
    /// The server could not be reached, did not respond in time, or returned 408, 425, 429, 502, 503 or 504 to the last attempt.
    Unavailable,
    /// What responds at the base URL is not Optimize's API: a redirect, a web page, JSON of another shape.
    Misconfigured,
    /// A page of report data was lost, or the rows received differ in number from what the server announced.
    Incomplete,
    /// A row is not of the type the program reads it as; the source says why.
    Decode,
}

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
            subject: None,
            problem: problem.to_string(),
            status: None,
            server: ServerError::default(),
            retry_after: None,
            attempts: 0,
            hint: match kind {
                ErrorKind::Misconfigured => Some(&hints::BASE_URL),
                ErrorKind::Incomplete => Some(&hints::LOST_PAGE),
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

    /// A response that is neither 2xx nor 3xx.
    pub(crate) fn from_status(operation: &'static Operation, status: u16, server: ServerError) -> Self {
        let kind = match status {
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            404 if server.code.as_deref() == Some("notFoundError") => ErrorKind::NotFound,
            408 | 425 | 429 | 502 | 503 | 504 => ErrorKind::Unavailable,
            _ => ErrorKind::Rejected,
        };
        let mut message = format!("the server returned {status}");
        for (separator, part) in [(" ", &server.code), (": ", &server.detail)] {
            if let Some(part) = part {
                message.push_str(separator);
                message.push_str(part);
            }
        }
        let is_missing = is_missing(operation, status, &server);
        let (kind, message) = if is_missing {
            let message = format!("{message}; the server does not have this operation: {} has it", operation.servers());
            (ErrorKind::Rejected, message)
        } else {
            (kind, message)
        };
        let mut error = Self::new(operation, kind, message);
        error.0.status = Some(status);
        error.0.server = server;
        error.0.hint = if is_missing { Some(&hints::OPERATION) } else { error.hint_of_response(operation, status) };
        error
    }

    /// A request whose URL and headers are larger than the server accepts. It never reached Optimize.
    pub(crate) fn too_large(operation: &'static Operation, status: u16, url: usize, token: usize) -> Self {
        let message = format!(
            "the server returned {status}: the request is too large: its URL has {url} bytes, its token {token} bytes"
        );
        Self::new(operation, ErrorKind::Rejected, message).with_status(status).with_hint(&hints::REQUEST_SIZE)
    }

    /// A response that is not a success, or a redirect, which is not followed.
    pub(crate) fn of_response(
        operation: &'static Operation,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
    ) -> Self {
        if status.is_redirection() {
            let message = format!("the server returned {} with a redirect, which is not followed", status.as_u16());
            return Self::new(operation, ErrorKind::Misconfigured, message).with_status(status.as_u16());
        }
        Self::from_status(operation, status.as_u16(), ServerError::read(headers, body, secrets))
    }

    /// The known cause of such a response; some are defects of servers.
    fn hint_of_response(&self, operation: &Operation, status: u16) -> Option<&'static Hint> {
        let (id, server) = (operation.id, self.server());
        let says = |text: &str| server.detail.as_ref().is_some_and(|detail| detail.to_lowercase().contains(text));
        let is_own = server.code.is_some();
        match status {
            400 | 500 if id == operation::IMPORT.id && says("variable filter") => Some(&hints::DASHBOARD_FILTERS),
            500 if id == operation::REPORT_DATA.id && is_own => Some(&hints::UNKNOWN_REPORT),
            500 if id == operation::IMPORT.id && is_own => Some(&hints::IMPORT_BUG),
            500 if id == operation::LABELS.id && is_own => Some(&hints::LABELS_BUG),
            500 if !is_own && !server.is_web_page => Some(&hints::BEFORE_OPTIMIZE),
            401 if id == operation::EVENT_INGEST.id && server.detail.is_none() => Some(&hints::EVENTS),
            401 if says("expired") => Some(&hints::TOKEN_EXPIRED),
            401 if says("signature") || says("key(s)") || says("another algorithm") => Some(&hints::TOKEN_ISSUER),
            401 if says("malformed") || says("static") => Some(&hints::TOKEN_FORM),
            400 if !server.mismatching_indices.is_empty() => Some(&hints::VERSION),
            409 if id == operation::IMPORT.id => Some(&hints::SCOPE),
            404 if self.kind() == ErrorKind::Rejected => Some(&hints::BASE_URL),
            _ => None,
        }
    }

    /// The same failure as a lost page: the cursor may have moved although no response arrived.
    pub(crate) fn into_lost_page(self) -> Self {
        let operation = &operation::REPORT_DATA_NEXT;
        let mut lost = Self::new(operation, ErrorKind::Incomplete, format!("a page was lost: {}", self.0.problem));
        lost.0.status = self.0.status;
        lost.0.server = self.0.server;
        lost.0.attempts = self.0.attempts;
        lost.0.source = self.0.source;
        lost.0.subject = self.0.subject;
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
    pub(crate) fn possibly_done(self) -> Self {
        self.with_hint(&hints::OPEN)
    }

    pub(crate) fn with_hint(mut self, hint: &'static Hint) -> Self {
        self.0.hint = Some(hint);
        self
    }

    /// Names what the operation is about, unless that is named already.
    pub(crate) fn about(mut self, id: Option<&str>) -> Self {
        if self.0.subject.is_none() {
            self.0.subject = id.map(|id| scrub(id, &[]));
        }
        self
    }

    /// Whether the request was too large to reach Optimize, so that nothing has changed there.
    pub(crate) fn is_too_large(&self) -> bool {
        self.0.hint == Some(&hints::REQUEST_SIZE)
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The [`Operation::id`] of the call; `None` if it failed before there was one.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.map(|operation| operation.id)
    }

    /// The HTTP status of the last response.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The server's error body.
    pub fn server(&self) -> &ServerError {
        &self.0.server
    }

    /// How long to wait before the next request, by `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many requests were sent. 0 if none was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The known cause and its fix, if there is one.
    pub fn hint(&self) -> Option<&'static Hint> {
        self.0.hint
    }
}

/// Whether the server's release does not have the operation: the response is about the path or the method, not about an id.
fn is_missing(operation: &Operation, status: u16, server: &ServerError) -> bool {
    let says = |text: &str| server.detail.as_ref().is_some_and(|detail| detail.starts_with(text));
    let is_unknown_path = match status {
        404 => says("HTTP 404 Not Found") || !operation.path.contains("{id}"),
        405 => true,
        500 => says("No static resource") || says("Request method"),
        _ => false,
    };
    is_unknown_path && !operation.is_everywhere() && !operation.path.is_empty()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            let subject = self.0.subject.as_deref().map(|subject| format!(" {subject}")).unwrap_or_default();
            write!(f, "{}: ", operation.action.replace(" {id}", &subject))?;
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
