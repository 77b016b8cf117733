//! Keeps tokens in a directory, one after the other, as several processes might: `store_writer DIRECTORY`.
//!
//! It does not end by itself: it is there to be killed at any moment, which must leave every file whole.

use std::time::Duration;

use async_trait::async_trait;
use optimize_auth::{AuthError, Cached, Credentials, FetchContext, FileStore, StoreKey, Token, TokenSource};

#[derive(Debug)]
struct Counter(std::sync::atomic::AtomicU64);

#[async_trait]
impl TokenSource for Counter {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        let number = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let secret = format!("token-{}", format!("{number}.").repeat(500));
        Ok(Token::bearer(secret.into())?.with_lifetime(Duration::from_secs(300)))
    }

    fn store_key(&self) -> Option<StoreKey> {
        Some(StoreKey::builder("store-writer").build())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("usage: store_writer DIRECTORY")?;
    let cached = Cached::new(Counter(0.into())).with_store(FileStore::new(directory));
    let credentials = Credentials::from(cached);
    loop {
        credentials.forget();
        credentials.token().await?;
    }
}
