//! Requests that ended without a whole response.

use std::error::Error as StdError;
use std::fmt;

use rustls::CertificateError;

/// A request that ended without a whole response. Its text names the stage and holds no URL.
#[derive(Debug)]
pub struct TransportError {
    stage: Stage,
    source: Option<reqwest::Error>,
}

/// At which stage a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportProblem {
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
    pub(super) fn too_large(limit: usize) -> Self {
        Self { stage: Stage::TooLarge(limit), source: None }
    }

    pub(super) fn unknown_host() -> Self {
        Self { stage: Stage::UnknownHost, source: None }
    }

    /// The server was silent for too long.
    pub(super) fn timed_out() -> Self {
        Self { stage: Stage::ExchangeTimeout, source: None }
    }

    /// Whether the server cannot have received any of the request, so that sending it again repeats nothing.
    pub fn was_not_sent(&self) -> bool {
        match self.stage {
            Stage::UnknownHost
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

impl From<reqwest::Error> for TransportError {
    fn from(source: reqwest::Error) -> Self {
        let stage = match (tls_problem(&source), source.is_connect(), source.is_timeout()) {
            (Some(problem), _, _) => Stage::Tls(problem),
            (None, true, true) => Stage::ConnectTimeout,
            (None, true, false) => connect_problem(&source),
            (None, false, true) => Stage::ExchangeTimeout,
            (None, false, false) if says(&source, "invalid HTTP version parsed") => Stage::NotHttp,
            (None, false, false) => Stage::Exchange,
        };
        // Five layers of a resolver add nothing to the stage.
        let source = (stage != Stage::UnknownHost).then(|| source.without_url());
        Self { stage, source }
    }
}

/// The libraries below have no types for these, only texts.
fn connect_problem(error: &reqwest::Error) -> Stage {
    let texts = [
        ("dns error", Stage::UnknownHost),
        ("failed to lookup address", Stage::UnknownHost),
        ("proxy authorization required", Stage::ProxyAuthentication),
        ("tunnel error: unsuccessful", Stage::ProxyRefused),
        ("SOCKS error", Stage::ProxyRefused),
    ];
    texts.into_iter().find(|(text, _)| says(error, text)).map_or(Stage::Connect, |(_, stage)| stage)
}

/// Whether the text of the error or of one of its causes contains `part`.
fn says(error: &(dyn StdError + 'static), part: &str) -> bool {
    std::iter::successors(Some(error), |error: &&(dyn StdError + 'static)| (*error).source())
        .any(|error| error.to_string().contains(part))
}

fn tls_problem(error: &(dyn StdError + 'static)) -> Option<TlsProblem> {
    if let Some(tls) = error.downcast_ref() {
        return Some(classify(tls));
    }
    // An io::Error skips the error that it holds when `source` is called.
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
        rustls::Error::InvalidMessage(_) => TlsProblem::NotTls,
        _ => TlsProblem::Handshake,
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
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
        self.source.as_ref().map(|source| source as &(dyn StdError + 'static))
    }
}
