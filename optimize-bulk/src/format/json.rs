//! JSON: one array of rows, or one record.

use std::io::Write;

use super::{Format, Written, records};
use crate::batch::Batch;
use crate::error::Error;
use crate::shape::Shape;

pub(super) struct Json {
    shape: Shape,
    rows: u64,
    records: u64,
    is_record: bool,
}

impl Json {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, rows: 0, records: 0, is_record: false }
    }
}

impl Format for Json {
    fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), Error> {
        let is_record = matches!(batch, Batch::Record(_));
        self.is_record |= is_record;
        for row in batch.rows() {
            self.rows += 1;
            records::each(&mut self.shape, row, self.rows, |record| {
                let before: &[u8] = match (is_record, self.records) {
                    (true, _) => b"",
                    (false, 0) => b"[\n",
                    (false, _) => b",\n",
                };
                self.records += 1;
                out.write_all(before)?;
                out.write_all(record)?;
                Ok(out.write_all(if is_record { b"\n" } else { b"" })?)
            })?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, out: &mut dyn Write) -> Result<Written, Error> {
        match (self.is_record, self.records) {
            (true, _) => {}
            (false, 0) => out.write_all(b"[]\n")?,
            (false, _) => out.write_all(b"\n]\n")?,
        }
        Ok(Written { rows: self.rows, records: self.records, selection: self.shape.selection, ..Written::default() })
    }
}
