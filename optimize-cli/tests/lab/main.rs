//! The binary against real servers and in real terminals. `cargo xtask lab` starts them and tells where they are.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

#[path = "../it/harness.rs"]
#[expect(dead_code, unused_imports, unused_macros, reason = "the other tests use more of it")]
mod harness;
mod keycloak;
mod matrix;
mod terminal;

/// What the task that starts the servers has told.
#[expect(clippy::disallowed_methods, reason = "the task that starts the servers tells so where they are")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
