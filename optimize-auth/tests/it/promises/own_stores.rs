//! A store of another program can be slow, broken or wrong: callers get their token all the same.

use std::collections::HashMap;
use std::future::pending;
use std::io::Seek;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use optimize_auth::{
    AuthError, Cached, Clock, Credentials, ExposeSecret, FetchContext, StoreError, StoreKey, StoreLock, SystemClock,
    Token, TokenSource, TokenStore, async_trait,
};

/// Counts its requests.
#[derive(Clone, Debug, Default)]
struct Source(Arc<AtomicU32>);

#[async_trait]
impl TokenSource for Source {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Token::bearer("canary-token".into())?.with_lifetime(Duration::from_secs(300)))
    }

    fn store_key(&self) -> Option<StoreKey> {
        Some(StoreKey::builder("own").build())
    }
}

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Fails,
    Hangs,
    HangsInLock,
    Garbage,
    Expired,
}

#[derive(Debug)]
struct Broken(Wrong);

impl Broken {
    async fn act(&self) -> Result<(), StoreError> {
        match self.0 {
            Wrong::Fails => Err("the database is gone".into()),
            Wrong::Hangs => pending().await,
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl TokenStore for Broken {
    async fn read(&self, _: &StoreKey) -> Result<Option<Token>, StoreError> {
        self.act().await?;
        match self.0 {
            Wrong::Garbage => Ok(Some(Token::from_record(b"{\"v\":1,\"secret\":\"canary")?)),
            Wrong::Expired => Ok(Some(Token::bearer("old".into())?.with_lifetime(Duration::ZERO))),
            _ => Ok(None),
        }
    }

    async fn write(&self, _: &StoreKey, _: &Token) -> Result<(), StoreError> {
        self.act().await
    }

    async fn remove(&self, _: &StoreKey) -> Result<(), StoreError> {
        self.act().await
    }

    async fn lock(&self, _: &StoreKey) -> Result<Option<Box<dyn StoreLock>>, StoreError> {
        if self.0 == Wrong::HangsInLock {
            return pending().await;
        }
        self.act().await.map(|()| None)
    }
}

/// While there is only one subscriber, `tracing` disables for good what another test's thread, which has none, logs first.
fn second_subscriber() -> tracing::Dispatch {
    tracing::Dispatch::new(tracing_subscriber::registry())
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_hangs_or_returns_garbage_is_named_once_and_holds_up_nobody_for_long() {
    let cases = [
        (Wrong::Fails, "cannot read a token: the database is gone"),
        (Wrong::Hangs, "cannot read a token: it did not respond within 5s"),
        (Wrong::HangsInLock, "cannot lock a token: it granted no lock within 60s"),
        (Wrong::Garbage, "cannot read a token: failed to read a stored token: this is no record of one"),
        (Wrong::Expired, ""),
    ];
    for (wrong, expected) in cases {
        let log = Arc::new(tempfile::tempfile().unwrap());
        let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
        let _second = second_subscriber();
        let guard = tracing::subscriber::set_default(subscriber);
        let source = Source::default();
        let credentials: Credentials = Cached::new(source.clone()).with_store(Broken(wrong)).into();
        let started = tokio::time::Instant::now();
        assert_eq!(credentials.token().await.unwrap().secret().expose_secret(), "canary-token", "{wrong:?}");
        let most = if wrong == Wrong::HangsInLock { 61 } else { 6 };
        assert!(started.elapsed() < Duration::from_secs(most), "{wrong:?}: {:?}", started.elapsed());
        credentials.log_out().await.unwrap();
        credentials.headers().await.unwrap();
        assert_eq!(source.0.load(Ordering::Relaxed), 2, "{wrong:?}");
        drop(guard);
        (&*log).rewind().unwrap();
        let text = std::io::read_to_string(&*log).unwrap();
        assert!(text.contains(expected), "{wrong:?}: {text}");
        assert_eq!(text.matches("the token store is not used").count(), usize::from(!expected.is_empty()), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}

/// Secret and end of each token, as a table of texts may have them.
#[derive(Clone, Debug, Default)]
struct Texts(Arc<Mutex<HashMap<StoreKey, (String, SystemTime)>>>);

#[async_trait]
impl TokenStore for Texts {
    async fn read(&self, key: &StoreKey) -> Result<Option<Token>, StoreError> {
        let Some((secret, end)) = self.0.lock().unwrap().get(key).cloned() else { return Ok(None) };
        Ok(Some(Token::bearer(secret.into())?.with_lifetime(end.duration_since(SystemClock.wall())?)))
    }

    async fn write(&self, key: &StoreKey, token: &Token) -> Result<(), StoreError> {
        let end = token.expires_at().ok_or("a token without an end")?;
        self.0.lock().unwrap().insert(key.clone(), (token.secret().expose_secret().to_owned(), end));
        Ok(())
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.0.lock().unwrap().remove(key);
        Ok(())
    }

    async fn lock(&self, _: &StoreKey) -> Result<Option<Box<dyn StoreLock>>, StoreError> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_store_of_secrets_and_ends_serves_another_cache() {
    let (store, source) = (Texts::default(), Source::default());
    for _ in 0..2 {
        let credentials: Credentials = Cached::new(source.clone()).with_store(store.clone()).into();
        credentials.headers().await.unwrap();
    }
    assert_eq!(source.0.load(Ordering::Relaxed), 1);
}
