//! Where tokens outlive the cache that fetched them.

pub(crate) mod file;
#[cfg(feature = "keyring")]
pub(crate) mod keyring;
pub(crate) mod memory;
pub(crate) mod pause;
mod record;

use std::any::Any;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::http::HttpOptions;
use crate::store::pause::Pause;
use crate::token::Token;

/// Keeps tokens for several caches, or for several processes.
///
/// The cache reads without a lock, and fetches and writes under one, so that any number of processes that start at once
/// send one token request. A store never fails a caller: what it cannot read is a miss, what it cannot write is logged
/// once in the log.
///
/// The methods are called from asynchronous code, so they must be quick.
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// The token under `key`, as it was written.
    fn read(&self, key: &StoreKey) -> Option<Token>;

    /// Keeps `token` under `key`.
    fn write(&self, key: &StoreKey, token: &Token);

    /// Drops what is under `key`, a pause too.
    fn remove(&self, key: &StoreKey);

    /// Until when, and why, no token is requested under `key`. Default never.
    fn read_pause(&self, _key: &StoreKey) -> Option<Pause> {
        None
    }

    /// Keeps a pause under `key`, or removes it. Default nothing: other processes then send their own requests.
    fn write_pause(&self, _key: &StoreKey, _pause: Option<&Pause>) {}

    /// Takes the lock of `key` if it is free. It is released when the result is dropped, also by a crash.
    fn try_lock(&self, key: &StoreKey) -> LockOutcome;

    /// Takes a lock away from a holder that is alive but does not run, such as a stopped process: the cache calls this when
    /// [`LockOutcome::Busy`] has shown the same `beat` for three seconds. One of those who wait can then take the lock.
    /// Default nothing: the cache then continues without a lock.
    fn break_lock(&self, _key: &StoreKey, _beat: Option<u64>) {}
}

/// What became of an attempt to lock.
#[derive(Debug)]
pub enum LockOutcome {
    /// Held until this is dropped.
    Held(StoreLock),
    /// Another holder has it.
    Busy {
        /// A number that changes at least once a second while the holder runs; `None` if the store cannot know.
        beat: Option<u64>,
    },
    /// There are no locks here; the caller continues without one.
    Unavailable,
}

/// A lock, released when dropped.
pub struct StoreLock {
    #[expect(dead_code, reason = "it is only ever dropped")]
    guard: Box<dyn Any + Send + Sync>,
    beat: Option<Box<dyn Fn() + Send + Sync>>,
}

impl StoreLock {
    /// A lock that is held as long as `guard` lives.
    pub fn new(guard: impl Any + Send + Sync) -> Self {
        Self { guard: Box::new(guard), beat: None }
    }

    /// What the cache calls twice a second while it holds the lock, to show others that the holder runs.
    pub fn with_beat(mut self, beat: impl Fn() + Send + Sync + 'static) -> Self {
        self.beat = Some(Box::new(beat));
        self
    }

    pub(crate) fn beat(&self) {
        if let Some(beat) = &self.beat {
            beat();
        }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreLock")
    }
}

/// The name of a token in a store: a SHA-256 over everything that changes the token, so that nothing of it shows.
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

/// The token of a record, as a [`FileStore`](file::FileStore) reads it.
#[cfg(fuzzing)]
pub(crate) fn read_record(bytes: &[u8]) -> Option<Token> {
    record::read(bytes)
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
