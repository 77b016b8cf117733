//! Rows of files that an export has written, one at a time.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::format::{Compression, FormatKind};
use crate::row::cells;

/// The values of a row, by the headings of their columns.
pub(crate) type Values = BTreeMap<String, String>;

/// Calls `each` with every row of a file and its number, counted from 1.
pub(crate) fn each_row(path: &Path, mut each: impl FnMut(u64, Values) -> Result<(), Error>) -> Result<(), Error> {
    let name = path.display();
    let failed = |problem: &dyn fmt::Display| Error::Input(format!("read {name}: {problem}"));
    let Some((kind, compression)) = FormatKind::of_ending(path) else {
        let endings: Vec<_> = FormatKind::endings().collect();
        return Err(failed(&format!("its ending is not one of {}", endings.join(", "))));
    };
    let file = File::open(path).map_err(|error| failed(&error))?;
    let mut reader = open(file, compression).map_err(|error| failed(&error))?;
    let mut number = 0;
    let mut row = |json: &[u8]| {
        number += 1;
        let cells = cells(json).ok_or_else(|| failed(&format!("row {number} is not JSON")))?;
        each(number, cells.iter().map(|(column, cell)| (column.heading(), cell.text().into_owned())).collect())
    };
    match kind {
        FormatKind::Ndjson => {
            let mut line = Vec::new();
            loop {
                line.clear();
                if reader.read_until(b'\n', &mut line).map_err(|error| failed(&error))? == 0 {
                    return Ok(());
                }
                if !line.trim_ascii().is_empty() {
                    row(&line)?;
                }
            }
        }
        FormatKind::Json => {
            let mut problem = None;
            let read = serde_json::Deserializer::from_reader(reader).deserialize_seq(Elements(&mut |json| {
                problem = row(json.as_bytes()).err();
                problem.is_none()
            }));
            match problem {
                Some(problem) => Err(problem),
                None => read.map_err(|error| failed(&error)),
            }
        }
        FormatKind::Csv | FormatKind::Tsv => {
            let delimiter = if kind == FormatKind::Tsv { b'\t' } else { b',' };
            let mut csv = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(reader);
            let headings = csv.headers().map_err(|error| failed(&error))?.clone();
            for (number, record) in (1..).zip(csv.records()) {
                let record = record.map_err(|error| failed(&error))?;
                let values = headings.iter().zip(&record);
                each(number, values.map(|(heading, value)| (heading.to_owned(), value.to_owned())).collect())?;
            }
            Ok(())
        }
        #[cfg(feature = "arrow")]
        FormatKind::Parquet => parquet_rows(path, each),
        _ => Err(failed(&format!("this build does not read {}", kind.ending()))),
    }
}

fn open(file: File, compression: Compression) -> std::io::Result<Box<dyn BufRead>> {
    let buffered = |reader: Box<dyn Read>| BufReader::with_capacity(1 << 17, reader);
    Ok(match compression {
        Compression::None => Box::new(buffered(Box::new(file))),
        Compression::Gzip => Box::new(buffered(Box::new(MultiGzDecoder::new(file)))),
        #[cfg(feature = "zstd")]
        Compression::Zstd => Box::new(buffered(Box::new(zstd::stream::read::Decoder::new(file)?))),
        #[cfg(not(feature = "zstd"))]
        Compression::Zstd => return Err(std::io::Error::other("this build does not read Zstandard")),
    })
}

#[cfg(feature = "arrow")]
fn parquet_rows(path: &Path, mut each: impl FnMut(u64, Values) -> Result<(), Error>) -> Result<(), Error> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let failed = |problem: &dyn fmt::Display| Error::Input(format!("read {}: {problem}", path.display()));
    let file = File::open(path).map_err(|error| failed(&error))?;
    let reader = SerializedFileReader::new(file).map_err(|error| failed(&error))?;
    for (number, row) in (1..).zip(reader.get_row_iter(None).map_err(|error| failed(&error))?) {
        let row = row.map_err(|error| failed(&error))?;
        let values = row.get_column_iter().map(|(name, value)| {
            use parquet::record::Field;
            let text = match value {
                Field::Null => String::new(),
                Field::Str(text) => text.clone(),
                other => other.to_string(),
            };
            (name.clone(), text)
        });
        each(number, values.collect())?;
    }
    Ok(())
}

/// Hands over the elements of an array, as long as it is wanted.
struct Elements<'a>(&'a mut dyn FnMut(&str) -> bool);

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element_seed(Raw)? {
            if !(self.0)(element.get()) {
                return Err(serde::de::Error::custom("it was stopped"));
            }
        }
        Ok(())
    }
}

struct Raw;

impl<'de> DeserializeSeed<'de> for Raw {
    type Value = Box<RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}
