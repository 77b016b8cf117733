//! What the token cache relies on in a [`TokenStore`]. Each check panics with what is wrong.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let store = optimize_auth::MemoryStore::default();
//! optimize_auth::testing::stores::check(|| store.clone()).await;
//! # }
//! ```

#![expect(clippy::missing_panics_doc, reason = "a check that fails panics; the module says so")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::cache::Cached;
use crate::credentials::Credentials;
use crate::error::AuthError;
use crate::source::{FetchContext, TokenSource};
use crate::store::{StoreError, StoreKey, StoreLock, TokenStore};
use crate::token::Token;

/// How soon a lock that is free is granted, at the latest.
const SOON: Duration = Duration::from_secs(2);
/// A holder without a beat has lost its lock after this time, at the latest.
const LOST: Duration = Duration::from_secs(10);

/// All checks below. `open` opens the same store each time, as another process would. Takes about ten seconds.
pub async fn check<S: TokenStore + 'static>(open: impl Fn() -> S) {
    keeps_tokens_whole(&open(), &open()).await;
    drops_tokens(&open(), &open()).await;
    has_locks_that_exclude(&open(), &open()).await;
    takes_locks_from_those_who_do_not_run_only(&open(), &open()).await;
    serves_many_callers_with_one_request(open).await;
}

fn key(name: &str) -> StoreKey {
    StoreKey::builder("conformance").with_text(name, Some(&fastrand::u64(..).to_string())).build()
}

fn right<T>(action: &str, outcome: Result<T, StoreError>) -> T {
    outcome.unwrap_or_else(|error| panic!("the store cannot {action}: {error}"))
}

fn bearer(text: &str) -> Token {
    Token::bearer(text.into()).unwrap_or_else(|error| unreachable!("{error}"))
}

/// What one handle writes the other reads, with lifetime, scope and time of the request; the last write counts.
pub async fn keeps_tokens_whole(one: &dyn TokenStore, other: &dyn TokenStore) {
    let (key, another) = (key("whole"), key("another"));
    assert!(right("read", one.read(&key).await).is_none(), "an unknown key yields a token");
    let header = Token::header("x-api-key", "a\"b\\c \u{e4}".into()).unwrap_or_else(|error| unreachable!("{error}"));
    let long = bearer(&"x".repeat(8000));
    for token in
        [bearer("first"), long.with_scope("a b"), header, bearer("last").with_refresh_in(Duration::from_secs(20))]
    {
        let token = token.with_lifetime(Duration::from_secs(60));
        right("write", one.write(&key, &token).await);
        let read = right("read", other.read(&key).await).expect("what was written is not there");
        assert_eq!(
            read.secret().expose_secret(),
            token.secret().expose_secret(),
            "another secret is read than was written"
        );
        assert_eq!(read.as_header(), token.as_header(), "another header is read than was written");
        assert_eq!(read.lifetime(), token.lifetime(), "another lifetime is read than was written");
        assert_eq!(read.refresh_in(), token.refresh_in(), "another `refresh_in` is read than was written");
        assert_eq!(read.scope(), token.scope(), "another scope is read than was written");
        let (end, written) = (read.expires_at(), token.expires_at());
        let difference = end.zip(written).and_then(|(end, written)| written.duration_since(end).ok());
        assert!(difference.is_some_and(|by| by < Duration::from_millis(2)), "another end is read than was written");
    }
    assert!(right("read", other.read(&another).await).is_none(), "a token is found under the key of another one");
}

/// What is removed is gone for all, and removing it again is no error.
pub async fn drops_tokens(one: &dyn TokenStore, other: &dyn TokenStore) {
    let (key, another) = (key("dropped"), key("another"));
    right("write", one.write(&key, &bearer("a")).await);
    right("write", one.write(&another, &bearer("b")).await);
    right("remove", other.remove(&key).await);
    right("remove what is not there", other.remove(&key).await);
    assert!(right("read", one.read(&key).await).is_none(), "a removed token is still there");
    assert!(right("read", one.read(&another).await).is_some(), "the token of another key is gone, too");
}

/// A lock has one holder; it is free again once it is released, dropped, or no longer waited for. A store without locks
/// passes.
pub async fn has_locks_that_exclude(one: &dyn TokenStore, other: &dyn TokenStore) {
    let (key, another) = (key("lock"), key("another"));
    let soon = async |store: &dyn TokenStore, key: &StoreKey| {
        right("lock", timeout(SOON, store.lock(key)).await.expect("a free lock is not granted"))
    };
    let Some(held) = soon(one, &key).await else { return };
    let waiting = timeout(Duration::from_millis(300), other.lock(&key)).await;
    assert!(waiting.is_err(), "a lock is granted twice");
    assert!(soon(other, &another).await.is_some(), "the lock of another key is held, too");
    held.release().await;
    let again = soon(other, &key).await.expect("there was a lock before");
    drop(again);
    let again = timeout(LOST, one.lock(&key)).await.expect("a dropped lock is never free again");
    assert!(right("lock", again).is_some());
}

/// A holder that shows no beat loses its lock after a while; one that does keeps it. A store without locks passes.
pub async fn takes_locks_from_those_who_do_not_run_only(one: &dyn TokenStore, other: &dyn TokenStore) {
    let key = key("stopped");
    let Some(held) = right("lock", one.lock(&key).await) else { return };
    let beating = async {
        loop {
            sleep(Duration::from_millis(500)).await;
            held.beat().await;
        }
    };
    let beaten = timeout(Duration::from_secs(5), first(beating, other.lock(&key))).await;
    assert!(beaten.is_err(), "a holder that runs has lost its lock");
    let taken = timeout(LOST, other.lock(&key)).await.expect("a holder that does not run keeps its lock for ever");
    let taken: Option<Box<dyn StoreLock>> = right("lock", taken);
    drop(held);
    if taken.is_some() {
        let waiting = timeout(Duration::from_millis(300), one.lock(&key)).await;
        assert!(waiting.is_err(), "the old holder has released the lock of the new one");
    }
}

async fn first<T>(forever: impl Future<Output = ()>, work: impl Future<Output = T>) -> T {
    let (mut forever, mut work) = (std::pin::pin!(forever), std::pin::pin!(work));
    std::future::poll_fn(|context| {
        let _ = forever.as_mut().poll(context);
        work.as_mut().poll(context)
    })
    .await
}

/// Counts requests, which take a while.
#[derive(Debug)]
struct Counting {
    key: StoreKey,
    requests: Arc<AtomicU32>,
}

#[async_trait]
impl TokenSource for Counting {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(100)).await;
        Ok(bearer(&format!("token-{number}")).with_lifetime(Duration::from_secs(300)))
    }

    fn store_key(&self) -> Option<StoreKey> {
        Some(self.key.clone())
    }
}

/// Eight caches that start at once send one token request, if the store has locks.
pub async fn serves_many_callers_with_one_request<S: TokenStore + 'static>(open: impl Fn() -> S) {
    let (key, requests) = (key("many"), Arc::new(AtomicU32::new(0)));
    let has_locks = right("lock", open().lock(&key).await).is_some();
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        let source = Counting { key: key.clone(), requests: requests.clone() };
        let credentials: Credentials = Cached::new(source).with_store(open()).into();
        callers.spawn(async move { credentials.token().await.map(|token| token.secret().expose_secret().to_owned()) });
    }
    let tokens = callers.join_all().await;
    if has_locks {
        assert!(
            tokens.iter().all(|token| token.as_deref().is_ok_and(|token| token == "token-0")),
            "eight callers got different tokens: {tokens:?}"
        );
        assert_eq!(requests.load(Ordering::Relaxed), 1, "eight callers sent more than one request");
    }
    assert!(right("read", open().read(&key).await).is_some(), "the token of eight callers is not in the store");
}
