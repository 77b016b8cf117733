//! Private keys for signing, from PEM or JWK.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::error::{AuthError, AuthErrorKind};
use crate::store::StoreKeyBuilder;

use super::SigningAlgorithm;

/// A private key that signs assertions, with the id under which the server knows its public half. Cheap to clone.
#[derive(Clone)]
pub struct SigningKey {
    pair: Pair,
    algorithm: SigningAlgorithm,
    id: Option<String>,
    text: SecretString,
}

#[derive(Clone)]
enum Pair {
    Rsa(Arc<RsaKeyPair>),
    Ec(Arc<EcdsaKeyPair>),
    Ed(Arc<Ed25519KeyPair>),
}

impl SigningKey {
    /// Reads a private key: PEM (PKCS #8, PKCS #1 or SEC 1) or JWK (RFC 7517) of the kinds RSA, P-256 or Ed25519.
    ///
    /// The algorithm follows from the key, or from the JWK's `alg`; the key's id is the JWK's `kid`.
    pub fn parse(text: SecretString) -> Result<Self, AuthError> {
        let (pair, id, stated) = if text.expose_secret().trim_start().starts_with('{') {
            from_jwk(text.expose_secret())?
        } else {
            (from_pem(text.expose_secret())?, None, None)
        };
        let natural = match &pair {
            Pair::Rsa(_) => SigningAlgorithm::Rs256,
            Pair::Ec(_) => SigningAlgorithm::Es256,
            Pair::Ed(_) => SigningAlgorithm::EdDsa,
        };
        let key = Self { pair, algorithm: natural, id, text };
        match stated {
            Some(algorithm) => key.with_algorithm(algorithm),
            None => Ok(key),
        }
    }

    /// Signs with this algorithm. Fails if the key is of another kind.
    pub fn with_algorithm(mut self, algorithm: SigningAlgorithm) -> Result<Self, AuthError> {
        let fits = match &self.pair {
            Pair::Rsa(_) => matches!(algorithm, SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256),
            Pair::Ec(_) => algorithm == SigningAlgorithm::Es256,
            Pair::Ed(_) => algorithm == SigningAlgorithm::EdDsa,
        };
        if !fits {
            let natural = self.algorithm.name();
            return Err(unusable(&format!("it is a key for {natural}, not for {}", algorithm.name())));
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    /// The `kid` in the assertion's header. Default the JWK's own, else absent: some servers refuse one they do not know.
    pub fn with_key_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The algorithm it signs with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthError> {
        let failed = |_| AuthError::new(AuthErrorKind::InvalidInput, "failed to sign the assertion");
        match &self.pair {
            Pair::Rsa(pair) => {
                let padding: &'static dyn aws_lc_rs::signature::RsaEncoding =
                    if self.algorithm == SigningAlgorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::Ec(pair) => Ok(pair.sign(&SystemRandom::new(), message).map_err(failed)?.as_ref().to_vec()),
            Pair::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    pub(crate) fn add_to(&self, key: StoreKeyBuilder) -> StoreKeyBuilder {
        let key = key.with_secret("key", &self.text).with_text("algorithm", Some(self.algorithm.name()));
        key.with_text("kid", self.id())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).field("id", &self.id).finish_non_exhaustive()
    }
}

fn unusable(problem: &str) -> AuthError {
    AuthError::new(AuthErrorKind::InvalidInput, format!("the private key cannot be used: {problem}"))
}

fn from_pem(text: &str) -> Result<Pair, AuthError> {
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(unusable("it is encrypted; decrypt it first, for example with `openssl pkcs8 -topk8 -nocrypt`"));
    }
    let der = PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| unusable("it is neither PEM with a PRIVATE KEY section nor a JWK"))?;
    // Dropping it would leave the key behind in memory.
    let der = Zeroizing::new(der);
    let unsupported = || unusable("it is no RSA key of 2048 bits or more, no P-256 and no Ed25519 key");
    match &*der {
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).map(rsa).map_err(|_| unsupported()),
        PrivateKeyDer::Sec1(der) => ec(der.secret_sec1_der()).ok_or_else(unsupported),
        PrivateKeyDer::Pkcs8(der) => {
            let der = der.secret_pkcs8_der();
            let ed = || Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(|pair| Pair::Ed(Arc::new(pair)));
            let pair = ec(der).or_else(ed).or_else(|| RsaKeyPair::from_pkcs8(der).ok().map(rsa));
            pair.ok_or_else(unsupported)
        }
        _ => Err(unsupported()),
    }
}

fn ec(der: &[u8]) -> Option<Pair> {
    let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok()?;
    Some(Pair::Ec(Arc::new(pair)))
}

fn rsa(pair: RsaKeyPair) -> Pair {
    Pair::Rsa(Arc::new(pair))
}

/// The members of a private JWK (RFC 7518 §6, RFC 8037 §2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<SecretString>,
    p: Option<SecretString>,
    q: Option<SecretString>,
    dp: Option<SecretString>,
    dq: Option<SecretString>,
    qi: Option<SecretString>,
}

fn from_jwk(text: &str) -> Result<(Pair, Option<String>, Option<SigningAlgorithm>), AuthError> {
    // A serde error repeats the invalid value, which may be the key: report its position only.
    let jwk: Jwk = serde_json::from_str(text)
        .map_err(|error| unusable(&format!("it is no JWK (line {}, column {})", error.line(), error.column())))?;
    let public = |name: &str, value: &Option<String>| bytes(name, value.as_deref());
    let secret =
        |name: &str, value: &Option<SecretString>| bytes(name, value.as_ref().map(ExposeSecret::expose_secret));
    let pair = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => {
            let components = KeyPairComponents {
                public_key: PublicKeyComponents { n: public("n", &jwk.n)?, e: public("e", &jwk.e)? },
                d: secret("d", &jwk.d)?,
                p: secret("p", &jwk.p)?,
                q: secret("q", &jwk.q)?,
                dP: secret("dp", &jwk.dp)?,
                dQ: secret("dq", &jwk.dq)?,
                qInv: secret("qi", &jwk.qi)?,
            };
            RsaKeyPair::from_components(&components).ok().map(rsa)
        }
        ("EC", Some("P-256")) => {
            let point = [[4].as_slice(), public("x", &jwk.x)?.as_slice(), public("y", &jwk.y)?.as_slice()].concat();
            let number = secret("d", &jwk.d)?;
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &number, &point)
                .ok()
                .map(|pair| Pair::Ec(Arc::new(pair)))
        }
        ("OKP", Some("Ed25519")) => {
            Ed25519KeyPair::from_seed_and_public_key(&secret("d", &jwk.d)?, &public("x", &jwk.x)?)
                .ok()
                .map(|pair| Pair::Ed(Arc::new(pair)))
        }
        _ => return Err(unusable("the JWK is of another kind than RSA, P-256 and Ed25519")),
    };
    let pair = pair.ok_or_else(|| unusable("the members of the JWK do not make up a key"))?;
    let algorithm =
        jwk.alg.map(|text| text.parse().map_err(|problem: crate::UnknownWord| unusable(&format!("`alg`: {problem}"))));
    Ok((pair, jwk.kid, algorithm.transpose()?))
}

fn bytes(name: &str, value: Option<&str>) -> Result<Zeroizing<Vec<u8>>, AuthError> {
    let text = value.ok_or_else(|| unusable(&format!("the JWK has no `{name}`; a private one is needed")))?;
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| unusable(&format!("`{name}` is not base64url")))?;
    Ok(Zeroizing::new(decoded))
}
