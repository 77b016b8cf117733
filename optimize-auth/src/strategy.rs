//! The ways to obtain a token, one file each.

pub(crate) mod client_credentials;
pub(crate) mod static_bearer;
