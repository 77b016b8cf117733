//! What the crate promises, a module for each kind. `docs/dev/promises.md` lists the tests.

mod cache;
mod client_auth;
mod clocks;
mod discovery;
mod http_client;

#[cfg(target_os = "linux")]
mod memory;
mod own_stores;
mod responses;
mod secrets;
mod stores;
mod tls;
mod transport;
