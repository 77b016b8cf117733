//! Tokens that several caches of one process share.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;

use crate::lock::lock;
use crate::store::pause::Pause;
use crate::store::waiting::{Locks, Tried, wait};
use crate::store::{StoreError, StoreKey, StoreLock, TokenStore};
use crate::token::Token;

/// The most tokens that are kept. One more makes room by dropping the one that was requested first.
const MOST: usize = 64;

/// Keeps tokens in memory, for several [`Credentials`](crate::Credentials) with the same settings. Clones share.
///
/// ```
/// use optimize_auth::{Cached, Credentials, MemoryStore, StaticBearer};
///
/// let store = MemoryStore::default();
/// // Clones share the tokens: the second of these needs no request.
/// let source = || StaticBearer::new("shared-secret".into());
/// let one: Credentials = Cached::new(source()?).with_store(store.clone()).into();
/// let other: Credentials = Cached::new(source()?).with_store(store).into();
/// # drop((one, other));
/// # Ok::<(), optimize_auth::AuthError>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Contents>>);

#[derive(Default)]
struct Contents {
    tokens: HashMap<StoreKey, Token>,
    pauses: HashMap<StoreKey, Pause>,
    /// The locks that are held, with what their holders have shown last.
    locked: HashMap<StoreKey, Arc<AtomicU64>>,
}

impl MemoryStore {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        lock(&self.0)
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn read(&self, key: &StoreKey) -> Result<Option<Token>, StoreError> {
        Ok(self.contents().tokens.get(key).cloned())
    }

    async fn write(&self, key: &StoreKey, token: &Token) -> Result<(), StoreError> {
        let mut kept = self.contents();
        if kept.tokens.len() >= MOST && !kept.tokens.contains_key(key) {
            let oldest = kept.tokens.iter().min_by_key(|(_, token)| token.request_time());
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                kept.tokens.remove(&oldest);
            }
        }
        kept.tokens.insert(key.clone(), token.clone());
        Ok(())
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), StoreError> {
        let mut contents = self.contents();
        contents.tokens.remove(key);
        contents.pauses.remove(key);
        Ok(())
    }

    async fn read_pause(&self, key: &StoreKey) -> Result<Option<Pause>, StoreError> {
        Ok(self.contents().pauses.get(key).cloned())
    }

    async fn write_pause(&self, key: &StoreKey, pause: Option<&Pause>) -> Result<(), StoreError> {
        let mut contents = self.contents();
        match pause {
            Some(pause) if contents.pauses.len() < MOST => contents.pauses.insert(key.clone(), pause.clone()),
            _ => contents.pauses.remove(key),
        };
        Ok(())
    }

    async fn lock(&self, key: &StoreKey) -> Result<Option<Box<dyn StoreLock>>, StoreError> {
        wait(OfKey { store: self, key }).await
    }
}

/// The lock of one key.
struct OfKey<'a> {
    store: &'a MemoryStore,
    key: &'a StoreKey,
}

impl Locks for OfKey<'_> {
    async fn try_lock(&self) -> Result<Tried, StoreError> {
        let mut contents = self.store.contents();
        if let Some(beats) = contents.locked.get(self.key) {
            return Ok(Tried::Busy(Some(beats.load(Ordering::Relaxed))));
        }
        let beats = Arc::new(AtomicU64::new(fastrand::u64(..)));
        contents.locked.insert(self.key.clone(), beats.clone());
        Ok(Tried::Held(Box::new(Held { store: self.store.clone(), key: self.key.clone(), beats })))
    }

    async fn break_lock(&self, beat: Option<u64>) -> Result<(), StoreError> {
        let mut contents = self.store.contents();
        if contents.locked.get(self.key).is_some_and(|beats| Some(beats.load(Ordering::Relaxed)) == beat) {
            contents.locked.remove(self.key);
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

struct Held {
    store: MemoryStore,
    key: StoreKey,
    beats: Arc<AtomicU64>,
}

#[async_trait]
impl StoreLock for Held {
    async fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut contents = self.store.contents();
        // Another holder may have taken it over.
        if contents.locked.get(&self.key).is_some_and(|beats| Arc::ptr_eq(beats, &self.beats)) {
            contents.locked.remove(&self.key);
        }
    }
}
