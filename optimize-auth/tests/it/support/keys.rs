//! Key pairs made on the spot: the private half as PEM or JWK, the public one as JWK.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};

fn number(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A P-256 key: the private JWK with its id, and the public one.
pub(crate) fn es256() -> (String, Value) {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let public = ec_public(&pair);
    let mut private = public.clone();
    // In PKCS #8 the number stands in an octet string of 32 bytes after the version of its inner structure.
    let der = pair.serialize_der();
    let place = der.windows(5).position(|window| window == [0x02, 0x01, 0x01, 0x04, 0x20]).unwrap() + 5;
    private["d"] = number(&der[place..place + 32]).into();
    (private.to_string(), public)
}

/// A P-256 key: the private PEM, and the public JWK.
pub(crate) fn es256_pem() -> (String, Value) {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    (pair.serialize_pem(), ec_public(&pair))
}

fn ec_public(pair: &KeyPair) -> Value {
    let (x, y) = pair.public_key_raw()[1..].split_at(32);
    json!({ "kty": "EC", "crv": "P-256", "kid": "key-1", "alg": "ES256", "x": number(x), "y": number(y) })
}

/// An Ed25519 key: the private PEM, and the public JWK.
pub(crate) fn ed25519_pem() -> (String, Value) {
    let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let public =
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": "key-1", "alg": "EdDSA", "x": number(pair.public_key_raw()) });
    (pair.serialize_pem(), public)
}

/// An RSA key: the private PEM, and the public JWK without an algorithm.
pub(crate) fn rsa_pem() -> (String, Value) {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    // RSAPublicKey: a sequence of two integers.
    let der = pair.public_key_raw().to_vec();
    let (n, rest) = integer(&der[4..]);
    let (e, _) = integer(rest);
    (pair.serialize_pem(), json!({ "kty": "RSA", "kid": "key-1", "n": number(n), "e": number(e) }))
}

/// The first integer in DER without its leading zero, and what follows it.
fn integer(der: &[u8]) -> (&[u8], &[u8]) {
    assert_eq!(der[0], 2);
    let (length, start) = match der[1] {
        0x82 => (usize::from(der[2]) << 8 | usize::from(der[3]), 4),
        0x81 => (usize::from(der[2]), 3),
        short => (usize::from(short), 2),
    };
    let (number, rest) = der[start..].split_at(length);
    (number.strip_prefix(&[0]).unwrap_or(number), rest)
}
