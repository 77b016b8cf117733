//! Cells as bytes, for records that wait: a cell is its position, its kind, its length, and its text.

use std::borrow::Cow;
use std::io;

use crate::cell::Kind;

/// A cell with its position.
pub(crate) type Placed<'a> = (usize, Kind, Cow<'a, str>);

/// A cell of a record that has come back.
pub(crate) type Decoded<'a> = Option<(Kind, &'a str)>;

/// In the order of their numbers.
const KINDS: [Kind; 5] = [Kind::Null, Kind::Bool, Kind::Number, Kind::Text, Kind::Nested];

pub(crate) fn encode(cells: &[Placed<'_>], out: &mut Vec<u8>) {
    for (position, kind, text) in cells {
        // Both fit: a record is smaller than 4 GiB.
        out.extend_from_slice(&u32::try_from(*position).unwrap_or(u32::MAX).to_le_bytes());
        out.push(*kind as u8);
        out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
}

/// Puts the cells of a record in their places; `None` where it has none. Fails if the bytes are not those of a record.
pub(crate) fn decode<'a>(mut record: &'a [u8], width: usize, cells: &mut Vec<Decoded<'a>>) -> io::Result<()> {
    let broken = || io::Error::other("a record did not come back as it was written");
    cells.clear();
    cells.resize(width, None);
    while let Some((head, rest)) = record.split_at_checked(9) {
        let number =
            |from: usize| u32::from_le_bytes([head[from], head[from + 1], head[from + 2], head[from + 3]]) as usize;
        let (text, rest) = rest.split_at_checked(number(5)).ok_or_else(broken)?;
        let kind = KINDS.get(usize::from(head[4])).copied().ok_or_else(broken)?;
        let text = std::str::from_utf8(text).map_err(io::Error::other)?;
        *cells.get_mut(number(0)).ok_or_else(broken)? = Some((kind, text));
        record = rest;
    }
    if record.is_empty() { Ok(()) } else { Err(broken()) }
}
