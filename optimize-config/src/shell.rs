//! Words of commands that a message offers for copying.

use std::borrow::Cow;

/// A word as a POSIX shell reads it back.
pub fn quoted(word: &str) -> Cow<'_, str> {
    // It fails only for a NUL character, which no argument of a program can hold.
    shlex::try_quote(word).unwrap_or(Cow::Borrowed("''"))
}

/// A command line that a shell reads back as these words.
pub fn command_line<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}
