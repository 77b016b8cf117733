//! What can go wrong between a call and its response.

pub(crate) mod body;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use optimize_auth::{AuthError, scrub};

use crate::hints::Hint;
use crate::operation::Operation;
use crate::{hints, operation};

pub use body::{ConflictedItem, MismatchingIndex, MissingDefinition, ServerError, ValidationError};

/// A failed call. `Display` is one sentence; causes are in [`source`](StdError::source). `Debug` adds the causes and the
/// [`hint`](Self::hint), so that `fn main() -> Result<(), Box<dyn Error>>` prints something to read.
///
/// Text of a server is cut, escaped and freed of the token before it enters. Cheap to clone.
///
/// ```no_run
/// # async fn example(client: optimize_api::Client, definitions: optimize_api::Definitions) -> Result<(), Box<dyn std::error::Error>> {
/// match client.definitions().import("claims", &definitions).await {
///     Err(error) if error.may_have_taken_effect() => println!("look before you import again: {error}"),
///     Err(error) if error.is_transient() => println!("try again in {:?}: {error}", error.retry_after()),
///     imported => println!("{} are new", imported?.len()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
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
    may_have_taken_effect: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The class of an [`Error`].
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// use optimize_api::ErrorKind;
///
/// let error = client.collections().get("no-such-collection").await.unwrap_err();
/// assert_eq!((error.kind(), error.status()), (ErrorKind::NotFound, Some(404)));
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument cannot be used. Nothing was sent.
    InvalidInput,
    /// No token could be had; [`Error::auth`] says why.
    Authentication,
    /// 401, also with a new token where there was one to be had.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404 with the code `notFoundError`.
    NotFound,
    /// 409: what is there stands in the way.
    Conflict,
    /// 400, or another 4xx without a class of its own: the server does not accept the request.
    InvalidRequest,
    /// The request is larger than the server accepts (413, 414, 431), or the response larger than the program accepts.
    TooLarge,
    /// The server's release does not have the operation.
    Unsupported,
    /// 500, or another 5xx without a class of its own: the server failed.
    ServerFault,
    /// The server returned 408, 425, 429, 502, 503 or 504 to the last attempt.
    Unavailable,
    /// There was no connection, so that the server has received nothing.
    Connect,
    /// The connection broke before the response was complete.
    Interrupted,
    /// The response did not arrive in time.
    Timeout,
    /// What responds at the base URL is not Optimize's API: a redirect, a web page, JSON of another shape.
    Misconfigured,
    /// A page of report data was lost, or the rows received differ in number from what the server announced.
    Incomplete,
    /// A row is not of the type the program reads it as; the source says why.
    Decode,
}

impl Error {
    pub(crate) fn new(operation: &'static Operation, kind: ErrorKind, problem: impl fmt::Display) -> Self {
        Self::without_operation(kind, problem).change(|inner| inner.operation = Some(operation))
    }

    fn without_operation(kind: ErrorKind, problem: impl fmt::Display) -> Self {
        Self(Arc::new(Inner {
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
            may_have_taken_effect: false,
            source: None,
        }))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    pub(crate) fn invalid_input(operation: &'static Operation, message: impl fmt::Display) -> Self {
        Self::new(operation, ErrorKind::InvalidInput, message)
    }

    /// A client that cannot be built as it was described.
    pub(crate) fn invalid_setting(message: impl fmt::Display) -> Self {
        Self::without_operation(ErrorKind::InvalidInput, message)
    }

    pub(crate) fn authentication(source: AuthError) -> Self {
        let error = Self::without_operation(ErrorKind::Authentication, &source).change(|inner| {
            inner.status = source.status();
            inner.retry_after = source.retry_after();
        });
        error.with_source(source)
    }

    /// A response that is neither 2xx nor 3xx.
    pub(crate) fn from_status(operation: &'static Operation, status: u16, server: ServerError) -> Self {
        let kind = match status {
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            404 if server.code.as_deref() == Some("notFoundError") => ErrorKind::NotFound,
            409 => ErrorKind::Conflict,
            413 | 414 | 431 => ErrorKind::TooLarge,
            408 | 425 | 429 | 502 | 503 | 504 => ErrorKind::Unavailable,
            500.. => ErrorKind::ServerFault,
            _ => ErrorKind::InvalidRequest,
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
            (ErrorKind::Unsupported, message)
        } else {
            (kind, message)
        };
        let error = Self::new(operation, kind, message).change(|inner| {
            inner.status = Some(status);
            inner.server = server;
        });
        let hint = if is_missing { Some(&hints::OPERATION) } else { error.hint_of_response(operation, status) };
        error.change(|inner| inner.hint = hint)
    }

    /// A request whose URL and headers are larger than the server accepts. It never reached Optimize.
    pub(crate) fn too_large(operation: &'static Operation, status: u16, url: usize, token: usize) -> Self {
        let message = format!(
            "the server returned {status}: the request is too large: its URL has {url} bytes, its token {token} bytes"
        );
        Self::new(operation, ErrorKind::TooLarge, message).with_status(status).with_hint(&hints::REQUEST_SIZE)
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
            404 if self.kind() == ErrorKind::InvalidRequest => Some(&hints::BASE_URL),
            _ => None,
        }
    }

    /// The same failure as a lost page: the cursor may have moved although no response arrived.
    pub(crate) fn into_lost_page(self) -> Self {
        let operation = &operation::REPORT_DATA_NEXT;
        let problem = format!("a page was lost: {}", self.0.problem);
        self.change(|inner| {
            inner.kind = ErrorKind::Incomplete;
            inner.operation = Some(operation);
            inner.problem = problem;
            inner.hint = Some(&hints::LOST_PAGE);
            inner.may_have_taken_effect = false;
        })
    }

    pub(crate) fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.change(|inner| inner.source = Some(Arc::new(source)))
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        self.change(|inner| inner.status = Some(status))
    }

    pub(crate) fn with_attempts(self, attempts: u32, retry_after: Option<Duration>) -> Self {
        self.change(|inner| {
            inner.attempts = attempts;
            inner.retry_after = retry_after;
        })
    }

    /// The same failure, after a request that may have been obeyed.
    pub(crate) fn possibly_done(self) -> Self {
        self.change(|inner| inner.may_have_taken_effect = true)
    }

    pub(crate) fn with_hint(self, hint: &'static Hint) -> Self {
        self.change(|inner| inner.hint = Some(hint))
    }

    /// Names what the operation is about, unless that is named already.
    pub(crate) fn about(self, id: Option<&str>) -> Self {
        if self.0.subject.is_some() {
            return self;
        }
        self.change(|inner| inner.subject = id.map(|id| scrub(id, &[])))
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

    /// Whether the same call may succeed a little later. A program that repeats it must see to
    /// [`may_have_taken_effect`](Self::may_have_taken_effect) first.
    pub fn is_transient(&self) -> bool {
        match self.0.kind {
            ErrorKind::Unavailable | ErrorKind::Connect | ErrorKind::Interrupted | ErrorKind::Timeout => true,
            ErrorKind::Authentication => self.auth().is_some_and(AuthError::is_transient),
            _ => false,
        }
    }

    /// Whether the server may have made the change that this call was for, although it has failed: the response is missing
    /// or not the server's own. Repeating it does it twice, unless the operation is [`Idempotent`](crate::Retry::Idempotent).
    /// A call that only reads is never one of these.
    pub fn may_have_taken_effect(&self) -> bool {
        self.0.may_have_taken_effect
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
            write!(f, "failed to {}: ", operation.action.replace(" {id}", &subject))?;
        }
        f.write_str(&self.0.problem)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let causes = std::iter::successors(self.source(), |error: &&(dyn StdError + 'static)| (*error).source());
        for cause in causes {
            write!(f, ": {cause}")?;
        }
        match self.hint() {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source: &(dyn StdError + 'static) = self.0.source.as_deref()?;
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
        let source: &(dyn StdError + 'static) = self.0.source.as_deref()?;
        source.downcast_ref()
    }
}

/// The code is that of the kind, such as `optimize::conflict`; the help is the hint.
#[cfg(feature = "miette")]
impl miette::Diagnostic for Error {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        let name = format!("{:?}", self.kind());
        let mut words = String::from("optimize::");
        for letter in name.chars() {
            if letter.is_uppercase() && !words.ends_with(':') {
                words.push('_');
            }
            words.push(letter.to_ascii_lowercase());
        }
        Some(Box::new(words))
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        Some(Box::new(self.hint()?))
    }
}

#[cfg(all(test, feature = "miette"))]
mod tests {
    use miette::Diagnostic as _;

    use super::*;

    #[test]
    fn a_diagnostic_has_the_kind_as_its_code_and_the_hint_as_its_help() {
        let error = Error::new(&operation::REPORT_LIST, ErrorKind::InvalidRequest, "no").with_hint(&hints::BASE_URL);
        assert_eq!(error.code().unwrap().to_string(), "optimize::invalid_request");
        assert!(error.help().unwrap().to_string().starts_with("the base URL does not lead to Optimize: "));
    }
}
