//! Rows of JSON: a line each, or the elements of an array.

use std::io::Read;

use super::buffer::{Buffer, LONGEST_ROW};
use super::{At, RawRow, Rows};
use crate::error::Error;

/// What is shown of a row that is too long.
const SHOWN: usize = 1000;

pub(super) fn lines<R: Read>(
    buffer: &mut Buffer<R>,
    rows: &mut dyn Rows,
    failed: &dyn Fn(std::io::Error) -> Error,
) -> Result<(), Error> {
    let mut number = 0;
    while let Some(end) = buffer.line_end(0).map_err(failed)? {
        number += 1;
        let line = &buffer.here()[..end];
        let is_whole = end <= LONGEST_ROW;
        let goes_on = if !is_whole {
            let row = RawRow::json(At::Line(number), &line[..SHOWN]);
            rows.row(row.with_problem(format!("it is longer than {} MiB", LONGEST_ROW >> 20)))?
        } else if line.trim_ascii().is_empty() {
            true
        } else {
            rows.row(RawRow::json(At::Line(number), line.trim_ascii()))?
        };
        if !goes_on {
            return Ok(());
        }
        if is_whole {
            buffer.take(end);
        } else {
            buffer.take_line().map_err(failed)?;
        }
    }
    Ok(())
}

/// The elements of an array. Each is found by its brackets and quotes alone, so that one that is no JSON ends nothing.
pub(super) fn array<R: Read>(
    buffer: &mut Buffer<R>,
    rows: &mut dyn Rows,
    failed: &dyn Fn(std::io::Error) -> Error,
) -> Result<(), Error> {
    let broken = |number: u64, problem: &str| failed(std::io::Error::other(format!("element {number}: {problem}")));
    // The bracket.
    buffer.take(1);
    let mut number = 0;
    loop {
        let mut scan = Scan::default();
        let (end, sign) = loop {
            match scan.on(buffer.here()) {
                Some(found) => break found,
                None if scan.looked > LONGEST_ROW => {
                    return Err(broken(number, &format!("it is longer than {} MiB, or has no end", LONGEST_ROW >> 20)));
                }
                None => {
                    if !buffer.more().map_err(failed)? {
                        return Err(broken(number, "the file ends before the array does"));
                    }
                }
            }
        };
        let element = buffer.here()[..end].trim_ascii();
        let is_last = sign == b']';
        let is_nothing = is_last && element.is_empty();
        if !is_nothing && !rows.row(RawRow::json(At::Element(number), element))? {
            return Ok(());
        }
        number += 1;
        buffer.take(end + 1);
        if is_last {
            break;
        }
    }
    loop {
        if let Some(byte) = buffer.here().trim_ascii().first() {
            let problem = format!("the file goes on with {:?}", char::from(*byte));
            return Err(failed(std::io::Error::other(format!("behind the array {problem}"))));
        }
        let count = buffer.here().len();
        buffer.take(count);
        if !buffer.more().map_err(failed)? {
            return Ok(());
        }
    }
}

/// How far an element was looked at.
#[derive(Default)]
struct Scan {
    looked: usize,
    depth: u32,
    is_in_text: bool,
    is_escaped: bool,
}

impl Scan {
    /// Where the element ends, and the sign behind it.
    fn on(&mut self, bytes: &[u8]) -> Option<(usize, u8)> {
        while let Some(byte) = bytes.get(self.looked) {
            if self.is_in_text {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.is_in_text = false,
                    _ => {}
                }
            } else {
                match byte {
                    b'"' => self.is_in_text = true,
                    b'{' | b'[' => self.depth += 1,
                    b',' | b']' if self.depth == 0 => return Some((self.looked, *byte)),
                    b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
            }
            self.looked += 1;
        }
        None
    }
}
