//! The sandbox over the wire, checked against the contract with plain HTTP.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

mod api;
mod authorization;
mod conformance;
mod fault;
mod issuer;
mod journal;
mod own;
mod recordings;
mod support;
