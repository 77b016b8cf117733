//! Tokens in the keyring of the operating system.

use std::path::PathBuf;

use async_trait::async_trait;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::error::{AuthError, AuthErrorKind};
use crate::store::file::FileStore;
use crate::store::pause::Pause;
use crate::store::{StoreError, StoreKey, StoreLock, TokenStore};
use crate::token::Token;

/// Keeps tokens in the keyring of the operating system: the Keychain, the Credential Manager, or on Linux the kernel's
/// keyring, which forgets at the next start of the machine.
///
/// Keyrings have no locks, so a directory is needed for them. No secrets are written there.
#[derive(Debug)]
pub struct KeyringStore {
    service: String,
    locks: FileStore,
}

impl KeyringStore {
    /// A store whose entries are filed under `service`, with its locks in a directory.
    pub fn new(service: impl Into<String>, locks: impl Into<PathBuf>) -> Self {
        Self { service: service.into(), locks: FileStore::new(locks) }
    }

    /// Does `work` with the entry of a key, where waiting is allowed: keyrings may ask the user first.
    async fn with_entry<T: Send + 'static>(
        &self,
        key: &StoreKey,
        work: impl FnOnce(keyring::Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        let (service, key) = (self.service.clone(), key.clone());
        let done = tokio::task::spawn_blocking(move || entry(&service, key.as_str()).and_then(work)).await?;
        match done {
            Ok(done) => Ok(Some(done)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(format!("the keyring: {error}").into()),
        }
    }
}

/// On Linux the first entry of a process links the user's persistent keyring to its session, and the second one is the
/// first to see what is in there.
fn entry(service: &str, name: &str) -> keyring::Result<keyring::Entry> {
    drop(keyring::Entry::new(service, name)?);
    keyring::Entry::new(service, name)
}

/// A secret that the user has put into the keyring of the operating system.
///
/// Fails with [`NotFound`](AuthErrorKind::NotFound) if there is no such entry, and with
/// [`InvalidInput`](AuthErrorKind::InvalidInput) if the keyring cannot be used.
pub fn read_keyring_secret(service: &str, entry: &str) -> Result<SecretString, AuthError> {
    let read = self::entry(service, entry).and_then(|entry| entry.get_password());
    read.map(|text| SecretString::from(Zeroizing::new(text).as_str())).map_err(|error| {
        let kind = match error {
            keyring::Error::NoEntry => AuthErrorKind::NotFound,
            _ => AuthErrorKind::InvalidInput,
        };
        AuthError::new(kind, format!("failed to read the entry {entry} of {service} from the keyring: {error}"))
    })
}

#[async_trait]
impl TokenStore for KeyringStore {
    async fn read(&self, key: &StoreKey) -> Result<Option<Token>, StoreError> {
        let record = self.with_entry(key, |entry| entry.get_secret().map(Zeroizing::new)).await?;
        Ok(record.map(|record| Token::from_record(&record)).transpose()?)
    }

    async fn write(&self, key: &StoreKey, token: &Token) -> Result<(), StoreError> {
        let record = token.to_record();
        self.with_entry(key, move |entry| entry.set_secret(&record)).await.map(drop)
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.with_entry(key, |entry| entry.delete_credential()).await?;
        self.locks.write_pause(key, None).await
    }

    async fn read_pause(&self, key: &StoreKey) -> Result<Option<Pause>, StoreError> {
        self.locks.read_pause(key).await
    }

    async fn write_pause(&self, key: &StoreKey, pause: Option<&Pause>) -> Result<(), StoreError> {
        self.locks.write_pause(key, pause).await
    }

    async fn lock(&self, key: &StoreKey) -> Result<Option<Box<dyn StoreLock>>, StoreError> {
        self.locks.lock(key).await
    }
}
