//! The crate as its users see it, against a real server on loopback.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

mod apply;
mod support;
