//! What can go wrong between a caller and a token.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The outcome of a failed attempt to get a token.
///
/// Cheap to clone, since one failure is returned to every caller that waited for it. Neither its texts nor its source hold a
/// secret: text of a server is cut, escaped and freed of the secrets that were sent.
///
/// ```
/// use optimize_auth::{AuthError, AuthErrorKind};
///
/// let error = AuthError::new(AuthErrorKind::Unavailable, "the vault is sealed").with_retry_after(std::time::Duration::from_secs(5));
/// assert!(error.is_transient());
/// assert_eq!(error.to_string(), "the vault is sealed");
/// ```
#[derive(Clone)]
pub struct AuthError(Arc<Inner>);

struct Inner {
    kind: AuthErrorKind,
    message: String,
    status: Option<u16>,
    code: Option<String>,
    retry_after: Option<Duration>,
    setting: Option<String>,
    server_time: Option<SystemTime>,
    detail: Option<AuthErrorDetail>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The class of an [`AuthError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// A setting cannot be used, for example a token with a character no header may carry. Nothing was sent.
    InvalidInput,
    /// There is no credential here: a file that does not exist, a helper without one. A chain tries its next source.
    NotFound,
    /// Not supported in this environment. A chain tries its next source.
    Unsupported,
    /// The token endpoint understood the request and refused it (RFC 6749 §5.2).
    Refused,
    /// What responded is not a token endpoint: a redirect, HTML, 404, no `access_token`.
    Protocol,
    /// The token endpoint could not be reached, did not respond in time, or returned 408, 429 or 5xx.
    Unavailable,
}

/// A cause of an [`AuthError`] that a program may treat in its own way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorDetail {
    /// The issuer publishes no metadata at any of the usual places.
    NoMetadata,
    /// The metadata names another issuer than the one in the request (RFC 8414 §3.3).
    #[non_exhaustive]
    OtherIssuer {
        /// The issuer that it names.
        named: String,
    },
    /// The response is a web page.
    WebPage,
}

impl AuthError {
    /// An error of `kind`. `message` is a sentence without a full stop, and holds no secret.
    pub fn new(kind: AuthErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            status: None,
            code: None,
            retry_after: None,
            setting: None,
            server_time: None,
            detail: None,
            source: None,
        }))
    }

    /// An error about one setting: `problem` describes it without its value.
    pub fn invalid_setting(name: &str, problem: &str) -> Self {
        Self::new(AuthErrorKind::InvalidInput, format!("`{name}`: {problem}")).with_setting(name)
    }

    /// The HTTP status of the token endpoint's response.
    pub fn with_status(self, status: u16) -> Self {
        self.change(|inner| inner.status = Some(status))
    }

    /// The `error` member of the token endpoint's response (RFC 6749 §5.2).
    pub fn with_code(self, code: impl Into<String>) -> Self {
        self.change(|inner| inner.code = Some(code.into()))
    }

    /// How long to wait, by `Retry-After` (RFC 9110 §10.2.3).
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.change(|inner| inner.retry_after = Some(wait))
    }

    /// The name of the setting that is at fault, for a host that knows where it was made.
    pub fn with_setting(self, name: impl Into<String>) -> Self {
        self.change(|inner| inner.setting = Some(name.into()))
    }

    /// The time of day according to the endpoint (RFC 9110 §6.6.1).
    pub fn with_server_time(self, time: SystemTime) -> Self {
        self.change(|inner| inner.server_time = Some(time))
    }

    /// The cause, where it is one of those that have a name.
    pub fn with_detail(self, detail: AuthErrorDetail) -> Self {
        self.change(|inner| inner.detail = Some(detail))
    }

    /// The underlying error.
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.change(|inner| inner.source = Some(source.into()))
    }

    /// The cause, if it is one of those that have a name.
    pub fn detail(&self) -> Option<&AuthErrorDetail> {
        self.0.detail.as_ref()
    }

    /// The class of this error.
    pub fn kind(&self) -> AuthErrorKind {
        self.0.kind
    }

    /// The HTTP status of the token endpoint's response, if there was a response.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The OAuth 2 error code, for example `invalid_client`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// How long to wait before the next request, by `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The setting that is at fault, if one is: `client_id` for example.
    pub fn setting(&self) -> Option<&str> {
        self.0.setting.as_deref()
    }

    /// The `Date` of the endpoint's response, to find clocks that differ.
    pub fn server_time(&self) -> Option<SystemTime> {
        self.0.server_time
    }

    /// Whether the same request may succeed a little later.
    pub fn is_transient(&self) -> bool {
        self.0.kind == AuthErrorKind::Unavailable
    }

    /// The same error in other words, without its cause.
    pub(crate) fn retold(&self, message: impl Into<String>) -> Self {
        Self::new(self.kind(), message).change(|inner| {
            inner.status = self.0.status;
            inner.code.clone_from(&self.0.code);
            inner.retry_after = self.0.retry_after;
            inner.setting.clone_from(&self.0.setting);
            inner.server_time = self.0.server_time;
        })
    }

    /// An error of the same kind that names `action`; this error becomes its cause.
    pub(crate) fn within(self, action: &str) -> Self {
        self.retold(action).with_source(self)
    }

    /// The texts of the underlying errors, outermost first.
    pub fn causes(&self) -> impl Iterator<Item = String> {
        std::iter::successors(self.source(), |error: &&(dyn Error + 'static)| (*error).source())
            .map(ToString::to_string)
    }

    /// The texts of this error and of the underlying ones in one line.
    pub fn in_full(&self) -> String {
        std::iter::once(self.to_string()).chain(self.causes()).collect::<Vec<_>>().join(": ")
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            change(inner);
        }
        self
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

/// Like `Display`, with the causes and what is known besides: `fn main() -> Result<(), Box<dyn Error>>` prints this.
impl fmt::Debug for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_full())
    }
}

impl Error for AuthError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
