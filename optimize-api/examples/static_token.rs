//! Lists the reports of a collection of a self-managed server with a shared token.
//!
//! `cargo run --example static_token -- http://localhost:8090 TOKEN-FILE COLLECTION-ID`

use std::error::Error;

use optimize_api::Client;
use optimize_auth::{Credentials, ServiceUrl, read_secret_file};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base_url, token_file, collection] = arguments.as_slice() else {
        return Err("expected BASE-URL TOKEN-FILE COLLECTION-ID".into());
    };
    let token = read_secret_file(token_file.as_ref(), "token")?;
    let client =
        Client::builder(ServiceUrl::parse(base_url)?).credentials(Credentials::static_bearer(token)?).build()?;
    for report in client.reports().list(collection.as_str()).await? {
        println!("{report}");
    }
    Ok(())
}
