//! Tokens in the keyring of the operating system.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::record;
use crate::error::{AuthError, AuthErrorKind};
use crate::store::file::FileStore;
use crate::store::pause::Pause;
use crate::store::{LockOutcome, StoreKey, TokenStore};
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

    fn entry(&self, key: &StoreKey) -> keyring::Result<keyring::Entry> {
        // On Linux the first entry of a process links the user's persistent keyring to its session, and the second one is
        // the first to see what is in there.
        drop(keyring::Entry::new(&self.service, key.as_str())?);
        keyring::Entry::new(&self.service, key.as_str())
    }
}

/// A secret that the user has put into the keyring of the operating system.
///
/// Fails with [`NotFound`](AuthErrorKind::NotFound) if there is no such entry, and with
/// [`InvalidInput`](AuthErrorKind::InvalidInput) if the keyring cannot be used.
pub fn read_keyring_secret(service: &str, entry: &str) -> Result<SecretString, AuthError> {
    // Two, for the reason above.
    let read = keyring::Entry::new(service, entry)
        .and_then(|_| keyring::Entry::new(service, entry))
        .and_then(|entry| entry.get_password());
    read.map(|text| SecretString::from(Zeroizing::new(text).as_str())).map_err(|error| {
        let kind = match error {
            keyring::Error::NoEntry => AuthErrorKind::NotFound,
            _ => AuthErrorKind::InvalidInput,
        };
        AuthError::new(kind, format!("read the entry {entry} of {service} from the keyring: {error}"))
    })
}

fn warn(action: &str, error: &dyn fmt::Display) {
    tracing::warn!("the keyring is not used: cannot {action} a token: {error}");
}

impl TokenStore for KeyringStore {
    fn read(&self, key: &StoreKey) -> Option<Token> {
        match self.entry(key).and_then(|entry| entry.get_secret()) {
            Ok(bytes) => record::read(&Zeroizing::new(bytes)),
            Err(keyring::Error::NoEntry) => None,
            Err(error) => {
                warn("read", &error);
                None
            }
        }
    }

    fn write(&self, key: &StoreKey, token: &Token) {
        let Some(bytes) = record::write(token) else { return };
        if let Err(error) = self.entry(key).and_then(|entry| entry.set_secret(&bytes)) {
            warn("write", &error);
        }
    }

    fn remove(&self, key: &StoreKey) {
        match self.entry(key).and_then(|entry| entry.delete_credential()) {
            Ok(()) | Err(keyring::Error::NoEntry) => {}
            Err(error) => warn("remove", &error),
        }
        self.locks.write_pause(key, None);
    }

    fn read_pause(&self, key: &StoreKey) -> Option<Pause> {
        self.locks.read_pause(key)
    }

    fn write_pause(&self, key: &StoreKey, pause: Option<&Pause>) {
        self.locks.write_pause(key, pause);
    }

    fn try_lock(&self, key: &StoreKey) -> LockOutcome {
        self.locks.try_lock(key)
    }
}
