//! Whether a file is what its manifest says.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::manifest::Manifest;
use crate::sink::{Sum, hexadecimal};

/// What was found out about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// It is complete, and as it was written.
    Complete,
    /// It has no manifest: the export that wrote it did not end, or it is no file of an export.
    NoManifest,
    /// The manifest has no file.
    Missing,
    /// It is not what was written, in words.
    Differs(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::NoManifest => f.write_str("it has no manifest"),
            Self::Missing => f.write_str("the file is missing"),
            Self::Differs(how) => f.write_str(how),
        }
    }
}

impl Finding {
    /// Compares what a file holds with its manifest.
    pub fn of(manifest: &Manifest, name: &str, sum: &Sum) -> Self {
        if manifest.file != name {
            return Self::Differs(format!("the manifest is of {}", manifest.file));
        }
        if manifest.bytes != sum.bytes {
            return Self::Differs(format!("it has {} bytes, and was written with {}", sum.bytes, manifest.bytes));
        }
        if manifest.sha256 != sum.sha256 {
            return Self::Differs("its bytes are not those that were written".to_owned());
        }
        Self::Complete
    }
}

/// Whether a file is what its manifest says. Returns the manifest too, if there is one.
pub fn verify_file(path: &Path) -> Result<(Finding, Option<Manifest>), Error> {
    let Some(manifest) = Manifest::of(path)? else { return Ok((Finding::NoManifest, None)) };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Finding::Missing, Some(manifest))),
        Err(error) => return Err(Error::Input(format!("read {}: {error}", path.display()))),
    };
    let sum = sum(file).map_err(|error| Error::Input(format!("read {}: {error}", path.display())))?;
    Ok((Finding::of(&manifest, &name, &sum), Some(manifest)))
}

fn sum(mut file: impl Read) -> io::Result<Sum> {
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(Sum { bytes, sha256: hexadecimal(&hasher.finalize()) });
        }
        bytes += count as u64;
        hasher.update(&buffer[..count]);
    }
}
