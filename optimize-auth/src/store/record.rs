//! A token as a store writes it down.

use std::time::{Duration, SystemTime};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::token::Token;

/// The version of the form below. Another one is a miss.
const VERSION: u32 = 1;

/// A longer file is not a record. Real ones have a few thousand bytes.
pub(super) const LONGEST: usize = 64 << 10;

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

/// The record of `token`; `None` for one that is not fit to be kept.
pub(super) fn write(token: &Token) -> Option<Zeroizing<Vec<u8>>> {
    let (header, _) = token.as_header()?;
    let requested_at = token.request_time()?.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis();
    let record = Written {
        v: VERSION,
        secret: token.secret().expose_secret(),
        header: (!token.is_bearer()).then(|| header.as_str()),
        requested_at: requested_at.try_into().ok()?,
        lifetime: token.lifetime().map(|lifetime| lifetime.as_secs_f64()),
        refresh_in: token.refresh_in().map(|age| age.as_secs_f64()),
        scope: token.scope(),
    };
    // Large enough from the start that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    serde_json::to_writer(&mut *bytes, &record).ok()?;
    (bytes.len() <= LONGEST).then_some(bytes)
}

/// The token of a record; `None` for anything else. Errors do not repeat the text: it may hold a token.
pub(super) fn read(bytes: &[u8]) -> Option<Token> {
    let record: Read = serde_json::from_slice(bytes).ok().filter(|record: &Read| record.v == VERSION)?;
    let token = match &record.header {
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
