//! The strategy as a program uses it.

use custom_strategy::registry;
use optimize_auth::{AuthError, BuildContext, Credentials};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

async fn token(settings: Value) -> Result<String, AuthError> {
    let credentials = Credentials::new(registry()?.build_value(settings, &BuildContext::default())?);
    Ok(credentials.token().await?.secret().expose_secret().to_owned())
}

#[tokio::test]
async fn the_newest_token_counts_and_an_empty_mailbox_lets_a_chain_go_on() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let mailbox = json!({ "strategy": "mailbox", "directory": directory.path() });
    let chain = json!({ "strategy": "chain", "sources": [mailbox, { "strategy": "static", "token": "spare" }] });
    assert_eq!(token(chain.clone()).await?, "spare");
    std::fs::write(directory.path().join("a"), "first\n")?;
    std::fs::write(directory.path().join("b"), "second\n")?;
    assert_eq!(token(mailbox).await?, "second");
    assert_eq!(token(chain).await?, "second");
    Ok(())
}

#[tokio::test]
async fn a_misspelt_setting_is_an_error_like_any_other() {
    let error = token(json!({ "strategy": "mailbox", "directory": "/tmp", "lifetime_second": "5" })).await.unwrap_err();
    assert_eq!(error.setting(), Some("lifetime_second"));
    assert!(error.to_string().ends_with("did you mean `lifetime_seconds`?"), "{error}");
}
