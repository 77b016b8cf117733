//! The ways to obtain a token, one file each.

pub(crate) mod anonymous;
pub(crate) mod chain;
pub(crate) mod client_credentials;
pub(crate) mod exec;
pub(crate) mod static_bearer;
pub(crate) mod token_file;
