//! The issuer's signing key, made anew at each start.

use std::io;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};

const KEY_ID: &str = "sandbox-1";

pub(crate) struct SigningKey {
    key: EncodingKey,
    jwks: Value,
}

impl SigningKey {
    pub(crate) fn generate() -> io::Result<Self> {
        let failed = |what: &str| io::Error::other(format!("cannot {what} the issuer's key"));
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| failed("generate"))?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| failed("encode"))?;
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            BASE64_STANDARD.encode(der.as_ref())
        );
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| failed("read"))?;
        let number = |value: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(value);
        let public = pair.public_key();
        let (n, e) = (public.modulus(), public.exponent());
        let jwk = json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
            "n": number(n.big_endian_without_leading_zero()), "e": number(e.big_endian_without_leading_zero()),
        });
        Ok(Self { key, jwks: json!({ "keys": [jwk] }) })
    }

    pub(crate) fn jwks(&self) -> &Value {
        &self.jwks
    }

    pub(crate) fn sign(&self, claims: &impl Serialize) -> Option<String> {
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.key).ok()
    }
}
