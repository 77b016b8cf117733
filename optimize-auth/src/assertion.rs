//! Assertions by which a client proves who it is (RFC 7521, RFC 7523).

pub(crate) mod key;
pub(crate) mod signed_jwt;

/// The value of `client_assertion_type` for a JWT (RFC 7523 §2.2).
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
