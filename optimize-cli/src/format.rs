//! The output formats.

use std::fmt;
use std::io::{self, IsTerminal};
use std::path::Path;

use clap::ValueEnum;
use optimize_bulk::{Compression, FormatKind, Options, Shape, Table};

use crate::config::Settings;
use crate::error::CliError;

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table on a terminal; elsewhere ndjson, or json for a single record; by its ending for a file
    Auto,
    /// For people
    Table,
    /// One array or object
    Json,
    /// One object a line
    Ndjson,
    /// RFC 4180, with a heading line
    Csv,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Format {
    /// Its word on the command line and in settings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    /// The one that is set.
    pub(crate) fn of_settings(settings: &Settings) -> Option<Self> {
        <Self as ValueEnum>::from_str(settings.output()?, true).ok()
    }

    /// The format of files that it stands for.
    fn kind(self) -> Option<FormatKind> {
        match self {
            Self::Auto | Self::Table => None,
            Self::Json => Some(FormatKind::Json),
            Self::Ndjson => Some(FormatKind::Ndjson),
            Self::Csv => Some(FormatKind::Csv),
        }
    }
}

/// A format of files, and how it is compressed.
pub(crate) type Kind = (FormatKind, Compression);

/// How rows look in formats of files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    /// The format; otherwise by where the rows go.
    pub(crate) kind: Option<Kind>,
    /// What a record stands for; otherwise what is usual for the format. `None` also of rows that are those of no report.
    pub(crate) table: Option<Table>,
    /// Whether the rows are those of a report, which come in tables.
    pub(crate) is_of_report: bool,
    pub(crate) is_wide: bool,
    pub(crate) options: Options,
}

impl Form {
    /// The format of files to use; `None` is a table on a screen. `auto` depends on where the output goes. The ending of a file
    /// decides about the file; a format that `is_asked` for on the command line must fit it.
    pub(crate) fn settle(&self, format: Format, is_asked: bool, file: Option<&Path>) -> Result<Option<Kind>, CliError> {
        if let (Some(kind), true) = (self.kind, is_asked) {
            return Err(CliError::usage(format!("--format {} and -o {format} are both there: pass one", ending(kind))));
        }
        let plain = |kind: FormatKind| (kind, Compression::None);
        let asked = self.kind.or(format.kind().map(plain));
        let Some(file) = file else {
            let is_for_people =
                format == Format::Table || self.kind.is_none() && format == Format::Auto && io::stdout().is_terminal();
            return Ok(if is_for_people { None } else { Some(asked.unwrap_or(plain(FormatKind::Ndjson))) });
        };
        let otherwise =
            || if format == Format::Table { None } else { Some(asked.unwrap_or(plain(FormatKind::Ndjson))) };
        let Some(found) = file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()) else {
            return Ok(otherwise());
        };
        let must_fit = self.kind.or(format.kind().map(plain).filter(|_| is_asked));
        let is_table = is_asked && format == Format::Table;
        let of_ending = FormatKind::of_ending(file);
        let problem = match (of_ending, must_fit) {
            (Some(kind), asked) if !is_table && asked.is_none_or(|asked| asked == kind) => return Ok(Some(kind)),
            (Some(_), asked) => {
                let asked = asked.map_or("table".to_owned(), ending);
                format!("its ending .{found} stands for another format than {asked}")
            }
            // A device, or a FIFO.
            (None, _) if file.exists() && !file.is_file() => return Ok(otherwise()),
            (None, Some(asked)) if !OTHERS.contains(&found.as_str()) => return Ok(Some(asked)),
            (None, _) if is_table && !OTHERS.contains(&found.as_str()) => return Ok(None),
            (None, _) => format!("the ending .{found} is not known"),
        };
        let known: Vec<_> = FormatKind::endings().map(|ending| format!(".{ending}")).collect();
        Err(CliError::usage(format!("write {}: {problem}", file.display())).with_hint(format!(
            "name the file with one of the endings {}, with .gz or .zst after it if you like",
            known.join(", ")
        )))
    }

    /// The records of this format.
    pub(crate) fn shape(&self, kind: Option<Kind>) -> Shape {
        let mut shape = Shape::default();
        let usual = kind.filter(|_| self.is_of_report).map(|(kind, _)| kind.usual_table());
        shape.table = self.table.or(usual).unwrap_or_default();
        shape.is_wide = self.is_wide;
        shape
    }
}

/// `csv`, or `csv.gz`.
pub(crate) fn ending((kind, compression): Kind) -> String {
    let second = match compression {
        Compression::Gzip => ".gz",
        Compression::Zstd => ".zst",
        _ => "",
    };
    format!("{}{second}", kind.ending())
}

/// Whether what is written is no text.
pub(crate) fn is_binary(kind: FormatKind, compression: Compression) -> bool {
    compression != Compression::None
        || matches!(kind, FormatKind::Parquet | FormatKind::Arrow | FormatKind::ArrowStream | FormatKind::Xlsx)
}

/// Reads `csv`, `ndjson.gz` and so on.
pub(crate) fn kind(text: &str) -> Result<Kind, String> {
    FormatKind::of_ending(Path::new(text)).ok_or_else(|| {
        let known: Vec<_> = FormatKind::endings().collect();
        format!("the formats are {}, with .gz or .zst after them", known.join(", "))
    })
}

/// Endings of other formats.
const OTHERS: [&str; 7] = ["bz2", "gz", "html", "xls", "xml", "zip", "zst"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_the_setting_is_a_format() {
        let names: Vec<_> = Format::value_variants().iter().map(|format| format.name()).collect();
        assert_eq!(names, crate::config::OUTPUT_FORMATS);
    }
}
