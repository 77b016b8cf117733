//! Private keys for signing, where the crate is built without the feature `signing`: none can be made.

use std::convert::Infallible;

use secrecy::SecretString;

use super::SigningAlgorithm;
use crate::error::{AuthError, AuthErrorKind};
use crate::store::StoreKeyBuilder;

/// A private key that signs assertions. It needs the feature `signing`.
#[derive(Clone, Debug)]
pub struct SigningKey(Infallible);

impl SigningKey {
    /// Fails with [`Unsupported`](AuthErrorKind::Unsupported).
    pub fn parse(_: SecretString) -> Result<Self, AuthError> {
        let message =
            "the private key cannot be used: this program is built without the feature `signing` of optimize-auth";
        Err(AuthError::new(AuthErrorKind::Unsupported, message))
    }

    /// Signs with this algorithm.
    pub fn with_algorithm(self, _: SigningAlgorithm) -> Result<Self, AuthError> {
        match self.0 {}
    }

    /// The `kid` in the assertion's header.
    pub fn with_key_id(self, _: impl Into<String>) -> Self {
        match self.0 {}
    }

    /// The algorithm it signs with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        match self.0 {}
    }

    pub(super) fn id(&self) -> Option<&str> {
        match self.0 {}
    }

    pub(super) fn sign(&self, _: &[u8]) -> Result<Vec<u8>, AuthError> {
        match self.0 {}
    }

    pub(crate) fn add_to(&self, _: StoreKeyBuilder) -> StoreKeyBuilder {
        match self.0 {}
    }
}
