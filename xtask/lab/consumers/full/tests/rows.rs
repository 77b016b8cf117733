use optimize_api::Client;
use optimize_auth::{Credentials, ServiceUrl};
use optimize_sandbox::Sandbox;

#[tokio::test]
async fn reports_have_rows() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let credentials = Credentials::static_bearer(sandbox.static_token().to_owned().into()).unwrap();
    let base_url = ServiceUrl::parse(&sandbox.base_url()).unwrap();
    let client = Client::builder(base_url).credentials(credentials).build().unwrap();
    let counts = full::rows(&client, "claims").await.unwrap();
    assert!(counts.len() > 3 && counts.iter().any(|(_, rows)| *rows > 100), "{counts:?}");
}
