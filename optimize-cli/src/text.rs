//! Text on its way to a terminal or into a shell command.

use std::borrow::Cow;

pub(crate) use optimize_auth::visible;
pub(crate) use optimize_config::shell::{command_line, quoted};

/// Whether a word can be offered for completion: a shell must find nothing special in it, and it must not look like a flag.
pub(crate) fn is_completable(word: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !word.is_empty() && !word.starts_with('-') && word.bytes().all(is_plain)
}

/// JSON, or any text whose lines stay lines, with everything that a terminal could obey written as JSON escapes it.
pub(crate) fn visible_json(text: &str) -> Cow<'_, str> {
    let is_layout = |character: char| matches!(character, '\n' | '\r' | '\t');
    let is_hidden = |character: char| !is_layout(character) && optimize_auth::is_hidden(character);
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = std::fmt::Write::write_fmt(&mut shown, format_args!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}
