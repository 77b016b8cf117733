//! What several tests share.

use std::time::Duration;

use optimize_api::{Client, ClientBuilder, RetryPolicy};
use optimize_auth::{ClientAuth, ClientCredentials, Credentials, ServiceUrl};
use optimize_sandbox::{Entry, FaultRule, Release, Sandbox, SandboxBuilder};

pub(crate) const REPORT_LIST_PATH: &str = "/api/public/report";
pub(crate) const REPORT_DATA_PATH: &str = "/api/public/export/report/*/result/json";

pub(crate) async fn sandbox() -> Sandbox {
    start(Sandbox::builder()).await
}

pub(crate) async fn of(release: Release) -> Sandbox {
    start(Sandbox::builder().release(release)).await
}

pub(crate) async fn with_fault(rule: FaultRule) -> Sandbox {
    start(Sandbox::builder().fault(rule)).await
}

pub(crate) async fn start(builder: SandboxBuilder) -> Sandbox {
    builder.start().await.unwrap()
}

pub(crate) fn url(text: &str) -> ServiceUrl {
    ServiceUrl::parse(text).unwrap()
}

/// A builder without credentials whose retries do not wait.
pub(crate) fn builder(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(url(&sandbox.base_url())).retry(RetryPolicy::default().with_first_wait(Duration::ZERO))
}

/// A client that gets tokens from the sandbox's own issuer.
pub(crate) fn client(sandbox: &Sandbox) -> Client {
    builder(sandbox).credentials(credentials(sandbox)).build().unwrap()
}

pub(crate) fn credentials(sandbox: &Sandbox) -> Credentials {
    let secret = sandbox.client_secret().to_owned().into();
    Credentials::new(ClientCredentials::new(url(&sandbox.token_url()), sandbox.client_id(), ClientAuth::Post(secret)))
}

/// A client with the sandbox's static token.
pub(crate) fn static_client(sandbox: &Sandbox) -> Client {
    let credentials = Credentials::static_bearer(sandbox.static_token().to_owned().into()).unwrap();
    builder(sandbox).credentials(credentials).build().unwrap()
}

pub(crate) fn api_requests(sandbox: &Sandbox) -> Vec<Entry> {
    sandbox.journal().into_iter().filter(|entry| entry.path.starts_with("/api")).collect()
}
