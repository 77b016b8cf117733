//! Asks a cluster of Camunda 8 SaaS for the dashboards of a collection.
//!
//! `cargo run --example saas -- bru-2 CLUSTER-ID CLIENT-ID SECRET-FILE COLLECTION-ID`

use std::error::Error;

use optimize_api::Client;
use optimize_auth::{ClientAuth, ClientCredentials, Credentials, Preset, ServiceUrl, read_secret_file};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [region, cluster, client_id, secret_file, collection] = arguments.as_slice() else {
        return Err("expected REGION CLUSTER-ID CLIENT-ID SECRET-FILE COLLECTION-ID".into());
    };
    // Region and cluster say where Optimize is, and with them the token URL and the audience are known.
    let preset = Preset::saas(region, cluster)?;
    let secret = read_secret_file(secret_file.as_ref(), "client secret")?;
    let source = ClientCredentials::new(ServiceUrl::parse(&preset.token_url)?, client_id, ClientAuth::Post(secret))
        .with_audience(preset.audience.unwrap_or_default());
    let base_url = ServiceUrl::parse(&preset.base_url.unwrap_or_default())?;
    let client = Client::builder(base_url).credentials(Credentials::new(source)).build()?;
    for dashboard in client.dashboards().list(collection.as_str()).await? {
        println!("{dashboard}");
    }
    Ok(())
}
