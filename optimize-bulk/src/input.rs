//! Rows of files that people make, in any form: a bad row is handed over with what is wrong, and ends nothing.

mod buffer;
mod delimited;
mod element;
mod json;
mod mapping;
mod open;
#[cfg(feature = "arrow")]
mod parquet;
#[cfg(feature = "xlsx")]
mod sheet;
mod values;

use std::fmt;
use std::sync::Arc;

use crate::error::Error;

pub use self::element::{Converter, Ingestible, RowProblem};
pub use self::mapping::Mapping;
pub use self::open::{Source, read_rows};
pub use self::values::ValueRules;

/// Columns and members of these names are not data: they say why a row was rejected.
pub(crate) const REJECTED: &str = "rejected.";

/// Where a row stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum At {
    /// The line in which it begins, counted from 1.
    Line(u64),
    /// The element of a JSON array, counted from 0.
    Element(u64),
    /// The row of a sheet or table, counted from 1; the heading is one.
    Row(u64),
}

impl At {
    /// The number alone.
    pub fn number(self) -> u64 {
        match self {
            Self::Line(number) | Self::Element(number) | Self::Row(number) => number,
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Element(number) => write!(f, "element {number}"),
            Self::Row(number) => write!(f, "row {number}"),
        }
    }
}

/// A row as it stands in its file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawRow<'a> {
    /// Where.
    pub at: At,
    /// What it holds.
    pub content: Content<'a>,
    /// Why it cannot be taken, whatever it holds.
    pub problem: Option<String>,
}

/// What a row holds.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// The text of a JSON value, if it is one.
    Json(&'a [u8]),
    /// A cell for each column.
    Cells(&'a Arc<[String]>, &'a Cells),
}

impl<'a> RawRow<'a> {
    /// A row that is not one of a file, such as a message.
    pub fn of_message(at: At, content: Content<'a>) -> Self {
        Self { at, content, problem: None }
    }

    fn json(at: At, json: &'a [u8]) -> Self {
        Self { at, content: Content::Json(json), problem: None }
    }

    fn cells(at: At, heading: &'a Arc<[String]>, cells: &'a Cells) -> Self {
        Self { at, content: Content::Cells(heading, cells), problem: None }
    }

    fn with_problem(mut self, problem: impl Into<String>) -> Self {
        self.problem = Some(problem.into());
        self
    }
}

/// The cells of a row, one behind the other.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Cells {
    /// Takes all cells out.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, cell: &[u8]) {
        self.bytes.extend_from_slice(cell);
        self.ends.push(self.bytes.len());
    }

    /// All bytes, and where each cell ends in them.
    pub(crate) fn parts(&self) -> (&[u8], &[usize]) {
        (&self.bytes, &self.ends)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell at this place.
    pub fn get(&self, place: usize) -> Option<&[u8]> {
        let end = *self.ends.get(place)?;
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[begin..end])
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.len()).map(|place| self.get(place).unwrap_or_default())
    }
}

/// What takes the rows of a file.
pub trait Rows {
    /// Called before the first row of a file with columns. An error ends the file.
    fn heading(&mut self, heading: &Arc<[String]>) -> Result<(), Error> {
        let _ = heading;
        Ok(())
    }

    /// Takes a row; returns whether more are wanted. An error ends the file.
    fn row(&mut self, row: RawRow<'_>) -> Result<bool, Error>;
}

/// How files are read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// What stands between cells; found out if it is not set.
    pub delimiter: Option<u8>,
    /// The encoding of text by its name on the web, such as `windows-1252`; UTF-8 if it is not set, or UTF-16 with its mark.
    pub encoding: Option<String>,
    /// Names that are likely to stand in the heading, which shows what stands between cells.
    pub likely: Vec<String>,
}

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
