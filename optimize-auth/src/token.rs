//! A credential and what is known about it.

use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, header};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::claims::Claims;
use crate::clock::{Clock, SystemClock};
use crate::error::{AuthError, AuthErrorKind};
use crate::secret::sensitive_header;

/// A bearer token (RFC 6750), or another header that authenticates, with its lifetime and scope. `Debug` hides the
/// secret.
///
/// ```
/// use optimize_auth::Token;
/// use std::time::Duration;
///
/// let token = Token::bearer("a-token".into())?.with_lifetime(Duration::from_secs(300));
/// let again = Token::from_record(&token.to_record())?;
/// assert_eq!(again.lifetime(), token.lifetime());
/// assert!(!format!("{token:?}").contains("a-token"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Token {
    secret: SecretString,
    header: Option<(HeaderName, HeaderValue)>,
    lifetime: Option<Duration>,
    refresh_in: Option<Duration>,
    scope: Option<String>,
    requested_at: SystemTime,
    is_storable: bool,
}

/// Headers that frame or route a request. A credential in one of them would break it.
const FRAMING: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::HOST,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

impl Token {
    /// A bearer token that does not expire as far as anyone knows.
    ///
    /// The text must have the form of RFC 6750 §2.1 (`b64token`), since Optimize rejects every other header before it
    /// looks at the token; anything else is [`AuthErrorKind::InvalidInput`].
    pub fn bearer(secret: SecretString) -> Result<Self, AuthError> {
        let value = bearer_header(secret.expose_secret())?;
        Ok(Self::of(secret, Some((header::AUTHORIZATION, value))))
    }

    /// A header that authenticates by itself, for what sits in front of an API. It is sent as it is.
    pub fn header(name: &str, secret: SecretString) -> Result<Self, AuthError> {
        let refuse =
            |problem| Err(AuthError::new(AuthErrorKind::InvalidInput, format!("the header cannot be used: {problem}")));
        let Ok(name) = name.parse::<HeaderName>() else { return refuse("its name is no header name") };
        if FRAMING.contains(&name) {
            return refuse("its name belongs to the request itself");
        }
        if secret.expose_secret().is_empty() {
            return refuse("its value is empty");
        }
        match sensitive_header(Zeroizing::new(secret.expose_secret().as_bytes().to_vec())) {
            Some(value) => Ok(Self::of(secret, Some((name, value)))),
            None => refuse("its value holds a control character"),
        }
    }

    /// No credential at all, for an API that needs none.
    pub fn none() -> Self {
        Self::of(SecretString::default(), None)
    }

    fn of(secret: SecretString, header: Option<(HeaderName, HeaderValue)>) -> Self {
        let requested_at = SystemClock.wall();
        Self { secret, header, lifetime: None, refresh_in: None, scope: None, requested_at, is_storable: true }
    }

    /// How long the token is good, counted from just before it was requested, or from when it was made by hand.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// When the issuer requests that the token is replaced, on the same clock: Entra's `refresh_in`.
    pub fn with_refresh_in(mut self, age: Duration) -> Self {
        self.refresh_in = Some(age);
        self
    }

    /// The granted scope, by the server, as a space-separated list. It may be narrower than the requested one.
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Keeps the token out of every [`TokenStore`](crate::TokenStore): it lives in this process only.
    pub fn without_storing(mut self) -> Self {
        self.is_storable = false;
        self
    }

    pub(crate) fn requested_at(mut self, wall: SystemTime) -> Self {
        self.requested_at = wall;
        self
    }

    /// The secret itself: the bearer token, or the value of the header.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Name and value of the header to send, the value marked sensitive. `None` for [`Token::none`].
    pub fn as_header(&self) -> Option<(&HeaderName, &HeaderValue)> {
        self.header.as_ref().map(|(name, value)| (name, value))
    }

    /// Whether this is a bearer token.
    pub fn is_bearer(&self) -> bool {
        let secret = self.secret.expose_secret().as_bytes();
        self.as_header().is_some_and(|(name, value)| {
            name == header::AUTHORIZATION && value.as_bytes().strip_prefix(b"Bearer ") == Some(secret)
        })
    }

    /// Whether a store may keep it.
    pub fn is_storable(&self) -> bool {
        self.is_storable
    }

    /// The lifetime the issuer stated.
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    pub(crate) fn refresh_in(&self) -> Option<Duration> {
        self.refresh_in
    }

    /// The granted scope, by the issuer.
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// When the token ends, from its lifetime and the wall clock at the time of the request.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.requested_at.checked_add(self.lifetime?)
    }

    pub(crate) fn request_time(&self) -> SystemTime {
        self.requested_at
    }

    /// The claims inside, where the token is a JWT. They are read, not verified: that is the server's part.
    pub fn claims(&self) -> Option<Claims> {
        Claims::read(self.secret.expose_secret())
    }
}

fn bearer_header(secret: &str) -> Result<HeaderValue, AuthError> {
    let refuse =
        |what: String| Err(AuthError::new(AuthErrorKind::InvalidInput, format!("the token cannot be used: {what}")));
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
