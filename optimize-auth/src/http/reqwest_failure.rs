//! At which stage reqwest, and the libraries below it, have failed.

use std::error::Error as StdError;

use super::failure::{TlsProblem, TransportError, TransportProblem as Stage};

impl TransportError {
    pub(super) fn from_reqwest(source: reqwest::Error) -> Self {
        let stage = match (tls_problem(&source), source.is_connect(), source.is_timeout()) {
            (Some(problem), _, _) => Stage::Tls(problem),
            (None, true, true) => Stage::ConnectTimeout,
            (None, true, false) => connect_problem(&source),
            (None, false, true) => Stage::ExchangeTimeout,
            (None, false, false) if says(&source, "invalid HTTP version parsed") => Stage::NotHttp,
            (None, false, false) => Stage::Exchange,
        };
        // Five layers of a resolver add nothing to the stage.
        let error = Self::new(stage);
        if stage == Stage::UnknownHost { error } else { error.with_source(source.without_url()) }
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
    #[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
    if let Some(tls) = error.downcast_ref() {
        return Some(classify(tls));
    }
    #[cfg(feature = "native-tls")]
    if let Some(problem) = of_the_system(&error.to_string()) {
        return Some(problem);
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

/// What OpenSSL, Secure Transport and SChannel say. They share no codes, so that their texts must do.
#[cfg(feature = "native-tls")]
fn of_the_system(text: &str) -> Option<TlsProblem> {
    let texts = [
        ("certificate has expired", TlsProblem::Expired),
        ("certificate is not yet valid", TlsProblem::NotYetValid),
        ("hostname mismatch", TlsProblem::WrongName),
        ("certificate required", TlsProblem::ClientCertificate),
        ("self-signed certificate", TlsProblem::UnknownIssuer),
        ("unable to get local issuer certificate", TlsProblem::UnknownIssuer),
        ("certificate verify failed", TlsProblem::UnknownIssuer),
        ("wrong version number", TlsProblem::NotTls),
        ("ssl/tls alert", TlsProblem::Handshake),
        ("sslv3 alert", TlsProblem::Handshake),
    ];
    texts.into_iter().find(|(part, _)| text.contains(part)).map(|(_, problem)| problem)
}

#[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
fn classify(error: &rustls::Error) -> TlsProblem {
    use rustls::{AlertDescription as Alert, CertificateError};
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
