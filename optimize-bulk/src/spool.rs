//! Records that wait in an unnamed temporary file until the columns of all are known.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use optimize_auth::private_file::without_name;

/// How many bytes are written and read at a time.
const BUFFER: usize = 1 << 18;

/// A record is how many columns were known when it was written, how many bytes it has, and these bytes.
pub(crate) struct Spool(BufWriter<File>);

/// What was spooled, from its beginning.
pub(crate) struct Spooled(BufReader<File>);

/// A file without a name, gone when it is closed.
pub fn temporary_file() -> io::Result<File> {
    tempfile::tempfile().map_err(without_name)
}

impl Spool {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(BufWriter::with_capacity(BUFFER, temporary_file()?)))
    }

    pub(crate) fn write(&mut self, width: usize, record: &[u8]) -> io::Result<()> {
        for number in [width, record.len()] {
            let number = u32::try_from(number).map_err(|_| io::Error::other("a row is larger than 4 GiB"))?;
            self.0.write_all(&number.to_le_bytes())?;
        }
        self.0.write_all(record)
    }

    pub(crate) fn read(self) -> io::Result<Spooled> {
        let mut file = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Spooled(BufReader::with_capacity(BUFFER, file)))
    }
}

impl Spooled {
    /// Puts the next record into `record`; returns how many columns it has, or `None` at the end.
    pub(crate) fn next(&mut self, record: &mut Vec<u8>) -> io::Result<Option<usize>> {
        let width = match self.number() {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            width => width?,
        };
        let length = self.number()?;
        record.resize(length, 0);
        self.0.read_exact(record)?;
        Ok(Some(width))
    }

    fn number(&mut self) -> io::Result<usize> {
        let mut number = [0; 4];
        self.0.read_exact(&mut number)?;
        Ok(u32::from_le_bytes(number) as usize)
    }
}
