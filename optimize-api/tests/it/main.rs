//! The crate as its users see it, against a real server on loopback of each generation.

mod client;
mod dashboards;
mod readiness;
mod reports;
mod support;
mod transport;
