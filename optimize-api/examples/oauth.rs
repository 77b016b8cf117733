//! Asks a self-managed server behind Keycloak, or any other OAuth 2 provider, whether it is ready and lets this client in.
//!
//! `cargo run --example oauth -- http://localhost:8083 TOKEN-URL CLIENT-ID SECRET-FILE [AUDIENCE]`

use std::error::Error;

use optimize_api::{Client, ErrorKind, Readiness};
use optimize_auth::{ClientAuth, ClientCredentials, Credentials, ServiceUrl, read_secret_file};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (required, audience) = arguments.split_at(arguments.len().min(4));
    let [base_url, token_url, client_id, secret_file] = required else {
        return Err("expected BASE-URL TOKEN-URL CLIENT-ID SECRET-FILE [AUDIENCE]".into());
    };
    let secret = read_secret_file(secret_file.as_ref(), "client secret")?;
    let mut source = ClientCredentials::new(ServiceUrl::parse(token_url)?, client_id, ClientAuth::Basic(secret));
    if let [audience] = audience {
        source = source.with_audience(audience);
    }
    let client = Client::builder(ServiceUrl::parse(base_url)?).credentials(Credentials::new(source)).build()?;
    println!("ready: {}", client.readiness().await? == Readiness::Ready);
    // A collection that does not exist lists nothing: this asks for the permission alone.
    match client.reports().list(&"nowhere".into()).await {
        Ok(_) => println!("this client is let in"),
        Err(error) if error.kind() == ErrorKind::Unauthorized => {
            println!("the token is not accepted: {error}");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
