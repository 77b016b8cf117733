//! Fields of rows that wait in an unnamed temporary file.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use optimize_auth::private_file::without_name;

/// A row is the number of its fields, then each with its position and length; numbers have four bytes.
pub(super) struct Spool(BufWriter<File>);

/// What was spooled, from its beginning.
pub(super) struct Spooled(BufReader<File>);

/// A file without a name, gone when it is closed.
pub(super) fn temporary_file() -> io::Result<File> {
    tempfile::tempfile().map_err(without_name)
}

impl Spool {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(BufWriter::with_capacity(1 << 16, temporary_file()?)))
    }

    pub(super) fn write(&mut self, fields: &[(usize, String)]) -> io::Result<()> {
        self.number(fields.len())?;
        for (position, text) in fields {
            self.number(*position)?;
            self.number(text.len())?;
            self.0.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    fn number(&mut self, number: usize) -> io::Result<()> {
        let number = u32::try_from(number).map_err(|_| io::Error::other("a field is larger than 4 GiB"))?;
        self.0.write_all(&number.to_le_bytes())
    }

    pub(super) fn read(self) -> io::Result<Spooled> {
        let mut file = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Spooled(BufReader::with_capacity(1 << 16, file)))
    }
}

impl Spooled {
    /// The fields of the next row.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<(usize, String)>>> {
        let count = match self.number() {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            count => count?,
        };
        let fields = (0..count).map(|_| {
            let (position, length) = (self.number()?, self.number()?);
            let mut text = vec![0; length];
            self.0.read_exact(&mut text)?;
            Ok((position, String::from_utf8(text).map_err(io::Error::other)?))
        });
        fields.collect::<io::Result<_>>().map(Some)
    }

    fn number(&mut self) -> io::Result<usize> {
        let mut number = [0; 4];
        self.0.read_exact(&mut number)?;
        Ok(u32::from_le_bytes(number) as usize)
    }
}
