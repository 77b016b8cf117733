//! The output formats.

use std::fmt;
use std::io::{self, IsTerminal};
use std::path::Path;

use clap::ValueEnum;

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

    /// The format to use: `auto` depends on where the output goes. The ending of a file decides about the file; a format that
    /// `is_asked` for on the command line must fit it.
    pub(crate) fn settle(self, is_asked: bool, file: Option<&Path>) -> Result<Self, CliError> {
        let Some(file) = file else {
            let is_for_people = self == Self::Auto && io::stdout().is_terminal();
            return Ok(if is_for_people { Self::Table } else { self.or_ndjson() });
        };
        let Some(ending) = file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()) else {
            return Ok(self.or_ndjson());
        };
        let of_ending = ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, format)| *format);
        let asked = Some(self).filter(|format| is_asked && *format != Self::Auto);
        let problem = match (of_ending, asked) {
            (Some(format), asked) if asked.is_none_or(|asked| asked == format) => return Ok(format),
            (Some(_), _) => format!("its ending .{ending} stands for another format than {self}"),
            // A device, or a FIFO.
            (None, _) if file.exists() && !file.is_file() => return Ok(self.or_ndjson()),
            (None, Some(asked)) if !OTHERS.contains(&ending.as_str()) => return Ok(asked),
            (None, _) => format!("the ending .{ending} is not known"),
        };
        let known = ENDINGS.map(|(ending, _)| format!(".{ending}")).join(", ");
        Err(CliError::usage(format!("write {}: {problem}", file.display()))
            .with_hint(format!("name the file with one of the endings {known}")))
    }

    /// A record looks the same in JSON.
    fn or_ndjson(self) -> Self {
        if self == Self::Auto { Self::Ndjson } else { self }
    }
}

/// The endings of files, and what they stand for.
const ENDINGS: [(&str, Format); 4] =
    [("csv", Format::Csv), ("json", Format::Json), ("ndjson", Format::Ndjson), ("jsonl", Format::Ndjson)];

/// Endings of other formats.
const OTHERS: [&str; 10] = ["bz2", "gz", "html", "parquet", "tsv", "xls", "xlsx", "xml", "zip", "zst"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_the_setting_is_a_format() {
        let names: Vec<_> = Format::value_variants().iter().map(|format| format.name()).collect();
        assert_eq!(names, crate::config::OUTPUT_FORMATS);
    }
}
