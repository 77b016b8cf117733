//! Real servers of axum and tonic, which reject a token that was revoked.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

use std::collections::HashSet;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Full};
use optimize_auth::{Cached, ClientAuth, ClientCredentials, Credentials, ServiceUrl};
use optimize_sandbox::Sandbox;
use other_clients::NowInterceptor;
use tokio::net::TcpListener;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower_service::Service;

/// What a server has seen, and what it refuses.
#[derive(Clone, Default)]
struct Tokens(Arc<Mutex<(Vec<String>, HashSet<String>)>>);

impl Tokens {
    fn accepts(&self, token: &str) -> bool {
        let mut tokens = self.0.lock().unwrap();
        tokens.0.push(token.to_owned());
        token.starts_with("Bearer ") && !tokens.1.contains(token)
    }

    fn revoke_last(&self) {
        let mut tokens = self.0.lock().unwrap();
        let last = tokens.0.last().unwrap().clone();
        tokens.1.insert(last);
    }

    fn seen(&self) -> usize {
        self.0.lock().unwrap().0.len()
    }
}

#[expect(clippy::disallowed_methods, reason = "it is the client of a program of its own")]
fn reqwest_client() -> reqwest::Client {
    reqwest::Client::new()
}

fn credentials(sandbox: &Sandbox) -> Credentials {
    let client_auth = ClientAuth::Post(sandbox.client_secret().into());
    let url = ServiceUrl::parse(&sandbox.token_url()).unwrap();
    Cached::new(ClientCredentials::new(url, sandbox.client_id(), client_auth)).into()
}

async fn echo(State(tokens): State<Tokens>, headers: HeaderMap, body: Bytes) -> (StatusCode, Bytes) {
    let token = headers.get("authorization").map(|value| value.to_str().unwrap()).unwrap_or_default();
    if tokens.accepts(token) { (StatusCode::OK, body) } else { (StatusCode::UNAUTHORIZED, Bytes::new()) }
}

async fn axum_server(tokens: Tokens) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/echo", axum::routing::post(echo)).with_state(tokens);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/echo")
}

#[tokio::test]
async fn hyper_sends_a_request_again_with_a_new_token() {
    let (sandbox, tokens) = (Sandbox::builder().start().await.unwrap(), Tokens::default());
    let (url, mut client) = (axum_server(tokens.clone()).await, other_clients::hyper(credentials(&sandbox)));
    for (seen, requests) in [(1, 1), (3, 2), (5, 3)] {
        let request = http::Request::post(&url).body(Full::new(Bytes::from("x".repeat(100_000)))).unwrap();
        poll_fn(|context| Service::<http::Request<Full<Bytes>>>::poll_ready(&mut client, context)).await.unwrap();
        let response = client.call(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), 100_000);
        assert_eq!((tokens.seen(), sandbox.token_requests()), (seen, requests));
        tokens.revoke_last();
    }
    // Larger than what is kept: the caller gets the 401, and the next request has a new token.
    for expected in [StatusCode::UNAUTHORIZED, StatusCode::OK] {
        let request = http::Request::post(&url).body(Full::new(Bytes::from("x".repeat(1_500_000)))).unwrap();
        let response = client.call(request).await.unwrap();
        assert_eq!(response.status(), expected);
    }
}

#[tokio::test]
async fn two_layers_that_authenticate_are_an_error() {
    let (sandbox, tokens) = (Sandbox::builder().start().await.unwrap(), Tokens::default());
    let (url, mut client) = (axum_server(tokens.clone()).await, other_clients::hyper(credentials(&sandbox)));
    let request =
        http::Request::post(&url).header("authorization", "Bearer other").body(Full::new(Bytes::new())).unwrap();
    let error = client.call(request).await.unwrap_err();
    assert_eq!(error.to_string(), "the request has the header authorization already: two layers authenticate it");
    let client = other_clients::reqwest(reqwest_client(), credentials(&sandbox));
    let error = client.post(&url).header("authorization", "Bearer other").send().await.unwrap_err();
    assert!(format!("{error:?}").contains("two layers authenticate it"), "{error:?}");
    assert_eq!(tokens.seen(), 0);
}

#[tokio::test]
async fn reqwest_sends_a_request_again_with_a_new_token() {
    let (sandbox, tokens) = (Sandbox::builder().start().await.unwrap(), Tokens::default());
    let url = axum_server(tokens.clone()).await;
    let client = other_clients::reqwest(reqwest_client(), credentials(&sandbox));
    for (seen, requests) in [(1, 1), (3, 2)] {
        let response = client.post(&url).body("hello").send().await.unwrap();
        assert_eq!((response.status(), response.text().await.unwrap().as_str()), (StatusCode::OK, "hello"));
        assert_eq!((tokens.seen(), sandbox.token_requests()), (seen, requests));
        tokens.revoke_last();
    }
}

/// A health service of tonic behind a check of the token.
async fn tonic_server(tokens: Tokens) -> SocketAddr {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let (reporter, service) = tonic_health::server::health_reporter();
    reporter.set_service_status("optimize", tonic_health::ServingStatus::Serving).await;
    let check = move |request: tonic::Request<()>| {
        let token = request.metadata().get("authorization").map(|value| value.to_str().unwrap()).unwrap_or_default();
        if tokens.accepts(token) { Ok(request) } else { Err(tonic::Status::unauthenticated("revoked")) }
    };
    let service = tonic::service::interceptor::InterceptedService::new(service, check);
    tokio::spawn(tonic::transport::Server::builder().add_service(service).serve(address));
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    address
}

#[tokio::test]
async fn tonic_sends_a_call_again_with_a_new_token() {
    let (sandbox, tokens) = (Sandbox::builder().start().await.unwrap(), Tokens::default());
    let address = tonic_server(tokens.clone()).await;
    let mut client = other_clients::grpc(format!("http://{address}").parse().unwrap(), credentials(&sandbox));
    for (seen, requests) in [(1, 1), (3, 2)] {
        let request = HealthCheckRequest { service: "optimize".to_owned() };
        assert_eq!(client.check(request).await.unwrap().into_inner().status, 1);
        assert_eq!((tokens.seen(), sandbox.token_requests()), (seen, requests));
        tokens.revoke_last();
    }
}

#[tokio::test]
async fn an_interceptor_that_cannot_wait_never_runs_dry() {
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_secs(3)).start().await.unwrap();
    let tokens = Tokens::default();
    let address = tonic_server(tokens.clone()).await;
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    let interceptor = NowInterceptor::new(credentials(&sandbox)).await.unwrap();
    let mut client = HealthClient::with_interceptor(channel, interceptor);
    let request = || HealthCheckRequest { service: "optimize".to_owned() };
    for _ in 0..16 {
        client.check(request()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!((3..=6).contains(&sandbox.token_requests()), "{}", sandbox.token_requests());
    let refused =
        HealthClient::new(tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy());
    assert_eq!({ refused }.check(request()).await.unwrap_err().code(), Code::Unauthenticated);
}
