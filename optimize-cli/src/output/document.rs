//! Bytes with a form of their own.

use std::io::Write;
use std::path::PathBuf;

use bytes::Bytes;

use super::target::{self, Target};
use crate::error::CliError;
use crate::printer::Printer;

/// Bytes to be written as they are.
pub(crate) struct Document {
    bytes: Bytes,
    file: Option<PathBuf>,
    /// Whether not even a line break is added.
    pub(crate) is_untouched: bool,
    /// What the command ends with once everything is written.
    pub(crate) failure: Option<CliError>,
}

impl Document {
    /// For this file, or for standard output.
    pub(crate) fn new(bytes: impl Into<Bytes>, file: Option<PathBuf>) -> Self {
        Self { bytes: bytes.into(), file: target::named(file), is_untouched: false, failure: None }
    }

    pub(crate) fn write(self, printer: Printer) -> Result<(), CliError> {
        let name = target::name(self.file.as_deref());
        let write = || {
            let mut target = Target::open(self.file.as_deref(), false)?;
            target.write_all(&self.bytes)?;
            if !self.is_untouched && !self.bytes.ends_with(b"\n") {
                target.write_all(b"\n")?;
            }
            target.finish()
        };
        write().map_err(|error| CliError::io(format!("write {name}"), error))?;
        if self.file.is_some() {
            printer.remark(&format!("wrote {name}"));
        }
        self.failure.map_or(Ok(()), Err)
    }
}
