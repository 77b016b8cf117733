//! Newline-delimited JSON: a row or record a line.

use std::io::{self, Write};

use super::Batch;

pub(crate) fn write(batch: &Batch, out: &mut dyn Write) -> io::Result<()> {
    for row in batch.rows() {
        // Inside JSON texts a line break is always escaped, so one that is not is mere layout.
        for part in row.split(|byte| matches!(byte, b'\n' | b'\r')) {
            out.write_all(part)?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}
