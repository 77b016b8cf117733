//! Formats that are compressed as a whole.

use std::io::{self, Write};

use flate2::write::GzEncoder;

use crate::batch::Batch;
use crate::error::Error;
use crate::format::{Compression, Format, Written};

/// A format whose bytes are compressed.
pub(crate) struct Compressed {
    inner: Box<dyn Format>,
    encoder: Encoder,
}

/// What it has compressed waits in memory until the next write.
enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Compressed {
    pub(crate) fn around(inner: Box<dyn Format>, compression: Compression) -> Result<Box<dyn Format>, Error> {
        let encoder = match compression {
            Compression::None => return Ok(inner),
            Compression::Gzip => Encoder::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::default())),
            #[cfg(feature = "zstd")]
            Compression::Zstd => Encoder::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 3)?),
            #[cfg(not(feature = "zstd"))]
            Compression::Zstd => {
                return Err(Error::Input(
                    "this build cannot compress with Zstandard: the released program can, and a build with the feature bulk"
                        .to_owned(),
                ));
            }
        };
        Ok(Box::new(Self { inner, encoder }))
    }
}

impl Format for Compressed {
    fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), Error> {
        self.inner.write(batch, &mut self.encoder)?;
        Ok(self.encoder.drain(out)?)
    }

    fn finish(self: Box<Self>, out: &mut dyn Write) -> Result<Written, Error> {
        // A table is written here as a whole.
        let mut through = Through { encoder: self.encoder, out };
        let written = self.inner.finish(&mut through)?;
        let rest = match through.encoder {
            Encoder::Gzip(encoder) => encoder.finish()?,
            #[cfg(feature = "zstd")]
            Encoder::Zstd(encoder) => encoder.finish()?,
        };
        out.write_all(&rest)?;
        Ok(written)
    }
}

/// Hands over what was compressed as soon as there is some.
struct Through<'a> {
    encoder: Encoder,
    out: &'a mut dyn Write,
}

impl Write for Through<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.encoder.write(bytes)?;
        self.encoder.drain(self.out)?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Encoder {
    fn drain(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let waiting = match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => encoder.get_mut(),
        };
        out.write_all(waiting)?;
        waiting.clear();
        Ok(())
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(encoder) => encoder.write(bytes),
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
