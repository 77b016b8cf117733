//! `cargo run -p custom-strategy -- DIRECTORY` prints how long the newest token in a directory is valid.

use custom_strategy::registry;
use optimize_auth::{BuildContext, Credentials};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("usage: custom-strategy DIRECTORY")?;
    let settings = json!({ "strategy": "mailbox", "directory": directory });
    let credentials = Credentials::new(registry()?.build_value(settings, &BuildContext::default())?);
    let token = credentials.token().await?;
    println!("a token that is good for {:?}", token.lifetime().unwrap_or_default());
    Ok(())
}
