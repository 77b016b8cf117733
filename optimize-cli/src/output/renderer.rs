//! Batches in one of the formats.

use std::io::Write;

use optimize_bulk::{Batch, Compression, Error, Format as FileFormat, FormatKind, Options, Selection, Shape};

use super::look::Look;
use super::table::TableWriter;

/// A table for people, or a format of files.
pub(super) enum Renderer {
    Table(TableWriter, Selection),
    File(Box<dyn FileFormat>),
}

impl Renderer {
    /// A table, or if `kind` says so a format of files.
    pub(super) fn new(
        kind: Option<(FormatKind, Compression)>,
        look: &Look,
        shape: Shape,
        options: &Options,
    ) -> Result<Self, Error> {
        Ok(match kind {
            None => Self::Table(TableWriter::new(look.clone()), shape.selection),
            Some((kind, compression)) => Self::File(kind.writer(compression, shape, options)?),
        })
    }

    pub(super) fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), Error> {
        match self {
            Self::Table(table, selection) => table.write(batch, selection, out),
            Self::File(format) => format.write(batch, out),
        }
    }

    /// Ends the output. Returns what was selected, and remarks for standard error.
    pub(super) fn finish(self, out: &mut dyn Write) -> Result<(Selection, Vec<String>), Error> {
        match self {
            Self::Table(table, selection) => {
                let remark = table.finish(&selection, out)?;
                Ok((selection, remark.into_iter().collect()))
            }
            Self::File(format) => {
                let written = format.finish(out)?;
                Ok((written.selection, written.remarks))
            }
        }
    }
}
