//! Gets tokens: `cargo run --example one_token TOKEN_URL CLIENT_ID SECRET_FILE METHOD COUNT < /dev/null`.
//!
//! Prints for how many seconds the last one is good, or the kind of the error. Then everything is dropped, and the program
//! stays until standard input ends, so that a test can look at what is left in its memory.

use std::io::Read;
use std::path::Path;

use optimize_auth::{Cached, ClientAuth, ClientCredentials, Credentials, ServiceUrl, read_secret_file};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [token_url, client_id, secret_file, method, count] = arguments.as_slice() else {
        return Err("usage: one_token TOKEN_URL CLIENT_ID SECRET_FILE METHOD COUNT".into());
    };
    let secret = read_secret_file(Path::new(secret_file), "client secret")?;
    let client_auth = match method.as_str() {
        "post" => ClientAuth::Post(secret),
        "basic" => ClientAuth::Basic(secret),
        "json" => ClientAuth::Json(secret),
        "jwt" => ClientAuth::SecretJwt(secret),
        _ => return Err("METHOD is post, basic, json or jwt".into()),
    };
    let source = ClientCredentials::new(ServiceUrl::parse(token_url)?, client_id, client_auth);
    let credentials = Credentials::from(Cached::new(source).with_attempts(1));
    let mut outcome = String::new();
    for _ in 0..count.parse::<u32>()? {
        credentials.forget();
        outcome = match credentials.token().await {
            Ok(token) => token.lifetime().unwrap_or_default().as_secs().to_string(),
            Err(error) => format!("{:?}", error.kind()),
        };
    }
    drop(credentials);
    println!("{outcome}");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
