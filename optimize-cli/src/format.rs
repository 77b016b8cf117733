//! The output formats.

use std::fmt;
use std::io::{self, IsTerminal};
use std::path::Path;

use clap::ValueEnum;

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
        self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

impl Format {
    /// All names, for errors.
    pub(crate) fn names() -> String {
        Self::value_variants().iter().map(Self::to_string).collect::<Vec<_>>().join(", ")
    }

    /// The format to use: `auto` depends on where the output goes.
    pub(crate) fn settle(self, file: Option<&Path>) -> Self {
        if self != Self::Auto {
            return self;
        }
        match file.map(|file| file.extension().and_then(|ending| ending.to_str()).unwrap_or_default()) {
            Some(ending) if ending.eq_ignore_ascii_case("csv") => Self::Csv,
            Some(ending) if ending.eq_ignore_ascii_case("json") => Self::Json,
            None if io::stdout().is_terminal() => Self::Table,
            // A record looks the same in json.
            _ => Self::Ndjson,
        }
    }
}
