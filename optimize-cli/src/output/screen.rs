//! Text of a server on its way to a terminal.

use std::io::{self, Write};

use crate::text::visible_json;

/// Makes everything visible that a terminal could obey: control characters but for line breaks and tabs, bidirectional and
/// other hidden characters as JSON escapes them, and bytes that are not UTF-8 as `\xNN`.
pub(crate) struct ScreenFilter<W> {
    out: W,
    /// The beginning of a character whose other bytes have not arrived.
    partial: Vec<u8>,
}

impl<W: Write> ScreenFilter<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, partial: Vec::new() }
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.partial);
        self.write_invalid(&rest)?;
        self.out.flush()
    }

    fn write_invalid(&mut self, bytes: &[u8]) -> io::Result<()> {
        bytes.iter().try_for_each(|byte| write!(self.out, "\\x{byte:02x}"))
    }
}

impl<W: Write> Write for ScreenFilter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let joined = [std::mem::take(&mut self.partial).as_slice(), bytes].concat();
        let mut rest = joined.as_slice();
        for chunk in joined.utf8_chunks() {
            self.out.write_all(visible_json(chunk.valid()).as_bytes())?;
            rest = &rest[chunk.valid().len()..];
            let invalid = chunk.invalid();
            // An end that more bytes could make a character of is kept for them.
            let is_cut = rest.len() == invalid.len()
                && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none() && !invalid.is_empty());
            if is_cut {
                self.partial = invalid.to_vec();
                break;
            }
            self.write_invalid(invalid)?;
            rest = &rest[invalid.len()..];
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(chunks: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let mut filter = ScreenFilter::new(&mut out);
        for chunk in chunks {
            filter.write_all(chunk).unwrap();
        }
        filter.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_a_terminal_could_obey_is_visible() {
        assert_eq!(shown(&[b"a\x1b[2J\x07\nb\tc\r\n"]), "a\\u001b[2J\\u0007\nb\tc\r\n");
        assert_eq!(
            shown(&["\u{9b}1m \u{202e}x \u{200b} \u{2028} \u{e0041}".as_bytes()]),
            "\\u009b1m \\u202ex \\u200b \\u2028 \\udb40\\udc41"
        );
        assert_eq!(shown(&[b"\x9b31m \xff"]), "\\x9b31m \\xff");
    }

    #[test]
    fn characters_survive_wherever_they_are_cut() {
        let text = "ü€😀\u{1b}é";
        for cut in 0..=text.len() {
            let (before, after) = text.as_bytes().split_at(cut);
            assert_eq!(shown(&[before, after]), "ü€😀\\u001bé", "cut at {cut}");
        }
        assert_eq!(shown(&[b"\xe2\x82"]), "\\xe2\\x82");
    }
}
