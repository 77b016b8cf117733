//! Assertions by which a client proves who it is (RFC 7521, RFC 7523).

#[cfg(feature = "signing")]
pub(crate) mod key;
#[cfg(not(feature = "signing"))]
#[path = "assertion/no_key.rs"]
pub(crate) mod key;
pub(crate) mod signed_jwt;

use crate::words::words;

/// The value of `client_assertion_type` for a JWT (RFC 7523 §2.2).
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

words! {
    /// How an assertion is signed (RFC 7518 §3.1, RFC 8037 §3.1). The words are those of a JWT's `alg`.
    SigningAlgorithm {
        /// RSA with PKCS #1 v1.5 padding and SHA-256; the usual one for an RSA key.
        Rs256 = "RS256",
        /// RSA with PSS padding and SHA-256.
        Ps256 = "PS256",
        /// ECDSA with P-256 and SHA-256.
        Es256 = "ES256",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}
