//! How to test a program of your own: against a server in the same process, with a failure that a real one has seldom.
//!
//! `cargo run --example tested`

use std::error::Error;

use futures_util::TryStreamExt;
use optimize_api::{Client, ErrorKind};
use optimize_auth::{Credentials, ServiceUrl};
use optimize_sandbox::{Fault, FaultRule, Sandbox};

/// What is to be tested: it takes the client, so that a test can hand it one.
async fn count(client: &Client) -> Result<usize, optimize_api::Error> {
    let rows: Vec<_> = client.reports().data("claims-raw").page_size(1000).rows().try_collect().await?;
    Ok(rows.len())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::builder().start().await?;
    let credentials = Credentials::static_bearer(sandbox.static_token().to_owned().into())?;
    let client = Client::builder(ServiceUrl::parse(&sandbox.base_url())?).credentials(credentials).build()?;
    assert_eq!(count(&client).await?, 2450);
    println!("all rows are counted");

    let page =
        FaultRule::new("/api/public/export/report/*/result/json", Fault::status(503)).with_query("searchRequestId");
    sandbox.add_fault(page);
    let error = count(&client).await.expect_err("a page is missing");
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    println!("a lost page is an error");
    Ok(())
}
