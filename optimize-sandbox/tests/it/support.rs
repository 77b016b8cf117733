//! A plain HTTP client, so that nothing of the SDK is trusted here.

use optimize_sandbox::{Release, Sandbox, SandboxBuilder};
use serde_json::Value;

pub(crate) async fn start(builder: SandboxBuilder) -> Sandbox {
    builder.start().await.unwrap()
}

pub(crate) async fn of(release: Release) -> Sandbox {
    start(Sandbox::builder().release(release)).await
}

/// A response: status, the headers a test may ask for, body.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[expect(clippy::disallowed_methods, reason = "the sandbox is tested from outside")]
pub(crate) fn http() -> reqwest::Client {
    // A client of its own for each: a connection belongs to the runtime of one test.
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Response {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Response { status, headers, text: response.text().await.unwrap() }
}

/// A request below the base URL with this token.
pub(crate) async fn get(sandbox: &Sandbox, token: &str, path: &str) -> Response {
    send(http().get(format!("{}{path}", sandbox.base_url())).bearer_auth(token)).await
}

/// The sandbox's client asks for a token with these further parameters.
pub(crate) async fn grant(sandbox: &Sandbox, further: &[(&str, &str)]) -> Response {
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", sandbox.client_id()),
        ("client_secret", sandbox.client_secret()),
    ];
    form.extend(further);
    send(http().post(sandbox.token_url()).form(&form)).await
}

pub(crate) async fn token(sandbox: &Sandbox, further: &[(&str, &str)]) -> String {
    grant(sandbox, further).await.json()["access_token"].as_str().unwrap().to_owned()
}
