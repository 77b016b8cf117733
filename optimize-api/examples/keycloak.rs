//! Asks a self-managed server behind Keycloak whether it is ready and lets this client in.
//!
//! `cargo run --example keycloak -- http://localhost:8083 https://keycloak.example.com/realms/camunda-platform CLIENT-ID SECRET-FILE`

use std::error::Error;

use optimize_api::{Client, ErrorKind, Readiness};
use optimize_auth::{ClientAuth, Credentials, Preset, ServiceUrl, read_secret_file};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base_url, realm_url, client_id, secret_file] = arguments.as_slice() else {
        return Err("expected BASE-URL REALM-URL CLIENT-ID SECRET-FILE".into());
    };
    let secret = read_secret_file(secret_file.as_ref(), "client secret")?;
    // Which audience the token has is set at Keycloak. At another provider begin with `ClientCredentials::new`.
    let source = Preset::keycloak(realm_url).client_credentials(client_id, ClientAuth::Basic(secret))?;
    let client = Client::builder(ServiceUrl::parse(base_url)?).credentials(Credentials::new(source)).build()?;
    println!("ready: {}", client.readiness().await? == Readiness::Ready);
    // A collection that does not exist lists nothing: this asks for the permission alone.
    match client.reports().list("nowhere").await {
        Ok(_) => println!("this client is let in"),
        Err(error) if error.kind() == ErrorKind::Unauthorized => {
            println!("the token is not accepted: {error}");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
