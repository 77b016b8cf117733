//! Files that are read as a whole.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use optimize_auth::http::{is_utf16, without_mark};

/// The longest file that is read as a whole. What is larger is another file than the user thinks, such as a device.
const LONGEST: u64 = 256 << 20;

/// The whole of a file that a setting names, where `-` is a file like others.
pub fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    whole(File::open(path)?)
}

/// The whole of what fits into memory, without a byte order mark.
pub fn whole(reader: impl Read) -> io::Result<Vec<u8>> {
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
pub fn check_encoding(beginning: &[u8]) -> io::Result<()> {
    if is_utf16(beginning) {
        return Err(io::Error::other("it is UTF-16; save it as UTF-8"));
    }
    Ok(())
}
