//! The body of a token request.

use bytes::Bytes;
use secrecy::zeroize::Zeroizing;

use crate::secret::{form_encoded, wiped_bytes};

/// The parameters of a token request, in order. An absent parameter is left out, never sent empty: Keycloak refuses an
/// empty `scope`.
#[derive(Default)]
pub(crate) struct Fields<'a>(Vec<(&'static str, &'a str)>);

/// An encoded body that is wiped from memory after use.
pub(crate) struct Body {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Bytes,
}

impl<'a> Fields<'a> {
    pub(crate) fn add(&mut self, name: &'static str, value: impl Into<Option<&'a str>>) {
        if let Some(value) = value.into() {
            self.0.push((name, value));
        }
    }

    /// `application/x-www-form-urlencoded`, what RFC 6749 requires and every provider accepts.
    pub(crate) fn into_form(self) -> Body {
        let encoded: Vec<_> = self.0.iter().map(|(name, value)| (*name, form_encoded(value))).collect();
        let length = encoded.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        let mut body = Zeroizing::new(Vec::with_capacity(length));
        for (index, (name, value)) in encoded.iter().enumerate() {
            if index > 0 {
                body.push(b'&');
            }
            body.extend_from_slice(name.as_bytes());
            body.push(b'=');
            body.extend_from_slice(value.as_bytes());
        }
        Body { content_type: "application/x-www-form-urlencoded", bytes: wiped_bytes(body) }
    }

    /// A JSON object, the form in older documentation of Camunda SaaS. Keycloak and most others refuse it.
    pub(crate) fn into_json(self) -> Body {
        // The longest escape of one byte, `\u0000`, has six, so that the buffer is never moved.
        let length = self.0.iter().map(|(name, value)| name.len() + 6 * value.len() + 6).sum::<usize>() + 2;
        let mut body = Zeroizing::new(Vec::with_capacity(length));
        body.push(b'{');
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            for (text, end) in [(*name, b":".as_slice()), (*value, b"".as_slice())] {
                serde_json::to_writer(&mut *body, text).expect("a string is always valid JSON");
                body.extend_from_slice(end);
            }
        }
        body.push(b'}');
        Body { content_type: "application/json", bytes: wiped_bytes(body) }
    }
}
