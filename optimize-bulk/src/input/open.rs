//! Files of any form, compressed or not, in any encoding. Their first bytes show which it is.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;

use super::buffer::Buffer;
use super::{ReadOptions, Rows, delimited, json};
use crate::error::Error;
use crate::format::FormatKind;

const BUFFER: usize = 1 << 16;

/// What rows are read from.
pub struct Source {
    /// What messages call it.
    pub name: String,
    /// The format that the ending of its name stands for.
    pub kind: Option<FormatKind>,
    /// Its bytes.
    pub input: Box<dyn Read>,
}

impl Source {
    /// Bytes of a file that is called so; a name without an ending that is known stands for no format.
    pub fn new(name: impl Into<String>, input: impl Read + 'static) -> Self {
        let name = name.into();
        let kind = FormatKind::of_ending(Path::new(&name)).map(|(kind, _)| kind);
        Self { name, kind, input: Box::new(input) }
    }
}

/// Hands over the rows of a file, whatever it is: CSV with any delimiter, NDJSON, a JSON array, a workbook or Parquet, plain
/// or compressed with gzip or Zstandard.
///
/// Fails for what ends the file: a format that this build does not read, a column that `rows` refuses, an error of the input.
///
/// ```
/// use optimize_bulk::{Content, Error, RawRow, ReadOptions, Rows, Source, read_rows};
///
/// struct Count(usize);
/// impl Rows for Count {
///     fn row(&mut self, row: RawRow<'_>) -> Result<bool, Error> {
///         self.0 += usize::from(row.problem.is_none() && matches!(row.content, Content::Cells(..)));
///         Ok(true)
///     }
/// }
/// let mut count = Count(0);
/// read_rows(Source::new("a.csv", "id;name\n1;a\n2\n3;c\n".as_bytes()), &ReadOptions::default(), &mut count)?;
/// assert_eq!(count.0, 2);
/// # Ok::<(), Error>(())
/// ```
pub fn read_rows(source: Source, options: &ReadOptions, rows: &mut dyn Rows) -> Result<(), Error> {
    let Source { name, kind, input } = source;
    let failed = |error: io::Error| Error::Input(format!("read {name}: {error}"));
    let mut input: Box<dyn BufRead> = Box::new(BufReader::with_capacity(BUFFER, input));
    loop {
        let beginning = beginning(&mut input).map_err(failed)?;
        input = match beginning.as_slice() {
            [0x1F, 0x8B, ..] => {
                Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(rejoin(beginning, input))))
            }
            [0x28, 0xB5, 0x2F, 0xFD] => Box::new(zstd(rejoin(beginning, input)).map_err(failed)?),
            [b'P', b'A', b'R', b'1'] => return parquet(rejoin(beginning, input), rows, &failed),
            [b'P', b'K', 3, 4] => return sheet(rejoin(beginning, input), rows, &failed),
            [b'A', b'R', b'R', b'O'] => {
                return Err(failed(io::Error::other("files of Arrow are not read here: write Parquet")));
            }
            _ => {
                let input = rejoin(beginning, input);
                return text(Box::new(input), kind, options, rows, &failed);
            }
        };
    }
}

/// Up to four bytes.
fn beginning(input: &mut dyn BufRead) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(4).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The whole of an input again.
fn rejoin(beginning: Vec<u8>, input: Box<dyn BufRead>) -> io::Chain<Cursor<Vec<u8>>, Box<dyn BufRead>> {
    Cursor::new(beginning).chain(input)
}

fn text(
    input: Box<dyn BufRead>,
    kind: Option<FormatKind>,
    options: &ReadOptions,
    rows: &mut dyn Rows,
    failed: &dyn Fn(io::Error) -> Error,
) -> Result<(), Error> {
    let encoding = match &options.encoding {
        None => None,
        Some(label) => Some(encoding_rs::Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            failed(io::Error::other(format!(
                "the encoding {label:?} is not known; use one such as windows-1252 or utf-16le"
            )))
        })?),
    };
    // UTF-8 stays as it is, so that a row that is none can be shown as it is.
    let decoded = DecodeReaderBytesBuilder::new().encoding(encoding).utf8_passthru(true).strip_bom(true).build(input);
    let mut buffer = Buffer::new(decoded);
    let first = loop {
        let blank = buffer.here().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        match buffer.here().get(blank).copied() {
            Some(first) => break first,
            None if buffer.more().map_err(failed)? => {}
            None => return Ok(()),
        }
    };
    // Text has no NUL; every second byte of UTF-16 is one.
    if buffer.here().iter().take(64).any(|byte| *byte == 0) {
        return Err(failed(io::Error::other("it is UTF-16 without a mark (pass --encoding utf-16le), or no text")));
    }
    let is_json = matches!(kind, Some(FormatKind::Json | FormatKind::Ndjson));
    let has_columns = matches!(kind, Some(FormatKind::Csv | FormatKind::Tsv));
    match first {
        _ if has_columns => {}
        b'[' => {
            let blank = buffer.here().iter().take_while(|byte| **byte != b'[').count();
            buffer.take(blank);
            return json::array(&mut buffer, rows, failed);
        }
        b'{' => return json::lines(&mut buffer, rows, failed),
        _ if is_json => return json::lines(&mut buffer, rows, failed),
        _ => {}
    }
    let tabs = ReadOptions { delimiter: options.delimiter.or(Some(b'\t')), ..options.clone() };
    let options = if kind == Some(FormatKind::Tsv) { &tabs } else { options };
    delimited::read(&mut buffer, options, rows, failed)
}

#[cfg(feature = "zstd")]
fn zstd(input: impl BufRead + 'static) -> io::Result<impl BufRead> {
    Ok(BufReader::with_capacity(BUFFER, zstd::stream::read::Decoder::with_buffer(input)?))
}

#[cfg(not(feature = "zstd"))]
fn zstd(input: impl BufRead + 'static) -> io::Result<Box<dyn BufRead>> {
    drop(input);
    Err(unread("Zstandard"))
}

#[cfg(feature = "arrow")]
fn parquet(input: impl Read, rows: &mut dyn Rows, failed: &dyn Fn(io::Error) -> Error) -> Result<(), Error> {
    super::parquet::read(seekable(input).map_err(failed)?, rows, failed)
}

#[cfg(not(feature = "arrow"))]
fn parquet(_: impl Read, _: &mut dyn Rows, failed: &dyn Fn(io::Error) -> Error) -> Result<(), Error> {
    Err(failed(unread("Parquet")))
}

#[cfg(feature = "xlsx")]
fn sheet(input: impl Read, rows: &mut dyn Rows, failed: &dyn Fn(io::Error) -> Error) -> Result<(), Error> {
    super::sheet::read(seekable(input).map_err(failed)?, rows, failed)
}

#[cfg(not(feature = "xlsx"))]
fn sheet(_: impl Read, _: &mut dyn Rows, failed: &dyn Fn(io::Error) -> Error) -> Result<(), Error> {
    Err(failed(unread("workbooks")))
}

/// A file that can be read from any place.
#[cfg(any(feature = "arrow", feature = "xlsx"))]
fn seekable(mut input: impl Read) -> io::Result<std::fs::File> {
    use std::io::Seek;
    let mut file = crate::spool::temporary_file()?;
    io::copy(&mut input, &mut file)?;
    file.rewind()?;
    Ok(file)
}

#[cfg(not(all(feature = "arrow", feature = "xlsx", feature = "zstd")))]
fn unread(what: &str) -> io::Error {
    io::Error::other(format!(
        "this build does not read {what}: the released program does, and a build with the feature bulk"
    ))
}
