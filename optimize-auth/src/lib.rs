#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
//!
//! # How it fits together
//!
//! A [`TokenSource`] knows how to fetch a token. [`Cached`] decides when to call it, so that any number of concurrent
//! callers cause one token request. [`Credentials`] is the handle a program keeps: it yields request headers and a
//! [`Stamp`] with which a rejected token is dropped without evicting its successor.
//!
//! | Source | For |
//! |---|---|
//! | [`ClientCredentials`] | the OAuth 2 client credentials grant, with every usual proof of who the client is |
//! | [`StaticBearer`], [`TokenFile`] | a token that another program obtained |
//! | [`Exec`] | a credential helper in any language |
//! | [`Chain`] | the first of several that has a credential |
//! | [`Anonymous`] | no credential |
//!
//! [`StrategyRegistry`] builds them, and those of third parties, from configuration.
//!
//! The crate knows no resource of Optimize. It reads only the files that it is given. The only environment variables that
//! it respects are those for proxies (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), for https only, and `SSL_CERT_FILE` and
//! `SSL_CERT_DIR`, which replace the system's trusted certificate authorities.
//!
//! # Secrets
//!
//! A secret is a `SecretString` from the moment it is read, and nothing here prints one:
//!
//! ```compile_fail,E0277
//! # let token = optimize_auth::Token::bearer("secret".to_owned().into()).unwrap();
//! println!("{}", token);
//! ```
//! ```compile_fail,E0277
//! # let token = optimize_auth::Token::bearer("secret".to_owned().into()).unwrap();
//! serde_json::to_string(&token);
//! ```
//! ```compile_fail,E0277
//! # let token = optimize_auth::Token::bearer("secret".to_owned().into()).unwrap();
//! serde_json::to_string(token.secret());
//! ```

pub mod exec;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod http;
pub mod private_file;
#[cfg(feature = "reqwest-middleware")]
pub mod reqwest_middleware;
#[cfg(feature = "test-util")]
pub mod testing;
#[cfg(feature = "tower")]
pub mod tower;

mod assertion;
mod cache;
mod claims;
mod clock;
mod credentials;
mod endpoint;
mod error;
mod lock;
mod observer;
mod preset;
mod registry;
mod secret;
mod secret_file;
mod service_url;
mod source;
mod store;
mod strategy;
mod token;
mod words;

pub use assertion::SigningAlgorithm;
pub use assertion::key::SigningKey;
pub use async_trait::async_trait;
pub use cache::Cached;
pub use claims::Claims;
pub use clock::{Clock, SystemClock};
pub use credentials::{AuthHeaders, Credentials, Stamp};
pub use endpoint::{Issuer, TokenEndpoint};
pub use error::{AuthError, AuthErrorDetail, AuthErrorKind};
#[cfg(feature = "metrics")]
pub use observer::MetricsObserver;
pub use observer::{AfterAttempt, AttemptEnded, Observer};
pub use preset::Preset;
pub use registry::{BuildContext, BuiltinStrategy, StrategyRegistry, StrategySettings};
pub use secrecy::{ExposeSecret, SecretString};
pub use secret::{is_hidden, scrub, visible};
pub use secret_file::{SecretProblem, one_line_break_less, read_secret, read_secret_file};
pub use service_url::{ServiceUrl, ServiceUrlError};
pub use source::{FetchContext, FetchReason, TokenSource};
pub use store::file::FileStore;
#[cfg(feature = "keyring")]
pub use store::keyring::{KeyringStore, read_keyring_secret};
pub use store::memory::MemoryStore;
pub use store::pause::Pause;
pub use store::{StoreError, StoreKey, StoreKeyBuilder, StoreLock, TokenStore};
pub use strategy::anonymous::Anonymous;
pub use strategy::chain::Chain;
pub use strategy::client_credentials::{AssertionAudience, ClientAuth, ClientAuthMethod, ClientCredentials};
pub use strategy::exec::Exec;
pub use strategy::static_bearer::StaticBearer;
pub use strategy::token_file::TokenFile;
pub use token::Token;
pub use words::{UnknownWord, nearest};
