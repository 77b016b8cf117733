//! Where output goes: standard output, or a file that appears only when it is complete.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::pager::Pager;

/// An open target.
pub(crate) enum Target {
    Stdout(BufWriter<io::Stdout>),
    Pager(Pager),
    /// Written beside its final place and renamed at the end.
    Replaced {
        temporary: BufWriter<NamedTempFile>,
        path: PathBuf,
    },
    /// Something that exists and is no regular file, such as a FIFO or `/dev/null`.
    Special(BufWriter<File>),
}

/// What messages call the file, or standard output.
pub(crate) fn name(file: Option<&Path>) -> String {
    file.map_or_else(|| "standard output".to_owned(), |file| file.display().to_string())
}

impl Target {
    /// The file, or standard output.
    pub(crate) fn open(file: Option<&Path>) -> io::Result<Self> {
        match file {
            Some(file) => Self::file(file),
            None => Ok(Self::Stdout(BufWriter::with_capacity(1 << 16, io::stdout()))),
        }
    }

    /// Opens `path` without changing what is there. A symbolic link stays one; the file it points at is replaced.
    fn file(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize().or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(path.to_owned()),
            _ => Err(error),
        })?;
        match path.metadata() {
            Ok(existing) if existing.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(existing) if !existing.is_file() => {
                return Ok(Self::Special(BufWriter::new(File::options().write(true).open(&path)?)));
            }
            _ => {}
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".optimize-").suffix(".part");
        set_permissions(&mut builder, &path);
        Ok(Self::Replaced {
            temporary: BufWriter::with_capacity(1 << 16, builder.tempfile_in(folder).map_err(plain)?),
            path,
        })
    }

    /// Starts the file anew. Only a file of our own can be.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        let Self::Replaced { temporary, path } = self else {
            return Err(io::Error::other("what was written cannot be taken back"));
        };
        match Self::file(path)? {
            Self::Replaced { temporary: fresh, .. } => *temporary = fresh,
            _ => return Err(io::Error::other("it is no longer a regular file")),
        }
        Ok(())
    }

    /// Puts a file in its place.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::Pager(pager) => pager.finish(),
            Self::Special(mut out) => out.flush(),
            Self::Replaced { temporary, path } => {
                let temporary = temporary.into_inner().map_err(io::IntoInnerError::into_error)?;
                temporary.as_file().sync_all()?;
                temporary.persist(path)?;
                Ok(())
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Pager(pager) => pager.write(bytes),
            Self::Special(out) => out.write(bytes),
            Self::Replaced { temporary, .. } => temporary.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Pager(pager) => pager.flush(),
            Self::Special(out) => out.flush(),
            Self::Replaced { temporary, .. } => temporary.flush(),
        }
    }
}

/// The same error without the name of a temporary file, which nobody has asked for.
fn plain(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.rsplit_once(" at path ") {
        Some((text, _)) => io::Error::new(error.kind(), text.to_owned()),
        None => error,
    }
}

/// As any program would create the file: those of the file it replaces, else all that the user's mask allows.
#[cfg(unix)]
fn set_permissions(builder: &mut tempfile::Builder<'_, '_>, path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let existing = path.metadata().map(|existing| existing.permissions().mode() & 0o777);
    builder.permissions(std::fs::Permissions::from_mode(existing.unwrap_or(0o666)));
}

#[cfg(not(unix))]
fn set_permissions(_: &mut tempfile::Builder<'_, '_>, _: &Path) {}
