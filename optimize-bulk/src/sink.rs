//! Where bytes go: a place that has all of them at the end, or none.

use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use optimize_auth::private_file::without_name;
use optimize_auth::{Clock, SystemClock};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// A place that has all bytes once they are committed, and before that what it had.
///
/// Dropping one is as aborting it.
pub trait Sink: Write + Send {
    /// Puts everything in its place.
    fn commit(self: Box<Self>) -> io::Result<()>;

    /// Leaves the place as it was.
    fn abort(self: Box<Self>) {}
}

impl<T: Sink + ?Sized> Sink for Box<T> {
    fn commit(self: Box<Self>) -> io::Result<()> {
        (*self).commit()
    }

    fn abort(self: Box<Self>) {
        (*self).abort();
    }
}

/// A place for nothing: bytes given to it are gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSink;

impl Sink for NoSink {
    fn commit(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}

impl Write for NoSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file that is written beside its place and renamed at the end.
#[derive(Debug)]
pub struct FileSink {
    temporary: BufWriter<NamedTempFile>,
    path: PathBuf,
    may_replace: bool,
}

const PREFIX: &str = ".optimize-";
const SUFFIX: &str = ".part";

/// A symbolic link may lead to another one, but not without end.
const MOST_LINKS: usize = 40;

impl FileSink {
    /// Opens a regular file, without changing what is there. `path` is as [`resolved`] gives it. Unless it `may_replace` a
    /// file, one that is there is an error, now and at the end.
    pub fn open(path: PathBuf, may_replace: bool) -> io::Result<Self> {
        if !may_replace && path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let temporary = temporary_beside(&path)?;
        Ok(Self { temporary, path, may_replace })
    }
}

fn temporary_beside(path: &Path) -> io::Result<BufWriter<NamedTempFile>> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    remove_leftovers(directory);
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    set_permissions(&mut builder, path);
    let temporary = builder.tempfile_in(directory).map_err(without_name)?;
    // It is held as long as the file is written, which shows others that it is not a leftover. Where there are no locks, its age
    // does.
    let _ = temporary.as_file().try_lock();
    Ok(BufWriter::with_capacity(1 << 16, temporary))
}

impl Sink for FileSink {
    fn commit(self: Box<Self>) -> io::Result<()> {
        let Self { temporary, path, may_replace } = *self;
        let temporary = temporary.into_inner().map_err(io::IntoInnerError::into_error).map_err(without_name)?;
        temporary.as_file().sync_all()?;
        let persisted = if may_replace { temporary.persist(path) } else { temporary.persist_noclobber(path) };
        persisted.map(drop).map_err(|error| without_name(error.error))
    }
}

impl Write for FileSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes).map_err(without_name)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush().map_err(without_name)
    }
}

/// How many bytes went to a place, and their SHA-256 in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sum {
    /// How many.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: String,
}

/// A place whose bytes are counted and summed on their way.
pub struct Digesting {
    inner: Box<dyn Sink>,
    bytes: u64,
    hasher: Sha256,
    sum: Arc<Mutex<Option<Sum>>>,
}

impl Digesting {
    /// Wraps a place. The second value holds the sum once everything is in its place.
    pub fn new(inner: Box<dyn Sink>) -> (Self, Arc<Mutex<Option<Sum>>>) {
        let sum = Arc::new(Mutex::new(None));
        (Self { inner, bytes: 0, hasher: Sha256::new(), sum: sum.clone() }, sum)
    }
}

impl Sink for Digesting {
    fn commit(self: Box<Self>) -> io::Result<()> {
        self.inner.commit()?;
        let sum = Sum { bytes: self.bytes, sha256: hexadecimal(&self.hasher.finalize()) };
        *self.sum.lock().unwrap_or_else(PoisonError::into_inner) = Some(sum);
        Ok(())
    }

    fn abort(self: Box<Self>) {
        self.inner.abort();
    }
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.bytes += written as u64;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// Whether the path is one of the names that the system gives to devices, descriptors and processes.
fn is_of_system(path: &Path) -> bool {
    ["/dev", "/proc"].iter().any(|directory| path.starts_with(directory))
}

/// The path with its symbolic links followed by hand, and whether something other than a regular file is to be written there.
///
/// `/dev` and `/proc` are not looked behind, since a link there stands for an open file, and a link may lead to a file that is
/// not there yet.
pub fn resolved(path: &Path) -> io::Result<(PathBuf, bool)> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..MOST_LINKS {
        if is_of_system(&path) {
            return Ok((path, true));
        }
        let Ok(target) = path.read_link() else {
            return match path.metadata() {
                Ok(existing) if existing.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
                Ok(existing) => Ok((path, !existing.is_file())),
                Err(_) => Ok((path, false)),
            };
        };
        let directory = path.parent().unwrap_or(Path::new("/"));
        let next = directory.join(target);
        // `..` means the directory above the real one.
        path = if next.components().any(|component| component == Component::ParentDir) {
            match (next.parent().map(Path::canonicalize), next.file_name()) {
                (Some(directory), Some(name)) => directory?.join(name),
                _ => next.canonicalize()?,
            }
        } else {
            next
        };
    }
    Err(io::Error::other("too many symbolic links"))
}

/// A run that was killed leaves its temporary file. Those that nobody writes any more are removed.
fn remove_leftovers(directory: &Path) {
    const YOUNG: Duration = Duration::from_secs(60);
    const OLD: Duration = Duration::from_secs(24 * 60 * 60);
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let age = entry.metadata().ok().and_then(|metadata| metadata.modified().ok());
        let age = age.and_then(|written| SystemClock.wall().duration_since(written).ok()).unwrap_or_default();
        let is_left = match File::open(entry.path()).map(|file| file.try_lock()) {
            _ if age < YOUNG => false,
            Ok(Ok(())) => true,
            Ok(Err(TryLockError::WouldBlock)) => false,
            _ => age > OLD,
        };
        if is_left {
            // Another run may have been faster, or the file belongs to another user.
            let _ = std::fs::remove_file(entry.path());
        }
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
