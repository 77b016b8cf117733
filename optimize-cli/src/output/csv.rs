//! CSV (RFC 4180) with a heading line.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

use super::row::{Cell, Column, RenderError, cells};
use super::{Batch, ndjson};

/// Writes at once if the columns are known. Otherwise rows go to an unnamed temporary file until the last one has said
/// which columns there are.
pub(crate) struct CsvWriter {
    safe: bool,
    columns: Columns,
    spool: Option<BufWriter<File>>,
    has_heading: bool,
}

#[derive(Default)]
struct Columns {
    ordered: Vec<Column>,
    positions: HashMap<Column, usize>,
}

impl Columns {
    fn add(&mut self, column: Column) {
        if !self.positions.contains_key(&column) {
            self.positions.insert(column.clone(), self.ordered.len());
            self.ordered.push(column);
        }
    }
}

impl CsvWriter {
    /// `chosen` is empty for the union of all rows' columns; `safe` escapes texts that a spreadsheet would run.
    pub(crate) fn new(chosen: &[Column], safe: bool) -> io::Result<Self> {
        let mut columns = Columns::default();
        for column in chosen {
            columns.add(column.clone());
        }
        let spool = if chosen.is_empty() { Some(BufWriter::new(tempfile::tempfile()?)) } else { None };
        Ok(Self { safe, columns, spool, has_heading: false })
    }

    pub(crate) fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), RenderError> {
        if let Some(spool) = &mut self.spool {
            for row in batch.rows() {
                cells(row)?.into_iter().for_each(|(column, _)| self.columns.add(column));
            }
            return Ok(ndjson::write(batch, spool)?);
        }
        let mut csv = self.begin(out)?;
        for row in batch.rows() {
            self.write_row(row, &mut csv)?;
        }
        Ok(csv.flush()?)
    }

    pub(crate) fn finish(mut self, out: &mut dyn Write) -> Result<(), RenderError> {
        let Some(spool) = self.spool.take() else {
            return Ok(self.begin(out)?.flush()?);
        };
        let mut spool = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
        spool.rewind()?;
        let mut csv = self.begin(out)?;
        let mut lines = BufReader::new(spool);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            self.write_row(&line, &mut csv)?;
            line.clear();
        }
        Ok(csv.flush()?)
    }

    fn begin<'a>(&mut self, out: &'a mut dyn Write) -> io::Result<csv::Writer<&'a mut dyn Write>> {
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        if !std::mem::replace(&mut self.has_heading, true) && !self.columns.ordered.is_empty() {
            csv.write_record(self.columns.ordered.iter().map(Column::heading))?;
        }
        Ok(csv)
    }

    fn write_row(&self, row: &[u8], csv: &mut csv::Writer<&mut dyn Write>) -> Result<(), RenderError> {
        let mut by_position = vec![None; self.columns.ordered.len()];
        for (column, cell) in cells(row)? {
            if let Some(position) = self.columns.positions.get(&column) {
                by_position[*position] = Some(cell);
            }
        }
        for cell in by_position {
            csv.write_field(self.field(cell).as_bytes()).map_err(io::Error::from)?;
        }
        Ok(csv.write_record(None::<&[u8]>).map_err(io::Error::from)?)
    }

    fn field(&self, cell: Option<Cell<'_>>) -> String {
        let Some(cell) = cell else { return String::new() };
        let text = cell.text().into_owned();
        let would_run = self.safe && cell.is_text() && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if would_run { format!("'{text}") } else { text }
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
