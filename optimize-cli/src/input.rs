//! Files that commands read; `-` is standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use optimize_config::input::whole;
use serde::de::DeserializeOwned;

use crate::error::CliError;

/// What people call the file.
pub(crate) fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

pub(crate) fn open(path: &Path) -> Result<Box<dyn Read + Send>, CliError> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin()));
    }
    let failed = |error| CliError::io(format!("read {}", path.display()), error);
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    Ok(Box::new(file))
}

/// The whole of a file that fits into memory.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    whole(open(path)?).map_err(|error| CliError::io(format!("read {}", name(path)), error))
}

/// A JSON value; `what` names it in errors.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T, CliError> {
    serde_json::from_slice(&read(path)?)
        .map_err(|error| CliError::config(format!("read {what} in {}: {error}", name(path))))
}
