//! The security bars: a promise each, with its number in the name of the test. `docs/dev/security-bars.md` lists them.

mod cache;
mod client_auth;
mod clocks;
mod discovery;
#[cfg(target_os = "linux")]
mod memory;
mod replies;
mod secrets;
mod stores;
mod tls;
mod transport;
