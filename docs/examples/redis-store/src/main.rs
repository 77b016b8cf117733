//! Prints when the token ends, in milliseconds since 1970: `redis-store REDIS_URL TOKEN_URL CLIENT_ID < SECRET`. However many run at once, one of them
//! requests it.

use std::io::Read as _;
use std::time::SystemTime;

use optimize_auth::{Cached, ClientAuth, ClientCredentials, Credentials, ServiceUrl};
use redis_store::RedisStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [redis, token_url, client_id] = arguments.as_slice() else {
        return Err("usage: redis-store REDIS_URL TOKEN_URL CLIENT_ID < SECRET".into());
    };
    let mut secret = String::new();
    std::io::stdin().read_to_string(&mut secret)?;
    let client_auth = ClientAuth::Post(secret.trim_end().into());
    let source = ClientCredentials::new(ServiceUrl::parse(token_url)?, client_id, client_auth);
    let store = RedisStore::connect(redis, "optimize").await?;
    let credentials: Credentials = Cached::new(source).with_store(store).into();
    let token = credentials.token().await?;
    let end = token.expires_at().ok_or("the token has no end")?.duration_since(SystemTime::UNIX_EPOCH)?;
    println!("{}", end.as_millis());
    Ok(())
}
