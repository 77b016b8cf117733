//! Newline-delimited JSON: a row or record a line.

use std::io::Write;

use super::{Format, Written, records};
use crate::batch::Batch;
use crate::error::Error;
use crate::shape::Shape;

pub(super) struct Ndjson {
    shape: Shape,
    rows: u64,
    records: u64,
}

impl Ndjson {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, rows: 0, records: 0 }
    }
}

impl Format for Ndjson {
    fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), Error> {
        for row in batch.rows() {
            self.rows += 1;
            records::each(&mut self.shape, row, self.rows, |record| {
                self.records += 1;
                // Inside JSON texts a line break is always escaped, so one that is not is mere layout.
                let mut rest = record;
                while let Some(place) = memchr::memchr2(b'\n', b'\r', rest) {
                    out.write_all(&rest[..place])?;
                    rest = &rest[place + 1..];
                }
                out.write_all(rest)?;
                Ok(out.write_all(b"\n")?)
            })?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: &mut dyn Write) -> Result<Written, Error> {
        Ok(Written { rows: self.rows, records: self.records, selection: self.shape.selection, ..Written::default() })
    }
}
