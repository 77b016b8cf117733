//! With any HTTP client the limits, the retries and the secrets stay this crate's.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::stream;
use optimize_auth::http::{
    Body, Bytes, HttpClient, HttpOptions, HttpVersion, Request, Resolver, Response, SingleConnection, StatusCode,
    TransportError, TransportProblem,
};
use optimize_auth::{AuthErrorKind, Cached, ClientAuth, ClientCredentials, Credentials, ServiceUrl, async_trait};
use optimize_sandbox::Sandbox;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{chain, client, credentials};

const TOKEN: &str = r#"{"access_token": "abc", "token_type": "Bearer", "expires_in": 60}"#;

/// Responds as a function says, which knows how many requests there were.
struct Scripted<F> {
    respond: F,
    requests: Arc<AtomicU32>,
}

impl<F> std::fmt::Debug for Scripted<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

#[async_trait]
impl<F: Fn(u32, Request<Bytes>) -> Result<Response<Body>, TransportError> + Send + Sync> HttpClient for Scripted<F> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        (self.respond)(self.requests.fetch_add(1, Ordering::Relaxed) + 1, request)
    }
}

fn scripted<F>(respond: F) -> (Credentials, Arc<AtomicU32>)
where
    F: Fn(u32, Request<Bytes>) -> Result<Response<Body>, TransportError> + Send + Sync + 'static,
{
    let requests = Arc::new(AtomicU32::new(0));
    let client = Arc::new(Scripted { respond, requests: requests.clone() });
    (Cached::new(source().with_http_client(client)).with_attempts(1).into(), requests)
}

fn source() -> ClientCredentials {
    let url = ServiceUrl::parse("https://login.example.com/token").unwrap();
    ClientCredentials::new(url, "id", ClientAuth::Post("s3cr3t-s3cr3t".into()))
}

#[tokio::test]
async fn a_client_of_the_program_gets_the_whole_request() {
    let (credentials, requests) = scripted(|_, request| {
        assert_eq!((request.method().as_str(), request.uri().host()), ("POST", Some("login.example.com")));
        assert!(request.headers()["user-agent"].to_str().unwrap().starts_with("optimize-sdk-rust/"));
        assert_eq!(request.extensions().get(), Some(&SingleConnection));
        assert!(request.body().starts_with(b"grant_type=client_credentials"));
        Ok(Response::new(Body::from(TOKEN)))
    });
    assert_eq!(credentials.headers().await.unwrap().as_map()["authorization"], "Bearer abc");
    credentials.headers().await.unwrap();
    assert_eq!(requests.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_redirect_is_an_error_that_no_client_follows() {
    let (credentials, _) = scripted(|_, _| {
        let mut response = Response::new(Body::from(""));
        *response.status_mut() = StatusCode::FOUND;
        response.headers_mut().insert("location", "https://evil.example/".parse().unwrap());
        Ok(response)
    });
    let error = credentials.token().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (AuthErrorKind::Protocol, Some(302)), "{}", chain(&error));
}

#[tokio::test]
async fn a_body_without_end_is_cut() {
    let (credentials, _) = scripted(|_, _| {
        let endless = stream::repeat_with(|| Ok::<_, TransportError>(Bytes::from_static(&[b' '; 4096])));
        Ok(Response::new(Body::from_stream(endless)))
    });
    let error = credentials.token().await.unwrap_err();
    assert!(chain(&error).ends_with("the response is larger than 1048576 bytes"), "{}", chain(&error));
}

#[tokio::test]
async fn a_body_that_stops_without_ending_is_given_up() {
    let requests = Arc::new(AtomicU32::new(0));
    let silent = Scripted {
        respond: |_, _| Ok(Response::new(Body::from_stream(stream::pending::<Result<Bytes, TransportError>>()))),
        requests,
    };
    let http = HttpOptions::default().with_http_client(Arc::new(silent)).with_idle_timeout(Duration::from_millis(50));
    let error = credentials(source().with_http(http)).token().await.unwrap_err();
    assert!(chain(&error).ends_with("the response did not arrive in time"), "{}", chain(&error));
}

#[tokio::test]
async fn a_panic_is_an_error_of_one_request() {
    let (credentials, _) = scripted(|count, _| match count {
        1 => panic!("no socket left"),
        2 => {
            let panicking = stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, TransportError>>> {
                panic!("in the body")
            });
            Ok(Response::new(Body::from_stream(panicking)))
        }
        _ => Ok(Response::new(Body::from(TOKEN))),
    });
    let error = credentials.token().await.unwrap_err();
    assert!(chain(&error).ends_with("the HTTP client panicked: no socket left"), "{}", chain(&error));
    credentials.forget();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let error = credentials.token().await.unwrap_err();
    assert!(chain(&error).ends_with("the HTTP client panicked: in the body"), "{}", chain(&error));
    tokio::time::sleep(Duration::from_millis(2100)).await;
    credentials.token().await.unwrap();
}

#[tokio::test]
async fn what_a_client_reports_decides_what_is_sent_again() {
    for (problem, expected) in
        [(TransportProblem::Connect, 3), (TransportProblem::ExchangeTimeout, 3), (TransportProblem::TooLarge(1), 1)]
    {
        let requests = Arc::new(AtomicU32::new(0));
        let client = Scripted { respond: move |_, _| Err(TransportError::new(problem)), requests: requests.clone() };
        let credentials = Credentials::new(source().with_http_client(Arc::new(client)));
        let error = credentials.token().await.unwrap_err();
        assert!(!chain(&error).contains("s3cr3t"));
        assert_eq!(requests.load(Ordering::Relaxed), expected, "{problem:?}");
    }
}

#[tokio::test]
async fn clones_of_the_options_share_one_client() {
    let options = HttpOptions::default();
    let (one, other) = (options.client().unwrap(), options.clone().client().unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    let changed = options.clone().with_connect_timeout(Duration::from_secs(1)).client().unwrap();
    assert!(!Arc::ptr_eq(&one, &changed));
    let timeouts = options.with_idle_timeout(Duration::from_secs(1)).client().unwrap();
    assert!(Arc::ptr_eq(&one, &timeouts), "the timeout for silence is no part of a connection");
}

#[derive(Debug)]
struct Fixed(SocketAddr);

#[async_trait]
impl Resolver for Fixed {
    async fn resolve(&self, host: &str) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        if host == "optimize.test" { Ok(vec![self.0]) } else { Err("there is no such host".into()) }
    }
}

#[tokio::test]
async fn a_resolver_of_the_program_finds_the_server() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let url = sandbox.token_url().replace("127.0.0.1", "optimize.test");
    let port: u16 = url.rsplit_once(':').unwrap().1.split('/').next().unwrap().parse().unwrap();
    let http = HttpOptions::default().with_resolver(Arc::new(Fixed((Ipv4Addr::LOCALHOST, port).into())));
    let token = async |url: &str| {
        let url = ServiceUrl::parse_allowing_insecure_http(url).unwrap();
        let secret = ClientAuth::Post(sandbox.client_secret().into());
        credentials(ClientCredentials::new(url, sandbox.client_id(), secret).with_http(http.clone())).token().await
    };
    token(&url).await.unwrap();
    let error = token("http://other.test/token").await.unwrap_err();
    assert!(chain(&error).contains("the host name is not known"), "{}", chain(&error));
}

/// Accepts one connection, reads what it begins with, and closes it.
async fn first_bytes(listener: TcpListener, response: &'static [u8]) -> Vec<u8> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut received = vec![0; 1024];
    let count = stream.read(&mut received).await.unwrap();
    stream.write_all(response).await.unwrap();
    received.truncate(count);
    received
}

#[tokio::test]
async fn a_proxy_set_by_code_gets_what_does_not_stay_on_this_machine() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let cases = [("http", "GET http://", b"HTTP/1.1 502 Bad Gateway\r\n\r\n".as_slice()), ("socks5h", "\u{5}", b"")];
    for (scheme, expected, response) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("{scheme}://user:s3cr3t@{}", listener.local_addr().unwrap());
        let http = HttpOptions::default().with_proxy(proxy.into());
        assert!(!format!("{http:?}").contains("s3cr3t"));
        credentials(client(&sandbox).with_http(http.clone())).token().await.unwrap();
        let proxied = tokio::spawn(first_bytes(listener, response));
        let url = ServiceUrl::parse_allowing_insecure_http("http://optimize.test/x").unwrap();
        let contact = http.contact(&url, true, Duration::from_secs(5)).await;
        assert!(!format!("{contact:?}").contains("s3cr3t"));
        let received = proxied.await.unwrap();
        assert!(received.starts_with(expected.as_bytes()), "{}", String::from_utf8_lossy(&received));
    }
    let error = HttpOptions::default().with_proxy("ftp://user:s3cr3t@x".into()).client().unwrap_err();
    assert!(chain(&error).contains("begins with http") && !chain(&error).contains("s3cr3t"), "{}", chain(&error));
}

#[tokio::test]
async fn the_version_of_http_can_be_chosen() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    for version in [HttpVersion::Negotiated, HttpVersion::Http1, HttpVersion::Http2] {
        let http = HttpOptions::default().with_http_version(version);
        credentials(client(&sandbox).with_http(http))
            .token()
            .await
            .unwrap_or_else(|error| panic!("{version:?}: {}", chain(&error)));
    }
}
