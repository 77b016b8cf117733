//! A token as a store writes it down.

use std::time::{Duration, SystemTime};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::error::{AuthError, AuthErrorKind};
use crate::token::Token;

/// The version of the form below. Another one is a miss.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    secret: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'a str>,
    requested_at: u64,
    lifetime: Option<f64>,
    refresh_in: Option<f64>,
    scope: Option<&'a str>,
}

#[derive(Deserialize)]
struct Read {
    v: u32,
    secret: SecretString,
    header: Option<String>,
    requested_at: u64,
    lifetime: Option<f64>,
    refresh_in: Option<f64>,
    scope: Option<String>,
}

impl Token {
    /// The token in the form of a record, for a [`TokenStore`](crate::TokenStore) of bytes: JSON with the secret in it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use optimize_auth::Token;
    ///
    /// let token = Token::bearer("abc".into())?.with_lifetime(Duration::from_secs(60));
    /// let read = Token::from_record(&token.to_record())?;
    /// assert_eq!(read.lifetime(), token.lifetime());
    /// # Ok::<(), optimize_auth::AuthError>(())
    /// ```
    #[expect(clippy::missing_panics_doc, reason = "texts and numbers are always valid JSON")]
    pub fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let requested_at = self.request_time().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let record = Written {
            v: VERSION,
            secret: self.secret().expose_secret(),
            header: self.as_header().map(|(name, _)| name.as_str()).filter(|_| !self.is_bearer()),
            requested_at: u64::try_from(requested_at.as_millis()).unwrap_or(u64::MAX),
            lifetime: self.lifetime().map(|lifetime| lifetime.as_secs_f64()),
            refresh_in: self.refresh_in().map(|age| age.as_secs_f64()),
            scope: self.scope(),
        };
        // Large enough from the start that no copy is left behind by growing: the longest escape of a byte has six.
        let length = 6 * (self.secret().expose_secret().len() + self.scope().map_or(0, str::len)) + 512;
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        serde_json::to_writer(&mut *bytes, &record).expect("texts and numbers are always valid JSON");
        bytes
    }

    /// The token of a record.
    ///
    /// Fails with [`Protocol`](AuthErrorKind::Protocol) on anything else, also on a record of another version. The error
    /// does not repeat the bytes, since they may hold a token.
    pub fn from_record(record: &[u8]) -> Result<Self, AuthError> {
        read(record).ok_or_else(|| {
            AuthError::new(AuthErrorKind::Protocol, "failed to read a stored token: this is no record of one")
        })
    }
}

fn read(bytes: &[u8]) -> Option<Token> {
    let record: Read = serde_json::from_slice(bytes).ok().filter(|record: &Read| record.v == VERSION)?;
    let token = match &record.header {
        None if record.secret.expose_secret().is_empty() => Token::none(),
        None => Token::bearer(record.secret).ok()?,
        Some(name) => Token::header(name, record.secret).ok()?,
    };
    let seconds = |value: f64| Duration::try_from_secs_f64(value).ok();
    let mut token = token.requested_at(SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(record.requested_at))?);
    if let Some(lifetime) = record.lifetime {
        token = token.with_lifetime(seconds(lifetime)?);
    }
    if let Some(age) = record.refresh_in {
        token = token.with_refresh_in(seconds(age)?);
    }
    Some(match record.scope {
        Some(scope) => token.with_scope(scope),
        None => token,
    })
}
