//! JSON: one array of rows, or one record.

use std::io::{self, Write};

use bytes::Bytes;

use super::Batch;

#[derive(Debug, Default)]
pub(crate) struct JsonWriter {
    rows: u64,
    is_record: bool,
}

impl JsonWriter {
    pub(crate) fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> io::Result<()> {
        match batch {
            Batch::Record(record) => {
                self.is_record = true;
                out.write_all(record)?;
                out.write_all(b"\n")
            }
            Batch::Rows(rows) => rows.iter().try_for_each(|row| self.write_row(row, out)),
        }
    }

    fn write_row(&mut self, row: &Bytes, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.rows == 0 { b"[\n" } else { b",\n" })?;
        self.rows += 1;
        out.write_all(row)
    }

    pub(crate) fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        match (self.is_record, self.rows) {
            (true, _) => Ok(()),
            (false, 0) => out.write_all(b"[]\n"),
            (false, _) => out.write_all(b"\n]\n"),
        }
    }
}
