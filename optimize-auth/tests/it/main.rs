//! The crate as its users see it, against a real server on loopback.

mod endpoint;
mod secret;
mod service_url;
mod strategy;
mod support;
