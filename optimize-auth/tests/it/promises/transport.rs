//! A credential goes to the configured server only, and every wait ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use optimize_auth::http::HttpOptions;
use optimize_auth::{AuthErrorKind, ClientAuth, ClientCredentials, ServiceUrl};
use optimize_sandbox::{Fault, Sandbox};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::{TOKEN_PATH, broken, chain, client, credentials, sandbox};

/// A server with HTTP/2 over TLS, and the authority that has signed its certificate.
fn h2_server() -> (TlsAcceptor, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}

#[tokio::test]
async fn secret_headers_are_marked_and_go_over_http_2_never_indexed() {
    let (acceptor, authority) = h2_server();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/token", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        // An empty SETTINGS frame; then listen until the client has sent its whole request.
        stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
        let mut received = Vec::new();
        let deadline = tokio::time::sleep(Duration::from_millis(500));
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                () = &mut deadline => return received,
                read = stream.read_buf(&mut received) => if read.unwrap_or(0) == 0 { return received },
            }
        }
    });
    let proof = ClientAuth::Basic("secret".to_owned().into());
    let source = ClientCredentials::new(ServiceUrl::parse(&url).unwrap(), "id", proof);
    let http = HttpOptions::default().with_root_certificates(authority);
    let source = source.with_http(http).with_timeout(Duration::from_millis(400));
    credentials(source).token().await.unwrap_err();
    let received = server.await.unwrap();
    assert!(received.starts_with(b"PRI * HTTP/2.0"), "it is HTTP/2");
    // RFC 7541 §6.2.3: 0001, then the index of `authorization` (23) with a prefix of four bits. §6.2.1 would be 0x57.
    let stands = |bytes: &[u8]| received.windows(bytes.len()).any(|window| window == bytes);
    assert!(stands(&[0x1f, 0x08]) && !stands(&[0x57]), "{received:x?}");
}

#[tokio::test]
async fn no_redirect_of_a_token_request_is_followed_wherever_it_leads() {
    let elsewhere = sandbox().await;
    let port = elsewhere.token_url();
    let host = port.replace("127.0.0.1", "localhost");
    for code in [301, 302, 303, 307, 308] {
        for location in [
            port.clone(),
            host.clone(),
            host.replace("http://", "http://u:p@"),
            "http://127.0.0.1:1/token".to_owned(),
            "//localhost./token".to_owned(),
            TOKEN_PATH.to_owned(),
            String::new(),
        ] {
            let sandbox = broken(Fault::status(code).with_header("location", &location)).await;
            let error = credentials(client(&sandbox)).token().await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (AuthErrorKind::Protocol, Some(code)), "{location}");
            assert_eq!(sandbox.journal().len(), 1, "{code} {location}");
        }
    }
    assert!(elsewhere.journal().is_empty());
}

#[tokio::test]
async fn a_refused_url_gets_no_byte() {
    // A source needs a `ServiceUrl`, and these URLs are refused there.
    for text in [
        "http://example.com",
        "http://10.0.0.1",
        "http://192.168.0.1:8080",
        "http://localhost.evil",
        "http://localhost.",
        "http://127.0.0.1.evil",
        "http://127.0.0.1@evil.example",
        "http://evil.example#127.0.0.1",
        "http://0.0.0.0",
        "http://[::2]",
        "http://[fe80::1]",
        "http://[::ffff:10.0.0.1]",
        "HTTP://EXAMPLE.COM",
        "http:/example.com",
        "http:example.com",
        "http:\\\\example.com",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "gopher://127.0.0.1",
        "ws://127.0.0.1",
        "//127.0.0.1",
        "127.0.0.1",
        "localhost:80",
        "https://",
        "https://u@h",
        "https://u:p@h",
        "https://h?x=1",
        "https://h#x",
        "https:// h",
        "https://h\n",
        "https://h\r\nX: y",
        "https://h\u{0}",
        "http://2130706434.evil",
        "http://127.0.0.1%2eevil",
        "javascript:alert(1)",
        "",
        " ",
        "http://\u{ff4c}ocalhost.evil",
        "http://127.0.0.256",
    ] {
        assert!(ServiceUrl::parse(text).is_err(), "{text:?}");
        assert!(optimize_auth::Issuer::parse(text).is_err(), "{text:?}");
    }
}

/// A server that does something with a connection.
async fn serving<F, R>(serve: F) -> String
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

const LIMIT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn every_wait_has_an_end_and_the_stage_is_named() {
    async fn drip(mut stream: TcpStream, beginning: &str) {
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        if stream.write_all(beginning.as_bytes()).await.is_err() {
            return;
        }
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if stream.write_all(b" ").await.is_err() {
                return;
            }
        }
    }
    let silent = serving(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    let headers = serving(|stream| drip(stream, "HTTP/1.1 200 OK\r\nX-Slow: ")).await;
    let body = serving(|stream| drip(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")).await;
    let handshake = serving(|stream| drip(stream, "\u{16}\u{3}\u{3}")).await;
    let http = HttpOptions::default().with_connect_timeout(LIMIT).with_idle_timeout(LIMIT * 3 / 2);
    for (what, url, stage) in [
        ("no first byte", format!("http://{silent}/"), "the response did not arrive in time"),
        ("no TLS", format!("https://{silent}/"), "the connection could not be made in time"),
        ("slow TLS", format!("https://{handshake}/"), "the connection could not be made in time"),
        ("slow headers", format!("http://{headers}/"), "the response did not arrive in time"),
        ("slow body", format!("http://{body}/"), "the response did not arrive in time"),
    ] {
        let proof = ClientAuth::Post("s".to_owned().into());
        let source = ClientCredentials::new(ServiceUrl::parse(&url).unwrap(), "id", proof);
        #[expect(clippy::disallowed_methods, reason = "the bar is about real time")]
        let begun = Instant::now();
        let error = credentials(source.with_http(http.clone()).with_timeout(2 * LIMIT)).token().await.unwrap_err();
        assert!(begun.elapsed() < 2 * LIMIT + Duration::from_millis(250), "{what}: {:?}", begun.elapsed());
        assert_eq!(error.kind(), AuthErrorKind::Unavailable);
        assert!(chain(&error).contains(stage), "{what}: {}", chain(&error));
    }
}

#[tokio::test]
async fn an_issuer_that_says_nothing_is_given_up() {
    let silent = serving(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    let issuer = optimize_auth::Issuer::parse(&format!("http://{silent}")).unwrap();
    let error = issuer.discover(&HttpOptions::default(), LIMIT).await.unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::Unavailable);
}

#[tokio::test]
async fn a_token_request_has_no_secret_in_its_url() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    credentials(client(&sandbox)).token().await.unwrap();
    let entry = &sandbox.journal()[0];
    assert_eq!((entry.path.as_str(), entry.query.as_str()), (TOKEN_PATH, ""));
}
