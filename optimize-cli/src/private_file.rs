//! Files and directories that only their owner can use, from the first byte on and whatever the umask is.

use std::io::{self, Write};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;

/// Writes `text`, completely or not at all. A file that is there is replaced.
pub(crate) fn write(path: &Path, text: &SecretString) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(directory).map_err(without_name)?;
    file.write_all(text.expose_secret().as_bytes()).map_err(without_name)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| without_name(error.error))?;
    Ok(())
}

/// The same error without the name of a temporary file, which means nothing to the reader.
pub(crate) fn without_name(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.rsplit_once(" at path ") {
        Some((text, _)) => io::Error::new(error.kind(), text.to_owned()),
        None => error,
    }
}

/// Creates a directory, and those above it that are missing.
pub(crate) fn create_directory(directory: &Path) -> io::Result<()> {
    builder().recursive(true).create(directory)
}

/// Creates a directory; fails if there is one.
pub(crate) fn create_new_directory(directory: &Path) -> io::Result<()> {
    builder().create(directory)
}

#[cfg_attr(not(unix), expect(unused_mut, reason = "there are no modes to set"))]
fn builder() -> std::fs::DirBuilder {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}
