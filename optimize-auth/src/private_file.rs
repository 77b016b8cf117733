//! Files and directories that only their owner can use, from the first byte on and whatever the umask is.
//!
//! Where there are no modes, as on Windows, the directory's own protection must do.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The end of the name of a file that is not complete yet.
const PART: &str = ".part";

/// Writes `bytes`, completely or not at all. A file that is there is replaced; its directory must be there.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = tempfile::Builder::new().prefix(&format!(".{name}-")).suffix(PART).tempfile_in(directory);
    let mut file: NamedTempFile = file.map_err(without_name)?;
    file.write_all(bytes).map_err(without_name)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| without_name(error.error))?;
    sync_directory(directory)
}

/// What writers of `path` that were killed have left beside it.
pub(crate) fn leftovers(path: &Path) -> impl Iterator<Item = PathBuf> {
    let prefix = format!(".{}-", path.file_name().unwrap_or_default().to_string_lossy());
    let entries = path.parent().and_then(|directory| std::fs::read_dir(directory).ok());
    let names = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    names.filter(move |path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&prefix) && name.ends_with(PART)
    })
}

/// The same error without the name of a temporary file, which means nothing to the reader.
pub fn without_name(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.rsplit_once(" at path ") {
        Some((text, _)) => io::Error::new(error.kind(), text.to_owned()),
        None => error,
    }
}

/// Creates a directory, and those above it that are missing.
pub fn create_directory(directory: &Path) -> io::Result<()> {
    builder().recursive(true).create(directory)
}

/// Creates a directory; fails if there is one.
pub fn create_new_directory(directory: &Path) -> io::Result<()> {
    builder().create(directory)
}

#[cfg_attr(not(unix), expect(unused_mut, reason = "there are no modes to set"))]
fn builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    std::fs::File::open(path)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
