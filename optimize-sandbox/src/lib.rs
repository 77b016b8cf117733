#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
//!
//! It shares no type with the client crates, so that a wrong field name cannot pass on both sides.

mod api;
mod authorization;
mod builder;
mod canary;
mod clock;
mod connection;
mod cursors;
mod failure;
mod fault;
mod ingested;
mod issuer;
mod journal;
mod keys;
mod lock;
mod own;
mod release;
mod request;
mod response;
mod sandbox;
mod seed;
mod server;
mod state;
mod store;
mod tls;
mod web_stack;

pub use builder::SandboxBuilder;
pub use canary::Canary;
pub use fault::{Fault, FaultRule};
pub use issuer::{AuthMethod, Discovery, TokenBody};
pub use journal::Entry;
pub use keys::TokenAlgorithm;
pub use own::ReportData;
pub use release::{Release, UnknownRelease};
pub use sandbox::Sandbox;
pub use tls::{ServerCertificate, Tls};
