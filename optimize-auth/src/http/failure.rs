//! Requests that ended without a whole answer.

use std::error::Error as StdError;
use std::fmt;

use rustls::CertificateError;

/// A request that ended without a whole answer. Its text names the stage and holds no URL.
#[derive(Debug)]
pub struct TransportError {
    stage: Stage,
    source: Option<reqwest::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connect,
    ConnectTimeout,
    Tls(TlsProblem),
    Exchange,
    ExchangeTimeout,
    TooLarge(usize),
}

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
    /// The server wants a certificate from the client, or another one.
    ClientCertificate,
    /// There is no version or cipher that both sides know, or what answers does not speak TLS.
    Handshake,
}

impl TransportError {
    pub(super) fn too_large(limit: usize) -> Self {
        Self { stage: Stage::TooLarge(limit), source: None }
    }

    /// The server was silent for too long.
    pub(super) fn timed_out() -> Self {
        Self { stage: Stage::ExchangeTimeout, source: None }
    }

    /// Whether the server cannot have received any of the request, so that sending it again repeats nothing.
    pub fn was_not_sent(&self) -> bool {
        match self.stage {
            Stage::Connect | Stage::ConnectTimeout => true,
            // In TLS 1.3 a server refuses the client's certificate after the request has gone out.
            Stage::Tls(problem) => problem != TlsProblem::ClientCertificate,
            _ => false,
        }
    }

    /// Whether the answer was larger than the caller's limit, which another try would not change.
    pub fn is_too_large(&self) -> bool {
        matches!(self.stage, Stage::TooLarge(_))
    }

    /// Why there is no TLS connection, if that is what went wrong.
    pub fn tls_problem(&self) -> Option<TlsProblem> {
        match self.stage {
            Stage::Tls(problem) => Some(problem),
            _ => None,
        }
    }
}

impl From<reqwest::Error> for TransportError {
    fn from(source: reqwest::Error) -> Self {
        let stage = match (tls_problem(&source), source.is_connect(), source.is_timeout()) {
            (Some(problem), _, _) => Stage::Tls(problem),
            (None, true, true) => Stage::ConnectTimeout,
            (None, true, false) => Stage::Connect,
            (None, false, true) => Stage::ExchangeTimeout,
            (None, false, false) => Stage::Exchange,
        };
        Self { stage, source: Some(source.without_url()) }
    }
}

fn tls_problem(error: &(dyn StdError + 'static)) -> Option<TlsProblem> {
    if let Some(tls) = error.downcast_ref() {
        return Some(classify(tls));
    }
    // An io::Error passes over what it holds when it is asked for its source.
    let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let inside = inside.map(|inside| inside as &(dyn StdError + 'static));
    // HTTP/2 keeps the text of an error alone.
    if error.to_string().ends_with("received fatal alert: CertificateRequired") {
        return Some(TlsProblem::ClientCertificate);
    }
    tls_problem(inside.or_else(|| error.source())?)
}

fn classify(error: &rustls::Error) -> TlsProblem {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            // A wrong signature is that of another authority with the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsProblem::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsProblem::WrongName
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsProblem::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsProblem::NotYetValid,
            _ => TlsProblem::BadCertificate,
        },
        rustls::Error::AlertReceived(
            Alert::CertificateRequired | Alert::BadCertificate | Alert::UnknownCA | Alert::AccessDenied,
        ) => TlsProblem::ClientCertificate,
        _ => TlsProblem::Handshake,
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::Connect => f.write_str("the connection could not be made"),
            Stage::ConnectTimeout => f.write_str("the connection could not be made in time"),
            Stage::Tls(problem) => write!(f, "the TLS connection could not be made: {problem}"),
            Stage::Exchange => f.write_str("the connection broke before the answer was complete"),
            Stage::ExchangeTimeout => f.write_str("the answer did not arrive in time"),
            Stage::TooLarge(limit) => write!(f, "the answer is larger than {limit} bytes"),
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
            Self::Handshake => "the two sides do not agree, or what answers does not speak TLS",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn StdError + 'static))
    }
}
