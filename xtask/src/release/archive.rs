//! Archives that are the same whenever and wherever they are made, and what their sums are.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use tar::{Builder, Header};

use crate::util::{Outcome, files};

/// Packs what is in `directory` as if it lay in a directory `name`: in order, of nobody, at one time in seconds since 1970.
pub(crate) fn pack(directory: &Path, name: &str, time: u64, target: &Path) -> Outcome {
    // A header without the name of a file and its time.
    let mut tar = Builder::new(GzBuilder::new().write(File::create(target)?, Compression::best()));
    for path in files(directory)? {
        let inside = Path::new(name).join(path.strip_prefix(directory)?);
        append(&mut tar, &path, &inside, time)?;
    }
    tar.into_inner()?.finish()?.flush()?;
    Ok(())
}

fn append(tar: &mut Builder<GzEncoder<File>>, path: &Path, inside: &Path, time: u64) -> Outcome {
    let content = fs::read(path)?;
    let is_program = fs::metadata(path)?.permissions().mode() & 0o100 != 0;
    let mut header = Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(if is_program { 0o755 } else { 0o644 });
    header.set_mtime(time);
    tar.append_data(&mut header, inside, content.as_slice())?;
    Ok(())
}

pub(crate) fn sha256(path: &Path) -> Outcome<String> {
    let digest = Sha256::digest(fs::read(path)?);
    Ok(digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// The sums of all files of a directory, as `sha256sum --check` reads them.
pub(crate) fn sums(directory: &Path) -> Outcome<String> {
    let mut text = String::new();
    for path in files(directory)? {
        writeln!(text, "{}  {}", sha256(&path)?, path.strip_prefix(directory)?.display())?;
    }
    Ok(text)
}
