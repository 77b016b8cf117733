//! Tokens in Redis: a [`TokenStore`] for programs that run on many machines.
//!
//! Each token is one key, which Redis drops when the token ends. The lock is a key that lives for three seconds and is
//! renewed while its holder runs (<https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/>, one server).

use std::fmt;
use std::time::Duration;

use optimize_auth::{StoreError, StoreKey, StoreLock, Token, TokenStore, async_trait};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, ExistenceCheck, Script, SetExpiry, SetOptions};

/// How long a lock lives without a beat.
const LOCK_LIFE: Duration = Duration::from_secs(3);
/// How often one who waits for a lock tries to take it.
const LOCK_POLL: Duration = Duration::from_millis(50);
/// How long a token without an end is kept.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps tokens in a Redis server, whose access rules must protect them.
#[derive(Clone)]
pub struct RedisStore {
    connection: MultiplexedConnection,
    prefix: String,
}

impl RedisStore {
    /// Connects to `url`, such as `redis://127.0.0.1:6379`. Keys begin with `prefix`.
    pub async fn connect(url: &str, prefix: impl Into<String>) -> Result<Self, StoreError> {
        let connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
        Ok(Self { connection, prefix: prefix.into() })
    }

    fn name(&self, kind: &str, key: &StoreKey) -> String {
        format!("{}:{kind}:{}", self.prefix, key.as_str())
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenStore for RedisStore {
    async fn read(&self, key: &StoreKey) -> Result<Option<Token>, StoreError> {
        let record: Option<Vec<u8>> = self.connection.clone().get(self.name("token", key)).await?;
        Ok(record.map(|record| Token::from_record(&record)).transpose()?)
    }

    async fn write(&self, key: &StoreKey, token: &Token) -> Result<(), StoreError> {
        let life = token.lifetime().unwrap_or(LONGEST).as_secs().max(1);
        let record = token.to_record();
        let _: () = self.connection.clone().set_ex(self.name("token", key), record.as_slice(), life).await?;
        Ok(())
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), StoreError> {
        let _: () = self.connection.clone().del(self.name("token", key)).await?;
        Ok(())
    }

    async fn lock(&self, key: &StoreKey) -> Result<Option<Box<dyn StoreLock>>, StoreError> {
        let name = self.name("lock", key);
        let mut connection = self.connection.clone();
        // Who holds it: a number of its own for each, so that nobody releases the lock of another.
        let holder = format!("{}-{:?}", std::process::id(), unique());
        let life = u64::try_from(LOCK_LIFE.as_millis())?;
        let options = SetOptions::default().conditional_set(ExistenceCheck::NX).with_expiration(SetExpiry::PX(life));
        loop {
            let taken: Option<String> = connection.set_options(&name, &holder, options.clone()).await?;
            if taken.is_some() {
                return Ok(Some(Box::new(Held { connection, name, holder, is_released: false })));
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
    }
}

/// A number that no other lock of this process has.
fn unique() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

struct Held {
    connection: MultiplexedConnection,
    name: String,
    holder: String,
    is_released: bool,
}

impl Held {
    /// Runs a script on the lock, if it is still this holder's.
    async fn run(&self, command: &str) {
        let script = Script::new(&format!("if redis.call('get', KEYS[1]) == ARGV[1] then return {command} end"));
        let mut connection = self.connection.clone();
        // A lock that cannot be reached ends by itself.
        let _: Result<Option<u64>, _> = script
            .key(&self.name)
            .arg(&self.holder)
            .arg(LOCK_LIFE.as_millis().to_string())
            .invoke_async(&mut connection)
            .await;
    }
}

#[async_trait]
impl StoreLock for Held {
    async fn beat(&self) {
        self.run("redis.call('pexpire', KEYS[1], ARGV[2])").await;
    }

    async fn release(mut self: Box<Self>) {
        self.is_released = true;
        self.run("redis.call('del', KEYS[1])").await;
    }
}

impl Drop for Held {
    /// A caller that was cancelled: the lock ends three seconds after its last beat.
    fn drop(&mut self) {
        if self.is_released {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let held = Self {
                connection: self.connection.clone(),
                name: self.name.clone(),
                holder: self.holder.clone(),
                is_released: true,
            };
            runtime.spawn(async move { held.run("redis.call('del', KEYS[1])").await });
        }
    }
}
