//! What the crate promises, a module for each kind. `docs/dev/promises.md` lists the tests.

mod retries;
mod transport;
