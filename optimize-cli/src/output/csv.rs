//! CSV (RFC 4180) with a heading line.

use std::collections::HashMap;
use std::io::{self, Write};

use super::Batch;
use super::row::{Column, RenderError};
use super::selection::Selection;
use super::spool::Spool;
use crate::json_text::JsonText;

/// What a formula can begin with. Spreadsheets take full-width characters for the usual ones, and skip white space.
const FORMULA: [char; 12] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{feff}'];

/// Writes at once if the columns are known. Otherwise fields go to an unnamed temporary file until the last row has shown
/// which columns there are.
pub(crate) struct CsvWriter {
    safe: bool,
    columns: Columns,
    spool: Option<Spool>,
    has_heading: bool,
}

#[derive(Default)]
struct Columns {
    ordered: Vec<Column>,
    positions: HashMap<Column, usize>,
}

impl Columns {
    /// The position of a column. `guess` is where it stands if this row is like the one before.
    fn position(&self, column: &Column, guess: usize) -> Option<usize> {
        if self.ordered.get(guess) == Some(column) { Some(guess) } else { self.positions.get(column).copied() }
    }

    fn add(&mut self, column: Column) -> usize {
        let position = self.ordered.len();
        self.positions.insert(column.clone(), position);
        self.ordered.push(column);
        position
    }
}

impl CsvWriter {
    /// Without `chosen` columns the union of all rows' columns; `safe` escapes texts that a spreadsheet would run.
    pub(crate) fn new(chosen: &Selection, safe: bool) -> io::Result<Self> {
        let mut columns = Columns::default();
        for column in chosen.columns() {
            columns.add(column.clone());
        }
        let spool = if chosen.is_empty() { Some(Spool::new()?) } else { None };
        Ok(Self { safe, columns, spool, has_heading: false })
    }

    pub(crate) fn write(
        &mut self,
        batch: &Batch,
        selection: &mut Selection,
        out: &mut dyn Write,
    ) -> Result<(), RenderError> {
        if let Some(mut spool) = self.spool.take() {
            for row in batch.rows() {
                let fields = self.fields(selection.cells(row)?);
                spool.write(&fields).map_err(RenderError::Spool)?;
            }
            self.spool = Some(spool);
            return Ok(());
        }
        let mut csv = self.begin(out)?;
        for row in batch.rows() {
            let fields = self.fields(selection.cells(row)?);
            self.write_record(fields, &mut csv)?;
        }
        Ok(csv.flush()?)
    }

    pub(crate) fn finish(mut self, out: &mut dyn Write) -> Result<(), RenderError> {
        let Some(spool) = self.spool.take() else {
            return Ok(self.begin(out)?.flush()?);
        };
        let mut csv = self.begin(out)?;
        let mut rows = spool.read().map_err(RenderError::Spool)?;
        while let Some(fields) = rows.next().map_err(RenderError::Spool)? {
            self.write_record(fields, &mut csv)?;
        }
        Ok(csv.flush()?)
    }

    /// The fields of a row and their positions. Columns that are not known yet are added.
    fn fields(&mut self, cells: Vec<(Column, JsonText<'_>)>) -> Vec<(usize, String)> {
        let mut guess = 0;
        let fields = cells.into_iter().map(|(column, cell)| {
            let known = self.columns.position(&column, guess);
            let position = known.unwrap_or_else(|| self.columns.add(column));
            guess = position + 1;
            (position, self.field(cell))
        });
        fields.collect()
    }

    fn begin<'a>(&mut self, out: &'a mut dyn Write) -> io::Result<csv::Writer<&'a mut dyn Write>> {
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        if !std::mem::replace(&mut self.has_heading, true) && !self.columns.ordered.is_empty() {
            csv.write_record(self.columns.ordered.iter().map(|column| self.harmless(column.heading())))
                .map_err(plain)?;
        }
        Ok(csv)
    }

    fn write_record(&self, fields: Vec<(usize, String)>, csv: &mut csv::Writer<&mut dyn Write>) -> io::Result<()> {
        let mut record = vec![String::new(); self.columns.ordered.len()];
        for (position, field) in fields {
            record[position] = field;
        }
        csv.write_record(&record).map_err(plain)
    }

    fn field(&self, cell: JsonText<'_>) -> String {
        let text = cell.text().into_owned();
        if cell.is_text() { self.harmless(text) } else { text }
    }

    /// With `--csv-safe`, a text that a spreadsheet would run as a formula begins with an apostrophe.
    fn harmless(&self, text: String) -> String {
        if self.safe && text.starts_with(FORMULA) { format!("'{text}") } else { text }
    }
}

/// The error of the writer below, so that a closed pipe is known as one.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
