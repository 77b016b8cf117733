//! Bearer tokens for Camunda Optimize, and for any other API behind OAuth 2 client credentials.
//!
//! A [`TokenSource`] knows how to fetch a token. [`Cached`] decides when to call it, so that any number of concurrent
//! callers cause one token request. [`Credentials`] is the handle a program keeps: it yields request headers and a
//! [`Stamp`] with which a rejected token is invalidated without evicting its successor.
//!
//! ```no_run
//! use optimize_auth::{ClientCredentials, Credentials, ServiceUrl};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let source = ClientCredentials::new(
//!     ServiceUrl::parse("https://login.cloud.camunda.io/oauth/token")?,
//!     "my-client",
//!     std::fs::read_to_string("/run/secrets/optimize")?.into(),
//! )
//! .with_audience("optimize.camunda.io");
//! let credentials = Credentials::new(source);
//! let headers = credentials.headers().await?;
//! assert!(headers.contains_key("authorization"));
//! # Ok(())
//! # }
//! ```
//!
//! The crate reads no environment variable and no file, and knows no resource of Optimize.

pub mod http;

mod cache;
mod claims;
mod clock;
mod credentials;
mod endpoint;
mod error;
mod secret;
mod service_url;
mod source;
mod strategy;
mod token;

pub use cache::Cached;
pub use claims::Claims;
pub use clock::{Clock, SystemClock};
pub use credentials::{AuthHeaders, Credentials, Stamp};
pub use error::{AuthError, AuthErrorKind};
pub use secret::scrub;
pub use service_url::{ServiceUrl, ServiceUrlError};
pub use source::TokenSource;
pub use strategy::client_credentials::{ClientAuth, ClientCredentials};
pub use strategy::static_bearer::StaticBearer;
pub use token::Token;
