//! An access token and what is known about it.

use std::time::{Duration, SystemTime};

use http::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::secret::sensitive_header;
use crate::{AuthError, AuthErrorKind, Claims};

/// A bearer token (RFC 6750) with its lifetime and scope. `Debug` hides the token itself.
#[derive(Clone, Debug)]
pub struct Token {
    secret: SecretString,
    header: HeaderValue,
    lifetime: Option<Duration>,
    scope: Option<String>,
    requested_at: Option<SystemTime>,
}

impl Token {
    /// A bearer token that does not expire as far as anyone knows.
    ///
    /// The text must have the form of RFC 6750 §2.1 (`b64token`), since Optimize rejects every other header before it
    /// looks at the token; anything else is [`AuthErrorKind::InvalidInput`].
    pub fn bearer(secret: SecretString) -> Result<Self, AuthError> {
        let header = bearer_header(secret.expose_secret())?;
        Ok(Self { secret, header, lifetime: None, scope: None, requested_at: None })
    }

    /// How long the token is good, counted from just before it was requested.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// The scope the server says it granted, as a space-separated list. It may be narrower than the one asked for.
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    pub(crate) fn requested_at(mut self, wall: SystemTime) -> Self {
        self.requested_at = Some(wall);
        self
    }

    /// The token itself.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// The value of the `Authorization` header, marked sensitive.
    pub fn authorization(&self) -> &HeaderValue {
        &self.header
    }

    /// The lifetime the issuer stated.
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// The scope the issuer says it granted.
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// When the token ends, from its lifetime and the wall clock at the time of the request.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.requested_at?.checked_add(self.lifetime?)
    }

    /// The claims inside, where the token is a JWT. They are read, not verified: that is the server's part.
    pub fn claims(&self) -> Option<Claims> {
        Claims::read(self.secret.expose_secret())
    }
}

fn bearer_header(secret: &str) -> Result<HeaderValue, AuthError> {
    let refuse = |what: String| Err(AuthError::new(AuthErrorKind::InvalidInput, format!("use the token: {what}")));
    if secret.is_empty() {
        return refuse("it is empty".to_owned());
    }
    let body = secret.trim_end_matches('=');
    if let Some(position) = body.bytes().position(|byte| !is_token_byte(byte)) {
        return refuse(format!("character {} cannot stand in a bearer token (RFC 6750 section 2.1)", position + 1));
    }
    if body.is_empty() {
        return refuse("it holds only `=`".to_owned());
    }
    let mut value = Zeroizing::new(Vec::with_capacity("Bearer ".len() + secret.len()));
    value.extend_from_slice(b"Bearer ");
    value.extend_from_slice(secret.as_bytes());
    match sensitive_header(value) {
        Some(header) => Ok(header),
        None => refuse("it cannot stand in a header".to_owned()),
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}
