//! The binary against real servers. `cargo xtask lab keycloak` starts them and tells where they are.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

#[path = "../it/harness.rs"]
#[expect(dead_code, unused_imports, unused_macros, reason = "the other tests use more of it")]
mod harness;
mod keycloak;
