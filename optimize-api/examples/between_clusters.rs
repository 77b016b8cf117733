//! Copies a dashboard with its reports from one server into a collection of another of the same minor version.
//!
//! `cargo run --example between_clusters -- FROM-URL FROM-TOKEN-FILE DASHBOARD-ID TO-URL TO-TOKEN-FILE COLLECTION-ID`

use std::error::Error;

use optimize_api::Client;
use optimize_auth::{Credentials, ServiceUrl, read_secret_file};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, from_token, dashboard, to, to_token, collection] = arguments.as_slice() else {
        return Err("expected FROM-URL FROM-TOKEN-FILE DASHBOARD-ID TO-URL TO-TOKEN-FILE COLLECTION-ID".into());
    };
    let definitions = client(from, from_token)?.dashboards().export_definitions(&[dashboard.as_str().into()]).await?;
    // Byte for byte as they came. An import is never sent twice; what is in its way is in `Error::server`.
    for made in client(to, to_token)?.definitions().import(collection.as_str(), &definitions).await? {
        println!("{} {}", made.entity_type, made.id);
    }
    Ok(())
}

fn client(base_url: &str, token_file: &str) -> Result<Client, Box<dyn Error>> {
    let token = read_secret_file(token_file.as_ref(), "token")?;
    let credentials = Credentials::static_bearer(token)?;
    Ok(Client::builder(ServiceUrl::parse(base_url)?).credentials(credentials).build()?)
}
