#![doc = include_str!("../README.md")]
//!
//! It shares no type with the client crates, so that a wrong field name cannot pass on both sides.

mod api;
mod arrived;
mod builder;
mod canary;
mod clock;
mod connection;
mod cursors;
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
mod web_stack;
mod world;

pub use builder::{Sandbox, SandboxBuilder};
pub use canary::Canary;
pub use fault::{Fault, FaultRule};
pub use generation::Generation;
pub use issuer::{AuthMethod, Discovery, TokenBody};
pub use journal::Entry;
pub use keys::TokenAlgorithm;
pub use tls::{ServerCertificate, Tls};
