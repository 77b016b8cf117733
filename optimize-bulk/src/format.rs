//! The formats of files, and what they have in common.

#[cfg(feature = "arrow")]
mod arrow;
mod csv;
mod json;
mod ndjson;
mod records;
mod singer;
mod xes;
#[cfg(feature = "xlsx")]
pub(crate) mod xlsx;

use std::io::Write;
use std::path::Path;
use std::str::FromStr;

use crate::batch::Batch;
use crate::compress::Compressed;
use crate::error::Error;
use crate::schema::Schema;
use crate::selection::Selection;
use crate::shape::{Shape, Table};
use crate::tabular::{Tabular, Typed};

/// Writes the rows of a report.
pub trait Format: Send {
    /// Takes rows in, and may write some. Nothing was written in vain if it fails: the target is to be left as it was.
    fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), Error>;

    /// Writes the rest.
    fn finish(self: Box<Self>, out: &mut dyn Write) -> Result<Written, Error>;
}

/// What was written.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Written {
    /// The rows of the report.
    pub rows: u64,
    /// The records of the file, which has several for one row in some tables.
    pub records: u64,
    /// The columns, in a format that has columns.
    pub schema: Option<Schema>,
    /// The chosen columns, and which of them no row had.
    pub selection: Selection,
    /// What is noteworthy, a sentence each.
    pub remarks: Vec<String>,
}

/// A format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatKind {
    /// An object a line.
    Ndjson,
    /// One array, or one object.
    Json,
    /// RFC 4180, with a heading line.
    Csv,
    /// The same with tabs.
    Tsv,
    /// Apache Parquet, compressed with Zstandard.
    Parquet,
    /// Apache Arrow, as a file.
    Arrow,
    /// The same as a stream.
    ArrowStream,
    /// An Excel workbook.
    Xlsx,
    /// An event log (IEEE 1849).
    Xes,
    /// Messages of Singer.
    Singer,
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// Where the types of columns come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TypeRule {
    /// All are text.
    #[default]
    Text,
    /// From the values, all of which must come back as they were.
    Guessed,
    /// From a file; a value that does not fit is an error.
    Fixed(Schema),
}

/// How CSV looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the options are independent of each other")]
pub struct CsvOptions {
    /// What stands between fields.
    pub delimiter: u8,
    /// Whether the file begins with a byte order mark.
    pub has_bom: bool,
    /// Whether numbers have a comma for their point.
    pub has_decimal_comma: bool,
    /// Whether long numbers and dates are written so that Excel keeps them.
    pub is_for_excel: bool,
    /// Whether texts that a spreadsheet would run are escaped.
    pub is_safe: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: b',', has_bom: false, has_decimal_comma: false, is_for_excel: false, is_safe: false }
    }
}

/// How rows are written, whatever the format.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The types of columns.
    pub types: TypeRule,
    /// What the values of a grouped report count.
    pub value_unit: Option<String>,
    /// How CSV looks.
    pub csv: CsvOptions,
    /// The name of a sheet, and of an event log.
    pub title: String,
}

/// The endings of files, the longest first where one ends with another.
const ENDINGS: [(&str, FormatKind); 11] = [
    ("ndjson", FormatKind::Ndjson),
    ("jsonl", FormatKind::Ndjson),
    ("json", FormatKind::Json),
    ("csv", FormatKind::Csv),
    ("tsv", FormatKind::Tsv),
    ("parquet", FormatKind::Parquet),
    ("arrow", FormatKind::Arrow),
    ("arrows", FormatKind::ArrowStream),
    ("xlsx", FormatKind::Xlsx),
    ("xes", FormatKind::Xes),
    ("singer", FormatKind::Singer),
];

const COMPRESSIONS: [(&str, Compression); 2] = [("gz", Compression::Gzip), ("zst", Compression::Zstd)];

impl FormatKind {
    /// The format of a name such as `csv`, `ndjson.gz` or, with `path`, `orders.csv.zst`. `None` if the ending is not known.
    pub fn of_ending(path: &Path) -> Option<(Self, Compression)> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let (name, compression) = COMPRESSIONS
            .iter()
            .find_map(|(ending, compression)| Some((name.strip_suffix(ending)?.strip_suffix('.')?, *compression)))
            .unwrap_or((&name, Compression::None));
        let ending = name.rsplit('.').next()?;
        let (_, kind) = ENDINGS.iter().find(|(known, _)| *known == ending)?;
        Some((*kind, compression))
    }

    /// All endings, for messages.
    pub fn endings() -> impl Iterator<Item = &'static str> {
        ENDINGS.iter().map(|(ending, _)| *ending)
    }

    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        ENDINGS.iter().find(|(_, kind)| *kind == self).map_or("", |(ending, _)| *ending)
    }

    /// Whether it has columns.
    pub fn is_tabular(self) -> bool {
        !matches!(self, Self::Ndjson | Self::Json | Self::Xes)
    }

    /// Whether the types of columns show in it.
    pub fn is_typed(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow | Self::ArrowStream | Self::Xlsx | Self::Xes | Self::Singer)
    }

    /// The table that it has if none is chosen.
    pub fn usual_table(self) -> Table {
        match self {
            Self::Ndjson | Self::Json => Table::Rows,
            Self::Xes => Table::Log,
            _ => Table::Instances,
        }
    }

    /// A writer of this format. Fails if this build does not have the format, or if it cannot be compressed.
    pub fn writer(self, compression: Compression, shape: Shape, options: &Options) -> Result<Box<dyn Format>, Error> {
        let can_be_compressed =
            matches!(self, Self::Ndjson | Self::Json | Self::Csv | Self::Tsv | Self::Xes | Self::Singer);
        if compression != Compression::None && !can_be_compressed {
            return Err(Error::Input(format!(
                "{} is compressed by itself: leave the second ending out",
                self.ending()
            )));
        }
        let format: Box<dyn Format> = match self {
            Self::Ndjson => Box::new(ndjson::Ndjson::new(shape)),
            Self::Json => Box::new(json::Json::new(shape)),
            Self::Csv => Box::new(Tabular::new(Box::new(csv::Csv::new(options.csv)), shape, options)?),
            Self::Tsv => {
                let csv = CsvOptions { delimiter: b'\t', ..options.csv };
                Box::new(Tabular::new(Box::new(csv::Csv::new(csv)), shape, options)?)
            }
            Self::Xes => {
                let records = Typed::new(xes::Xes::new(&options.title, &shape.activities));
                Box::new(Tabular::new(Box::new(records), shape, options)?)
            }
            Self::Singer => {
                Box::new(Tabular::new(Box::new(Typed::new(singer::Singer::new(&options.title))), shape, options)?)
            }
            #[cfg(feature = "arrow")]
            Self::Parquet => {
                let records = Typed::new(arrow::Batches::of(arrow::Parquet::default()));
                Box::new(Tabular::new(Box::new(records), shape, options)?)
            }
            #[cfg(feature = "arrow")]
            Self::Arrow | Self::ArrowStream => {
                let ipc = if self == Self::Arrow { arrow::Ipc::file() } else { arrow::Ipc::stream() };
                Box::new(Tabular::new(Box::new(Typed::new(arrow::Batches::of(ipc))), shape, options)?)
            }
            #[cfg(feature = "xlsx")]
            Self::Xlsx => {
                let records = Typed::new(xlsx::Xlsx::new(xlsx::Book::new(), &options.title));
                Box::new(Tabular::new(Box::new(records), shape, options)?)
            }
            #[cfg(not(all(feature = "arrow", feature = "xlsx")))]
            _ => {
                return Err(Error::Input(format!(
                    "this build cannot write {}: the released program can, and a build with the feature bulk",
                    self.ending()
                )));
            }
        };
        Compressed::around(format, compression)
    }
}

/// `csv`, `ndjson.gz` and so on.
impl FromStr for FormatKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match ENDINGS.iter().find(|(ending, _)| *ending == text) {
            Some((_, kind)) => Ok(*kind),
            None => Err(format!(
                "unknown format {text:?}; the formats are {}",
                Self::endings().collect::<Vec<_>>().join(", ")
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_stand_for_formats() {
        let of = |path: &str| FormatKind::of_ending(Path::new(path));
        assert_eq!(of("a/b.CSV"), Some((FormatKind::Csv, Compression::None)));
        assert_eq!(of("b.ndjson.gz"), Some((FormatKind::Ndjson, Compression::Gzip)));
        assert_eq!(of("xes.zst"), Some((FormatKind::Xes, Compression::Zstd)));
        assert_eq!(of("parquet"), Some((FormatKind::Parquet, Compression::None)));
        assert_eq!((of("b.gz"), of("b.txt"), of("b")), (None, None, None));
    }
}
