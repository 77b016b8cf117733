//! The binary as its users see it: what they type, what they read, the exit code.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

mod bars;
mod comfort;
mod commands;
mod config;
mod data_loss;
mod docs;
mod error;
mod files;
mod harness;
mod hints;
mod output;
#[path = "../../../optimize-sandbox/tests/it/page.rs"]
mod page;
mod pages;
mod pictures;
mod programs;
mod proxy;
mod secrecy;
mod signal;
mod stress;
mod terminal_text;
mod trust;
mod usage;
