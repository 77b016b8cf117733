//! What can go wrong with definitions.

use std::error::Error as StdError;
use std::fmt;
use std::io;

/// Why something was not done with definitions: what is wrong, at which place, and how it is corrected.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    source: Option<Source>,
}

#[derive(Debug)]
enum Source {
    Api(Box<optimize_api::Error>),
    Io(io::Error),
}

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file, a lock or a plan that cannot be used.
    Input,
    /// A file that cannot be read or written.
    Io,
    /// The server; the source is its [`optimize_api::Error`].
    Server,
    /// Something was done, but not all.
    Incomplete,
}

impl Error {
    /// A file, a lock or a plan that cannot be used.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message, None)
    }

    pub(crate) fn incomplete(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Incomplete, message, None)
    }

    /// A file that cannot be read or written; `action` says what was tried with which.
    pub(crate) fn io(action: impl Into<String>, source: io::Error) -> Self {
        Self::new(ErrorKind::Io, action, Some(Source::Io(source)))
    }

    fn new(kind: ErrorKind, message: impl Into<String>, source: Option<Source>) -> Self {
        Self { kind, message: message.into(), hint: None, source }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Puts the place before the message.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
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

    /// The error of the server, if that is what this is.
    pub fn api(&self) -> Option<&optimize_api::Error> {
        match &self.source {
            Some(Source::Api(error)) => Some(error),
            _ => None,
        }
    }
}

impl From<optimize_api::Error> for Error {
    fn from(error: optimize_api::Error) -> Self {
        Self::new(ErrorKind::Server, error.to_string(), Some(Source::Api(Box::new(error))))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::Io => write!(f, "failed to {}", self.message),
            _ => f.write_str(&self.message),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            // Its sentence is the message.
            Some(Source::Api(error)) => error.source(),
            Some(Source::Io(error)) => Some(error),
            None => None,
        }
    }
}
