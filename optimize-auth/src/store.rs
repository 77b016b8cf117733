//! Where tokens outlive the cache that fetched them.

pub(crate) mod file;
#[cfg(feature = "keyring")]
pub(crate) mod keyring;
pub(crate) mod memory;
pub(crate) mod pause;
pub(crate) mod record;
mod waiting;

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::http::HttpOptions;
use crate::store::pause::Pause;
use crate::token::Token;

/// Why a store could not do what it was called for. It must hold no token.
pub type StoreError = Box<dyn Error + Send + Sync>;

/// Keeps tokens for several caches, or for several processes.
///
/// The cache reads without a lock, and fetches and writes under one, so that any number of processes that start at once
/// send one token request. A store never fails a caller: the first failure is logged as a warning, and the cache
/// continues without. It waits five seconds at most for a call, and a minute for a lock; a store that does not respond is left
/// alone for half a minute.
///
/// A store of bytes keeps [`Token::to_record`] and reads [`Token::from_record`]. `testing::stores` of the feature
/// `test-util` checks a store against what the cache relies on.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex};
/// use optimize_auth::{StoreError, StoreKey, StoreLock, Token, TokenStore};
///
/// /// Keeps records in a map, and has no locks.
/// #[derive(Debug, Default)]
/// struct Records(Mutex<HashMap<String, Vec<u8>>>);
///
/// #[optimize_auth::async_trait]
/// impl TokenStore for Records {
///     async fn read(&self, key: &StoreKey) -> Result<Option<Token>, StoreError> {
///         let record = self.0.lock().unwrap().get(key.as_str()).cloned();
///         Ok(record.map(|record| Token::from_record(&record)).transpose()?)
///     }
///
///     async fn write(&self, key: &StoreKey, token: &Token) -> Result<(), StoreError> {
///         self.0.lock().unwrap().insert(key.as_str().to_owned(), token.to_record().to_vec());
///         Ok(())
///     }
///
///     async fn remove(&self, key: &StoreKey) -> Result<(), StoreError> {
///         self.0.lock().unwrap().remove(key.as_str());
///         Ok(())
///     }
///
///     async fn lock(&self, _: &StoreKey) -> Result<Option<Box<dyn StoreLock>>, StoreError> {
///         Ok(None)
///     }
/// }
/// ```
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// The token under `key`, as it was written, or `None`.
    async fn read(&self, key: &StoreKey) -> Result<Option<Token>, StoreError>;

    /// Keeps `token` under `key`.
    async fn write(&self, key: &StoreKey, token: &Token) -> Result<(), StoreError>;

    /// Drops what is under `key`, a pause too.
    async fn remove(&self, key: &StoreKey) -> Result<(), StoreError>;

    /// Until when, and why, no token is requested under `key`. Default never.
    async fn read_pause(&self, _key: &StoreKey) -> Result<Option<Pause>, StoreError> {
        Ok(None)
    }

    /// Keeps a pause under `key`, or removes it. Default nothing: other processes then send their own requests.
    async fn write_pause(&self, _key: &StoreKey, _pause: Option<&Pause>) -> Result<(), StoreError> {
        Ok(())
    }

    /// Waits until the lock of `key` is free, and takes it. `None` if there are no locks here.
    ///
    /// A crash releases it. A holder that has shown no [beat](StoreLock::beat) for a few seconds does not run any more, and
    /// loses it. The cache drops this future when another process has stored a token meanwhile.
    async fn lock(&self, key: &StoreKey) -> Result<Option<Box<dyn StoreLock>>, StoreError>;
}

/// A lock that is held. Dropping it releases it too, at the latest when its holder counts as stopped.
#[async_trait]
pub trait StoreLock: Send + Sync {
    /// Shows others that the holder runs. The cache calls this twice a second while it fetches. Default nothing.
    async fn beat(&self) {}

    /// Releases the lock. Default by dropping it.
    async fn release(self: Box<Self>) {}
}

/// The name of a token in a store: a SHA-256 over everything that changes the token, so that nothing of it shows.
///
/// ```
/// use optimize_auth::StoreKey;
///
/// let key = |client: &str| StoreKey::builder("vault").with_text("client_id", Some(client)).build();
/// assert_eq!(key("a"), key("a"));
/// assert_ne!(key("a"), key("b"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreKey(String);

impl StoreKey {
    /// A key for tokens of the strategy `name`.
    pub fn builder(name: &str) -> StoreKeyBuilder {
        StoreKeyBuilder(Sha256::new()).with_text("strategy", Some(name))
    }

    /// The key in hexadecimal, 64 characters: fit for a file name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreKey({})", self.0)
    }
}

/// Collects what a [`StoreKey`] is made of.
#[must_use]
pub struct StoreKeyBuilder(Sha256);

impl StoreKeyBuilder {
    /// Adds a part. An absent one differs from an empty one.
    pub fn with_text(self, name: &str, value: Option<&str>) -> Self {
        self.with_bytes(name, value.map(str::as_bytes))
    }

    /// Adds a list whose order and repetitions do not matter, such as a space-separated scope.
    pub fn with_words(self, name: &str, value: Option<&str>) -> Self {
        let Some(value) = value else { return self.with_text(name, None) };
        let mut words: Vec<_> = value.split_whitespace().collect();
        words.sort_unstable();
        words.dedup();
        self.with_text(name, Some(&words.join(" ")))
    }

    /// Adds the fingerprint of a secret, a keyed hash.
    pub fn with_secret(self, name: &str, secret: &SecretString) -> Self {
        let tag = hmac_sha256(b"optimize-auth store key", &in_blocks(secret));
        self.with_bytes(name, Some(&tag))
    }

    /// Adds what decides which servers a connection trusts, and who the client is on it.
    pub(crate) fn with_http(self, options: &HttpOptions) -> Self {
        let trust = if options.trusts_system() { "yes" } else { "no" };
        let key = self.with_text("trusts_system", Some(trust));
        let with_root = |key: Self, pem: &Vec<u8>| key.with_text("root", Some(&String::from_utf8_lossy(pem)));
        let key = options.root_certificates().iter().fold(key, with_root);
        match options.client_identity() {
            Some(identity) => key.with_secret("identity", identity),
            None => key,
        }
    }

    /// Adds another key.
    pub fn with_key(self, name: &str, key: &StoreKey) -> Self {
        self.with_text(name, Some(key.as_str()))
    }

    // Lengths go in before the bytes, so that no two different lists of parts read alike.
    fn with_bytes(mut self, name: &str, value: Option<&[u8]>) -> Self {
        for bytes in [Some(name.as_bytes()), value] {
            let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
            self.0.update(length.to_be_bytes());
            self.0.update(bytes.unwrap_or_default());
        }
        self
    }

    /// The key.
    pub fn build(self) -> StoreKey {
        StoreKey(hexadecimal(&self.0.finalize()))
    }
}

/// A secret as whole blocks of SHA-256, its length first, in memory that is wiped. A hash function keeps the bytes of a
/// block that is not full, and leaves them behind; of whole blocks it keeps nothing.
fn in_blocks(secret: &SecretString) -> Zeroizing<Vec<u8>> {
    const BLOCK: usize = 64;
    let secret = secret.expose_secret().as_bytes();
    let length = (secret.len() as u64).to_be_bytes();
    let mut blocks = Zeroizing::new(vec![0; (length.len() + secret.len()).next_multiple_of(BLOCK)]);
    blocks[..length.len()].copy_from_slice(&length);
    blocks[length.len()..length.len() + secret.len()].copy_from_slice(secret);
    blocks
}

/// Identifies a token without showing it: the first half of a SHA-256 that helpers know too.
pub(crate) fn fingerprint(secret: &SecretString) -> String {
    hexadecimal(&Sha256::digest(secret.expose_secret().as_bytes())[..16])
}

/// A keyed hash (RFC 2104).
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
