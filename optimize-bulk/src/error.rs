use std::{fmt, io};

/// Why data could not be written or read.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The target refused bytes.
    Write(io::Error),
    /// A temporary file failed.
    Spool(io::Error),
    /// A row cannot be written: its number, counted from 1, and what is wrong with it.
    Row(u64, String),
    /// A file or a setting cannot be used, in a sentence.
    Input(String),
    /// A file has a column that is none of those that are known.
    Column {
        /// Its name.
        name: String,
        /// Those that are known.
        known: Vec<String>,
    },
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(error) => error.fmt(f),
            Self::Spool(error) => write!(f, "a temporary file in {}: {error}", std::env::temp_dir().display()),
            Self::Row(number, problem) => write!(f, "row {number}: {problem}"),
            Self::Input(problem) => f.write_str(problem),
            Self::Column { name, .. } => {
                write!(f, "unknown column {name:?} (--map FIELD={name} says what it is, --ignore-extra leaves it out)")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Write(error) | Self::Spool(error) => Some(error),
            _ => None,
        }
    }
}
