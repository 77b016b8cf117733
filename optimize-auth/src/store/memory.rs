//! Tokens that several caches of one process share.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::lock::lock;
use crate::store::pause::Pause;
use crate::store::{LockOutcome, StoreKey, StoreLock, TokenStore};
use crate::token::Token;

/// The most tokens that are kept. One more makes room by dropping the one that was requested first.
const MOST: usize = 64;

/// Keeps tokens in memory, for several [`Credentials`](crate::Credentials) with the same settings. Clones share.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Contents>>);

#[derive(Default)]
struct Contents {
    tokens: HashMap<StoreKey, Token>,
    pauses: HashMap<StoreKey, Pause>,
    locked: HashSet<StoreKey>,
}

impl MemoryStore {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        lock(&self.0)
    }
}

impl TokenStore for MemoryStore {
    fn read(&self, key: &StoreKey) -> Option<Token> {
        self.contents().tokens.get(key).cloned()
    }

    fn write(&self, key: &StoreKey, token: &Token) {
        let mut kept = self.contents();
        if kept.tokens.len() >= MOST && !kept.tokens.contains_key(key) {
            let oldest = kept.tokens.iter().min_by_key(|(_, token)| token.request_time());
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                kept.tokens.remove(&oldest);
            }
        }
        kept.tokens.insert(key.clone(), token.clone());
    }

    fn remove(&self, key: &StoreKey) {
        let mut contents = self.contents();
        contents.tokens.remove(key);
        contents.pauses.remove(key);
    }

    fn read_pause(&self, key: &StoreKey) -> Option<Pause> {
        self.contents().pauses.get(key).cloned()
    }

    fn write_pause(&self, key: &StoreKey, pause: Option<&Pause>) {
        let mut contents = self.contents();
        match pause {
            Some(pause) if contents.pauses.len() < MOST => contents.pauses.insert(key.clone(), pause.clone()),
            _ => contents.pauses.remove(key),
        };
    }

    fn try_lock(&self, key: &StoreKey) -> LockOutcome {
        if !self.contents().locked.insert(key.clone()) {
            return LockOutcome::Busy { beat: None };
        }
        LockOutcome::Held(StoreLock::new(Held { store: self.clone(), key: key.clone() }))
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
}

impl Drop for Held {
    fn drop(&mut self) {
        self.store.contents().locked.remove(&self.key);
    }
}
