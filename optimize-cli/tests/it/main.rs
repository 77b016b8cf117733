//! The binary as its users see it: what they type, what they read, the exit code.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

mod commands;
mod config;
mod docs;
mod error;
mod harness;
mod help;
mod hints;
mod logging;
mod output;
mod pages;
mod pictures;
mod promises;
mod proxy;
mod summary;
#[cfg(feature = "otel")]
mod telemetry;
mod usage;
