//! An embedded Camunda Optimize for demos and tests: an OAuth issuer with real signed tokens, the public REST API as each
//! server generation answers it, scripted faults, and a journal of what arrived.
//!
//! ```
//! # async fn run() -> std::io::Result<()> {
//! let sandbox = optimize_sandbox::Sandbox::builder().start().await?;
//! println!("{} accepts {}", sandbox.base_url(), sandbox.static_token());
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! It shares no type with the client crates, so that a wrong field name cannot pass on both sides.

mod api;
mod builder;
mod canary;
mod clock;
mod connection;
mod error;
mod fault;
mod gate;
mod generation;
mod ingested;
mod issuer;
mod journal;
mod keys;
mod seed;
mod server;
mod state;
mod tls;
mod world;

pub use builder::{Sandbox, SandboxBuilder};
pub use canary::Canary;
pub use fault::{Fault, FaultRule};
pub use generation::Generation;
pub use issuer::{AuthMethod, Discovery, TokenBody};
pub use journal::Entry;
pub use keys::TokenAlgorithm;
pub use tls::{ServerCertificate, Tls};

/// The example of the README is compiled with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
