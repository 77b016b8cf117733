//! Gets one token: `cargo run --example one_token TOKEN_URL CLIENT_ID SECRET_FILE < /dev/null`.
//!
//! Prints for how many seconds it is good. Then everything is dropped, and the program stays until standard input ends, so
//! that somebody may look at what is left in its memory.

use std::io::Read;
use std::path::Path;

use optimize_auth::{ClientAuth, ClientCredentials, Credentials, ServiceUrl, read_secret_file};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [token_url, client_id, secret_file] = arguments.as_slice() else {
        return Err("usage: one_token TOKEN_URL CLIENT_ID SECRET_FILE".into());
    };
    let secret = read_secret_file(Path::new(secret_file), "client secret")?;
    let source = ClientCredentials::new(ServiceUrl::parse(token_url)?, client_id, ClientAuth::Post(secret));
    let credentials = Credentials::new(source);
    let lifetime = credentials.token().await?.lifetime().unwrap_or_default();
    drop(credentials);
    println!("{}", lifetime.as_secs());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
