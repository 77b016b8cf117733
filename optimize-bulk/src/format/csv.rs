//! CSV (RFC 4180) with a heading line.

use std::borrow::Cow;
use std::io::Write;

use csv_core::WriteResult;

use super::CsvOptions;
use crate::cell::Kind;
use crate::cell_codec::{Placed, decode, encode};
use crate::error::Error;
use crate::schema::{Field, Schema};
use crate::tabular::Records;
use crate::types::{ColumnType, Typed};

/// What a formula can begin with. Spreadsheets take full-width characters for the usual ones, and skip white space.
const FORMULA: [char; 13] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{feff}'];

/// Excel keeps so many digits of a number.
const EXCEL_DIGITS: usize = 15;

/// Writes records. Fields are encoded when they come in, and only get their heading later, unless numbers look different by the
/// type of their column.
pub(super) struct Csv {
    options: CsvOptions,
    schema: Schema,
}

impl Csv {
    pub(super) fn new(options: CsvOptions) -> Self {
        Self { options, schema: Schema::default() }
    }

    fn needs_types(&self) -> bool {
        self.options.has_decimal_comma || self.options.is_for_excel
    }

    /// With `--csv-safe`, a text that a spreadsheet would run as a formula begins with an apostrophe.
    fn harmless<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        let is_risky = self.options.is_safe && text.starts_with(FORMULA) && !is_whole_number(&text);
        if is_risky { format!("'{text}").into() } else { text }
    }

    fn field<'a>(&self, kind: Kind, text: Cow<'a, str>) -> Cow<'a, str> {
        if kind == Kind::Text { self.harmless(text) } else { text }
    }

    /// A field as the type of its column wants it.
    fn typed<'a>(&self, column: &Field, kind: Kind, text: &'a str) -> Cow<'a, str> {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        match column.kind.read(text) {
            Some(Typed::Integer(_) | Typed::Decimal(_)) if self.options.is_for_excel && digits > EXCEL_DIGITS => {
                // A formula that is this text.
                format!("=\"{text}\"").into()
            }
            Some(Typed::Decimal(_) | Typed::Double(_)) if self.options.has_decimal_comma => {
                text.replace('.', ",").into()
            }
            Some(Typed::Timestamp(moment)) if self.options.is_for_excel => excel_date(moment).into(),
            _ if self.options.is_for_excel
                && column.kind == ColumnType::Text
                && digits > EXCEL_DIGITS
                && is_whole_number(text) =>
            {
                format!("=\"{text}\"").into()
            }
            _ => self.field(kind, text.into()),
        }
    }

    fn record<'a>(&self, fields: impl Iterator<Item = Cow<'a, str>>, record: &mut Vec<u8>) {
        let mut writer = csv_core::WriterBuilder::new().delimiter(self.options.delimiter).build();
        let begin = record.len();
        for (place, field) in fields.enumerate() {
            if place > 0 {
                grow(record, 4, |space| writer.delimiter(space));
            }
            let mut rest = field.as_bytes();
            while !rest.is_empty() {
                let mut taken = 0;
                let length = 2 * rest.len() + 4;
                grow(record, length, |space| {
                    let (result, read, written) = writer.field(rest, space);
                    taken = read;
                    (result, written)
                });
                rest = &rest[taken..];
            }
        }
        grow(record, 4, |space| writer.finish(space));
        if record.len() == begin {
            // An empty line would be no record.
            record.extend_from_slice(b"\"\"");
        }
    }
}

/// Makes room at the end, and keeps what was written there.
fn grow(record: &mut Vec<u8>, most: usize, write: impl FnOnce(&mut [u8]) -> (WriteResult, usize)) {
    let begin = record.len();
    record.resize(begin + most, 0);
    let (_, written) = write(&mut record[begin..]);
    record.truncate(begin + written);
}

impl Records for Csv {
    fn encode(&mut self, cells: &mut [Placed<'_>], width: usize, record: &mut Vec<u8>) {
        if self.needs_types() {
            return encode(cells, record);
        }
        let mut cells = cells.iter().peekable();
        let fields = (0..width).map(|position| {
            let cell = cells.next_if(|(at, ..)| *at == position);
            cell.map_or(Cow::Borrowed(""), |(_, kind, text)| self.field(*kind, Cow::Borrowed(&**text)))
        });
        self.record(fields, record);
    }

    fn begin(&mut self, schema: &Schema, out: &mut dyn Write) -> Result<(), Error> {
        self.schema = schema.clone();
        if self.options.has_bom {
            out.write_all("\u{feff}".as_bytes())?;
        }
        if !schema.columns.is_empty() {
            let mut heading = Vec::new();
            self.record(schema.columns.iter().map(|field| self.harmless(Cow::Borrowed(&*field.name))), &mut heading);
            heading.extend_from_slice(b"\r\n");
            out.write_all(&heading)?;
        }
        Ok(())
    }

    fn emit(&mut self, record: &[u8], width: usize, _: u64, out: &mut dyn Write) -> Result<(), Error> {
        let all = self.schema.columns.len();
        if self.needs_types() {
            let mut cells = Vec::with_capacity(all);
            decode(record, all, &mut cells).map_err(Error::Spool)?;
            let fields = cells
                .iter()
                .zip(&self.schema.columns)
                .map(|(cell, column)| cell.map_or(Cow::Borrowed(""), |(kind, text)| self.typed(column, kind, text)));
            let mut line = Vec::with_capacity(record.len());
            self.record(fields, &mut line);
            out.write_all(&line)?;
        } else {
            out.write_all(record)?;
            out.write_all(&vec![self.options.delimiter; all.saturating_sub(width.max(1))])?;
        }
        Ok(out.write_all(b"\r\n")?)
    }

    fn finish(self: Box<Self>, _: &mut dyn Write) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }
}

fn is_whole_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A date that Excel reads as one, in UTC.
fn excel_date(moment: i64) -> String {
    let date = jiff::Timestamp::from_millisecond(moment).unwrap_or_default();
    let date = jiff::tz::Offset::UTC.to_datetime(date);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        date.year(),
        date.month(),
        date.day(),
        date.hour(),
        date.minute(),
        date.second()
    )
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
