//! The issuer's signing keys, made new at each start and at each rotation.

use std::io;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};

/// The algorithm of the issued tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// RSA with SHA-256. Its keys take long to generate.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    #[default]
    Es256,
}

pub(crate) struct SigningKey {
    key: EncodingKey,
    algorithm: TokenAlgorithm,
    id: String,
    jwks: Value,
}

impl SigningKey {
    /// The `number`-th key of an issuer.
    pub(crate) fn generate(algorithm: TokenAlgorithm, number: u32) -> io::Result<Self> {
        let id = format!("sandbox-{number}");
        let (key, jwk) = match algorithm {
            TokenAlgorithm::Rs256 => rsa(&id)?,
            TokenAlgorithm::Es256 => ec(&id)?,
        };
        Ok(Self { key, algorithm, id, jwks: json!({ "keys": [jwk] }) })
    }

    pub(crate) fn jwks(&self) -> &Value {
        &self.jwks
    }

    pub(crate) fn key_set(&self) -> JwkSet {
        serde_json::from_value(self.jwks.clone()).expect("the key set was written above")
    }

    pub(crate) fn sign(&self, claims: &impl Serialize) -> Option<String> {
        let algorithm = match self.algorithm {
            TokenAlgorithm::Rs256 => Algorithm::RS256,
            TokenAlgorithm::Es256 => Algorithm::ES256,
        };
        let header = Header { kid: Some(self.id.clone()), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, claims, &self.key).ok()
    }
}

fn rsa(id: &str) -> io::Result<(EncodingKey, Value)> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| failed("generate"))?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| failed("encode"))?;
    let key = encoding_key(der.as_ref(), EncodingKey::from_rsa_pem)?;
    let public = pair.public_key();
    let (n, e) = (public.modulus(), public.exponent());
    let jwk = json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id,
        "n": number(n.big_endian_without_leading_zero()), "e": number(e.big_endian_without_leading_zero()),
    });
    Ok((key, jwk))
}

fn ec(id: &str) -> io::Result<(EncodingKey, Value)> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| failed("generate"))?;
    let der = pair.to_pkcs8v1().map_err(|_| failed("encode"))?;
    let key = encoding_key(der.as_ref(), EncodingKey::from_ec_pem)?;
    // An uncompressed point: 4, then two numbers of 32 bytes.
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": number(x), "y": number(y),
    });
    Ok((key, jwk))
}

fn encoding_key(
    der: &[u8],
    read: impl Fn(&[u8]) -> jsonwebtoken::errors::Result<EncodingKey>,
) -> io::Result<EncodingKey> {
    let base64 = base64::prelude::BASE64_STANDARD.encode(der);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
    read(pem.as_bytes()).map_err(|_| failed("read"))
}

fn failed(what: &str) -> io::Error {
    io::Error::other(format!("cannot {what} the issuer's key"))
}

fn number(value: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value)
}
