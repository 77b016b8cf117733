//! Why there is no configuration to work with.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use optimize_auth::AuthError;

/// Why the configuration cannot be used: what is wrong, at which place, and how it is corrected.
///
/// `Display` and `Debug` show no value of a setting that may be a secret.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_config::{Environment, ErrorKind, Options};
///
/// let error = Options::default().with_environment(Environment::new([])).client().await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Configuration);
/// assert!(error.hint().is_some());
/// # Ok(())
/// # }
/// ```
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    /// Whether the message says what is wrong, rather than which action failed.
    is_statement: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Settings of the program itself that do not go together.
    Usage,
    /// A setting, a profile or a file that cannot be used.
    Configuration,
    /// A file that cannot be read or written.
    Io,
    /// A strategy that cannot be built; the source is the [`AuthError`].
    Authentication,
    /// The person who was asked for a secret gave none.
    Asking,
}

impl Error {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message, None)
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message, None)
    }

    /// A file that cannot be read or written; `action` says what was tried with which.
    pub(crate) fn io(action: impl Into<String>, source: io::Error) -> Self {
        Self::new(ErrorKind::Io, action, Some(source.into()))
    }

    pub(crate) fn asking(source: Box<dyn StdError + Send + Sync>) -> Self {
        Self::new(ErrorKind::Asking, "ask for a secret", Some(source))
    }

    fn new(kind: ErrorKind, message: impl Into<String>, source: Option<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, message: message.into(), hint: None, is_statement: false, source }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Notes that the message says what is wrong, so that it does not read after "failed to".
    pub(crate) fn stating(mut self) -> Self {
        self.is_statement = true;
        self
    }

    /// What kind of problem it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// How the problem is solved, if that is known.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The source, to be handled as what it is.
    #[doc(hidden)]
    pub fn into_source(self) -> Option<Box<dyn StdError + Send + Sync>> {
        self.source
    }
}

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        Self::new(ErrorKind::Authentication, "authenticate", Some(Box::new(error)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source, self.kind) {
            // It is a sentence of its own.
            (Some(source), ErrorKind::Authentication | ErrorKind::Asking) => source.fmt(f),
            _ if self.is_statement => f.write_str(&self.message),
            _ => write!(f, "failed to {}", self.message),
        }
    }
}

/// As `Display`, with the causes and the hint, so that `fn main() -> Result<(), Error>` prints what a person needs.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut next = self.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match (self.kind, &self.source) {
            // `Display` shows the source itself.
            (ErrorKind::Authentication | ErrorKind::Asking, Some(source)) => source.source(),
            (_, source) => source.as_deref().map(|source| source as &(dyn StdError + 'static)),
        }
    }
}
