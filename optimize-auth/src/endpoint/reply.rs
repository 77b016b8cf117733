//! Reading what a token endpoint returns: strict about what matters, lenient about the rest.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{AuthErrorDetail, AuthErrorKind};
use crate::http::{described_page, is_html, without_mark};
use crate::secret::scrub;
use crate::token::Token;

/// Lifetime of a token whose response does not state a usable one; `expires_in` is only RECOMMENDED (RFC 6749 §5.1).
const ASSUMED_LIFETIME: Duration = Duration::from_secs(300);

/// Longer lifetimes are cut to this, so that no arithmetic on them can overflow.
const LONGEST_LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Why a response holds no token.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: AuthErrorKind,
    pub(super) code: Option<String>,
    pub(super) detail: Option<AuthErrorDetail>,
    pub(super) problem: String,
}

#[derive(Deserialize)]
struct Response<'a> {
    access_token: Option<SecretString>,
    // Some providers send these as other types than in the RFC, so any type is read and checked below.
    token_type: Option<Value>,
    #[serde(borrow)]
    expires_in: Option<&'a RawValue>,
    // Not in any RFC: Entra states with it when the next request is due.
    #[serde(borrow)]
    refresh_in: Option<&'a RawValue>,
    scope: Option<Value>,
    error: Option<Value>,
    error_description: Option<Value>,
}

pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: Vec<u8>, secrets: &[&str]) -> Result<Token, Failure> {
    let body = Zeroizing::new(body);
    let fail = |kind, problem: String| Err(Failure { kind, code: None, detail: None, problem });
    let page =
        |kind, problem: String| Err(Failure { kind, code: None, detail: Some(AuthErrorDetail::WebPage), problem });
    if status.is_redirection() {
        return fail(
            AuthErrorKind::Protocol,
            format!("it returned {} with a redirect, which is not followed", status.as_u16()),
        );
    }
    let text = without_mark(&body);
    // A serde error repeats the invalid value, which may be the token: report its position only.
    let parsed: Result<Response<'_>, serde_json::Error> = serde_json::from_slice(text);
    let is_success = status.is_success();
    let response = match parsed {
        Ok(response) => response,
        Err(error) if is_success => {
            if is_html(headers, &body) {
                return page(
                    AuthErrorKind::Protocol,
                    format!("it returned {}", scrub(&described_page(&body), secrets)),
                );
            }
            let problem = match error.classify() {
                _ if body.is_empty() => "it returned an empty body".to_owned(),
                serde_json::error::Category::Data => "`access_token` must be a string".to_owned(),
                _ => format!("its response is not JSON (line {}, column {})", error.line(), error.column()),
            };
            return fail(AuthErrorKind::Protocol, problem);
        }
        Err(_) if is_html(headers, &body) => {
            let shown = scrub(&described_page(&body), secrets);
            // A web page is not a decision of the token endpoint, unless its status is that of a busy server.
            let kind =
                if kind_of(status) == AuthErrorKind::Refused { AuthErrorKind::Protocol } else { kind_of(status) };
            return page(kind, format!("it returned {} with {shown}", described(status)));
        }
        Err(_) => return fail(kind_of(status), format!("it returned {}", described(status))),
    };
    let shown = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(|text| scrub(text, secrets));
    if !is_success || response.error.as_ref().is_some_and(|error| !error.is_null()) {
        let code = shown(&response.error);
        let kind = if is_success { AuthErrorKind::Refused } else { kind_of(status) };
        let mut problem = format!("it returned {}", described(status));
        for part in [code.clone(), shown(&response.error_description)].into_iter().flatten() {
            problem.push_str(": ");
            problem.push_str(&part);
        }
        return Err(Failure { kind, code, detail: None, problem });
    }
    let Some(secret) = response.access_token else {
        return fail(AuthErrorKind::Protocol, "its response has no `access_token`".to_owned());
    };
    let is_bearer = match &response.token_type {
        None | Some(Value::Null) => true,
        Some(Value::String(kind)) => kind.eq_ignore_ascii_case("bearer"),
        Some(_) => false,
    };
    if !is_bearer {
        return fail(AuthErrorKind::Protocol, "its response has a `token_type` other than Bearer".to_owned());
    }
    let token = Token::bearer(secret).or_else(|error| fail(AuthErrorKind::Protocol, error.to_string()))?;
    let mut token = token.with_lifetime(seconds(response.expires_in).unwrap_or(ASSUMED_LIFETIME));
    if let Some(age) = seconds(response.refresh_in) {
        token = token.with_refresh_in(age);
    }
    Ok(match response.scope {
        Some(Value::String(scope)) if !scope.is_empty() => token.with_scope(scope),
        _ => token,
    })
}

pub(super) fn kind_of(status: StatusCode) -> AuthErrorKind {
    match status.as_u16() {
        408 | 429 | 500.. => AuthErrorKind::Unavailable,
        // No token endpoint is there.
        404 | 405 => AuthErrorKind::Protocol,
        _ => AuthErrorKind::Refused,
    }
}

fn described(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// A time in seconds: a number, or a number in a string. Zero is kept; negative and unreadable ones are ignored.
fn seconds(value: Option<&RawValue>) -> Option<Duration> {
    let seconds = value?.get().trim_matches('"').trim().parse::<f64>().ok().filter(|seconds| *seconds >= 0.0)?;
    Some(Duration::try_from_secs_f64(seconds).map_or(LONGEST_LIFETIME, |time| time.min(LONGEST_LIFETIME)))
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
