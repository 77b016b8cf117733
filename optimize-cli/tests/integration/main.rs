//! The binary against real servers and in real terminals. `cargo xtask integration` starts them and passes their addresses.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

mod bulk;
mod gate;
#[path = "../it/harness.rs"]
#[expect(dead_code, unused_imports, unused_macros, reason = "the other tests use more of it")]
mod harness;
mod keycloak;
mod matrix;
#[cfg(feature = "streams")]
mod streams;
mod terminal;

/// What the task that starts the servers has passed.
#[expect(clippy::disallowed_methods, reason = "the task that starts the servers passes their addresses this way")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
