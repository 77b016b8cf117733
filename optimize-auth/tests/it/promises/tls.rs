//! Certificates are always checked.

use std::time::Duration;

use optimize_auth::http::{HttpOptions, TlsProblem, TransportError, TransportProblem};
use optimize_auth::{AuthError, ClientAuth, ClientCredentials, ServiceUrl};
use optimize_sandbox::{Sandbox, ServerCertificate, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{client, credentials};

fn problem(error: &AuthError) -> Option<TlsProblem> {
    match std::error::Error::source(error)?.downcast_ref::<TransportError>()?.problem() {
        TransportProblem::Tls(problem) => Some(problem),
        _ => None,
    }
}

#[tokio::test]
async fn no_request_goes_to_a_server_whose_certificate_is_not_right() {
    for (certificate, expected) in [
        (ServerCertificate::Expired, TlsProblem::Expired),
        (ServerCertificate::NotYetValid, TlsProblem::NotYetValid),
        (ServerCertificate::WrongName, TlsProblem::WrongName),
        (ServerCertificate::SelfSigned, TlsProblem::UnknownIssuer),
        (ServerCertificate::MissingIntermediate, TlsProblem::UnknownIssuer),
        (ServerCertificate::ForClients, TlsProblem::BadCertificate),
    ] {
        let sandbox = Sandbox::builder().tls(Tls::new().certificate(certificate)).start().await.unwrap();
        let http = HttpOptions::default().with_root_certificates(sandbox.ca_pem());
        let error = credentials(client(&sandbox).with_http(http)).token().await.unwrap_err();
        assert_eq!(problem(&error), Some(expected), "{certificate:?}: {error:?}");
        assert!(sandbox.journal().is_empty());
    }
}

#[tokio::test]
async fn trust_is_the_system_s_plus_what_is_given_or_that_alone() {
    let sandbox = Sandbox::builder().tls(Tls::new()).start().await.unwrap();
    let other = Sandbox::builder().tls(Tls::new()).start().await.unwrap();
    let get = |http: HttpOptions| credentials(client(&sandbox).with_http(http));
    let unknown = get(HttpOptions::default()).token().await.unwrap_err();
    assert_eq!(problem(&unknown), Some(TlsProblem::UnknownIssuer));
    for http in [
        HttpOptions::default().with_root_certificates(sandbox.ca_pem()),
        HttpOptions::default().with_root_certificates(sandbox.ca_pem()).without_system_certificates(),
        HttpOptions::default().with_root_certificates(format!("{}{}", other.ca_pem(), sandbox.ca_pem())),
    ] {
        get(http).token().await.unwrap();
    }
    for http in [
        HttpOptions::default().without_system_certificates(),
        HttpOptions::default().with_root_certificates(other.ca_pem()).without_system_certificates(),
    ] {
        assert_eq!(problem(&get(http).token().await.unwrap_err()), Some(TlsProblem::UnknownIssuer));
    }
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_gets_one_or_is_named() {
    let sandbox = Sandbox::builder().tls(Tls::new().require_client_certificate()).start().await.unwrap();
    let trusting = HttpOptions::default().with_root_certificates(sandbox.ca_pem());
    let with = trusting.clone().with_client_identity(sandbox.client_identity_pem().to_owned().into());
    credentials(client(&sandbox).with_http(with)).token().await.unwrap();
    let error = credentials(client(&sandbox).with_http(trusting)).token().await.unwrap_err();
    assert_eq!(problem(&error), Some(TlsProblem::ClientCertificate), "{error:?}");
}

/// A `ServerHello` of TLS 1.1 with a cipher that only old versions know.
const HELLO_OF_TLS_1_1: [u8; 47] = {
    let mut hello = [7; 47];
    let start = [0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    let mut index = 0;
    while index < start.len() {
        hello[index] = start[index];
        index += 1;
    }
    // After 32 random bytes: no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    hello[43] = 0;
    hello[44] = 0;
    hello[45] = 0x2f;
    hello[46] = 0;
    hello
};

#[tokio::test]
async fn old_versions_of_tls_are_not_spoken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/token", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 4096];
        assert_ne!(stream.read(&mut hello).await.unwrap(), 0);
        stream.write_all(&HELLO_OF_TLS_1_1).await.unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap_or_default();
        rest
    });
    let proof = ClientAuth::Post("canary".to_owned().into());
    let source = ClientCredentials::new(ServiceUrl::parse(&url).unwrap(), "id", proof);
    let error = credentials(source.with_timeout(Duration::from_secs(5))).token().await.unwrap_err();
    assert_eq!(problem(&error), Some(TlsProblem::Handshake), "{error:?}");
    // An alert and nothing else.
    assert_eq!(server.await.unwrap().first(), Some(&0x15));
}

#[tokio::test]
async fn what_does_not_speak_tls_gets_no_request() {
    let plain = Sandbox::builder().start().await.unwrap();
    let url = plain.token_url().replace("http://", "https://");
    let proof = ClientAuth::Post("canary".to_owned().into());
    let source = ClientCredentials::new(ServiceUrl::parse(&url).unwrap(), "id", proof);
    let error = credentials(source).token().await.unwrap_err();
    assert_eq!(problem(&error), Some(TlsProblem::NotTls), "{error:?}");
    assert!(plain.journal().is_empty());
}
