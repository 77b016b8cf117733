//! Programs that use the crates: each module is one, and its test in `tests/` runs it against a server.

pub mod columns;
pub mod edit;
pub mod kinds;
pub mod queue;
pub mod tenants;
