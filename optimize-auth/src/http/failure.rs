//! Requests that ended without a whole response.

use std::error::Error as StdError;
use std::fmt;

/// A request that ended without a whole response. Its text names the stage and holds no URL.
///
/// ```
/// use optimize_auth::http::{TransportError, TransportProblem};
///
/// let error = TransportError::new(TransportProblem::Connect).with_source("no route to host");
/// assert!(error.was_not_sent());
/// ```
#[derive(Debug)]
pub struct TransportError {
    stage: Stage,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// At which stage a request ended.
///
/// ```
/// use optimize_auth::http::{TransportError, TransportProblem};
///
/// let error = TransportError::new(TransportProblem::UnknownHost);
/// assert!(error.was_not_sent());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportProblem {
    /// The request cannot be put into HTTP, or the client cannot be set up. Nothing was sent, and another try would not
    /// help.
    InvalidRequest,
    /// The host name is not known.
    UnknownHost,
    /// The connection could not be made.
    Connect,
    /// The connection could not be made in time.
    ConnectTimeout,
    /// The proxy requires a user name and a password, or others.
    ProxyAuthentication,
    /// The proxy refused to connect to the server.
    ProxyRefused,
    /// There is no TLS connection.
    Tls(TlsProblem),
    /// The server does not speak HTTP.
    NotHttp,
    /// The connection broke before the response was complete.
    Exchange,
    /// The response did not arrive in time.
    ExchangeTimeout,
    /// The response is larger than this many bytes.
    TooLarge(usize),
}

use TransportProblem as Stage;

/// Why there is no TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsProblem {
    /// The certificate comes from nobody who is trusted here.
    UnknownIssuer,
    /// The certificate is for another name.
    WrongName,
    /// The certificate has ended, as far as this machine's clock goes.
    Expired,
    /// The certificate is not valid yet, as far as this machine's clock goes.
    NotYetValid,
    /// The certificate is not one for servers, or is otherwise not acceptable.
    BadCertificate,
    /// The server requires a certificate of the client, or another one.
    ClientCertificate,
    /// The server does not speak TLS.
    NotTls,
    /// There is no version or cipher that both sides know.
    Handshake,
}

impl TransportError {
    /// A request that ended at this stage.
    pub fn new(problem: TransportProblem) -> Self {
        Self { stage: problem, source: None }
    }

    /// Adds the cause. It must hold no secret.
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(Stage::TooLarge(limit))
    }

    /// The server was silent for too long.
    pub(super) fn timed_out() -> Self {
        Self::new(Stage::ExchangeTimeout)
    }

    /// There is no client, so that nothing was sent.
    #[cfg(feature = "_client")]
    pub(super) fn set_up(error: crate::error::AuthError) -> Self {
        Self::new(Stage::InvalidRequest).with_source(error)
    }

    /// Whether the server cannot have received any of the request, so that sending it again repeats nothing.
    pub fn was_not_sent(&self) -> bool {
        match self.stage {
            Stage::InvalidRequest
            | Stage::UnknownHost
            | Stage::Connect
            | Stage::ConnectTimeout
            | Stage::ProxyAuthentication
            | Stage::ProxyRefused => true,
            // In TLS 1.3 a server refuses the client's certificate after the request has gone out.
            Stage::Tls(problem) => problem != TlsProblem::ClientCertificate,
            _ => false,
        }
    }

    /// Whether the response was larger than the caller's limit, which another try would not change.
    pub fn is_too_large(&self) -> bool {
        matches!(self.stage, Stage::TooLarge(_))
    }

    /// At which stage the request ended.
    pub fn problem(&self) -> TransportProblem {
        self.stage
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::InvalidRequest => f.write_str("the request cannot be sent"),
            Stage::UnknownHost => f.write_str("the host name is not known"),
            Stage::Connect => f.write_str("the connection could not be made"),
            Stage::ProxyAuthentication => f.write_str("the proxy returned 407: it wants a user name and a password"),
            Stage::ProxyRefused => f.write_str("the proxy refused to connect to the server"),
            Stage::NotHttp => f.write_str("the server does not speak HTTP"),
            Stage::ConnectTimeout => f.write_str("the connection could not be made in time"),
            Stage::Tls(problem) => write!(f, "the TLS connection could not be made: {problem}"),
            Stage::Exchange => f.write_str("the connection broke before the response was complete"),
            Stage::ExchangeTimeout => f.write_str("the response did not arrive in time"),
            Stage::TooLarge(limit) => write!(f, "the response is larger than {limit} bytes"),
        }
    }
}

impl fmt::Display for TlsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "the server's certificate comes from an issuer that is not trusted here",
            Self::WrongName => "the server's certificate is for another name",
            Self::Expired => "the server's certificate has expired",
            Self::NotYetValid => "the server's certificate is not valid yet",
            Self::BadCertificate => "the server's certificate is not acceptable",
            Self::ClientCertificate => "the server wants a certificate from the client, or another one",
            Self::NotTls => "the server does not speak TLS",
            Self::Handshake => "the two sides know no common version or cipher",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_deref()?)
    }
}
