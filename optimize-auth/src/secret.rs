//! Secrets on the wire and in texts.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use secrecy::zeroize::Zeroizing;

/// Shorter secrets are not looked for: they would be found in ordinary words.
const SHORTEST_SCRUBBED: usize = 4;

/// How much of a foreign text an error keeps, in characters.
const TEXT_LIMIT: usize = 300;

/// Whether a character can act on a terminal or mislead a reader instead of being seen: control characters (C0, C1),
/// bidirectional controls, zero-width and other invisible format characters, and the line separators U+2028 and U+2029.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text with every hidden character (see [`is_hidden`]) escaped as Rust writes it: `\n`, `\u{1b}`, `\u{202e}`.
///
/// ```
/// assert_eq!(optimize_auth::visible("clear \u{1b}[2J"), "clear \\u{1b}[2J");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push_visible(&mut shown, character);
    }
    Cow::Owned(shown)
}

fn push_visible(shown: &mut String, character: char) {
    if is_hidden(character) {
        shown.extend(character.escape_default());
    } else {
        shown.push(character);
    }
}

/// Makes a text from outside fit to be shown: the given secrets are replaced in every form in which a server may echo
/// them, hidden characters are escaped as [`visible`] does it, and the rest is cut to 300 characters.
pub fn scrub(text: &str, secrets: &[&str]) -> String {
    let mut clean = Zeroizing::new(text.to_owned());
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST_SCRUBBED) {
        for form in echoed_forms(secret) {
            if clean.contains(form.as_str()) {
                clean = Zeroizing::new(clean.replace(form.as_str(), "[redacted]"));
            }
        }
    }
    let mut shown = String::with_capacity(clean.len().min(TEXT_LIMIT));
    for (index, character) in clean.chars().enumerate() {
        if index == TEXT_LIMIT {
            shown.push('…');
            break;
        }
        push_visible(&mut shown, character);
    }
    shown
}

fn echoed_forms(secret: &str) -> [Zeroizing<String>; 4] {
    let json = serde_json::to_string(secret).unwrap_or_default();
    [
        Zeroizing::new(secret.to_owned()),
        Zeroizing::new(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect()),
        Zeroizing::new(json.trim_matches('"').to_owned()),
        Zeroizing::new(BASE64_STANDARD.encode(secret)),
    ]
}

/// `application/x-www-form-urlencoded` text of one value, wiped when dropped.
pub(crate) fn form_encoded(value: &str) -> Zeroizing<String> {
    // Three bytes a byte at the most, so that the buffer is never moved and no copy is left behind.
    let mut encoded = Zeroizing::new(String::with_capacity(3 * value.len()));
    encoded.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
    encoded
}

/// A request body or header in memory that is wiped when its last user drops it.
pub(crate) fn wiped_bytes(bytes: Zeroizing<Vec<u8>>) -> Bytes {
    Bytes::from_owner(bytes)
}

/// A header value that is marked sensitive: `Debug` hides it and HTTP/2 never indexes it (RFC 7541 §7.1.3).
///
/// `None` where the bytes cannot stand in a header.
pub(crate) fn sensitive_header(bytes: Zeroizing<Vec<u8>>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(wiped_bytes(bytes)).ok()?;
    value.set_sensitive(true);
    Some(value)
}
