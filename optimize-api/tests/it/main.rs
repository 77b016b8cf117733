//! The crate as its users see it, against a real server on loopback of each release.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

#[cfg(feature = "blocking")]
mod blocking;
mod client;
mod conformance;
mod dashboards;
mod examples;
mod ingestion;
mod models;
mod observing;
mod operations;
mod policies;
mod promises;
mod readiness;
mod recorded;
mod replay;
mod reports;
mod support;
mod transport;
