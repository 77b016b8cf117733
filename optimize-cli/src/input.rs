//! Files that commands read; `-` is standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use optimize_auth::http::{is_utf16, without_mark};
use serde::de::DeserializeOwned;

use crate::error::CliError;

/// The longest file that is read as a whole. What is larger is another file than the user thinks, such as a device.
const LONGEST: u64 = 256 << 20;

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

/// The same of a file that a setting names, where `-` is a file like others.
pub(crate) fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    whole(File::open(path)?)
}

fn whole(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other(format!("it is longer than {} MiB", LONGEST >> 20)));
    }
    check_encoding(&bytes)?;
    if bytes.len() > without_mark(&bytes).len() {
        bytes = without_mark(&bytes).to_vec();
    }
    Ok(bytes)
}

/// Fails for a text in UTF-16.
pub(crate) fn check_encoding(beginning: &[u8]) -> io::Result<()> {
    if is_utf16(beginning) {
        return Err(io::Error::other("it is UTF-16; save it as UTF-8"));
    }
    Ok(())
}

/// A JSON value; `what` names it in errors.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T, CliError> {
    serde_json::from_slice(&read(path)?)
        .map_err(|error| CliError::config(format!("read {what} in {}: {error}", name(path))))
}
