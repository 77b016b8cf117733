//! Where output goes: standard output, or a file that appears only when it is complete.

use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use optimize_auth::{Clock, SystemClock};
use tempfile::NamedTempFile;

use super::pager::Pager;
use super::screen::ScreenFilter;
use optimize_auth::private_file::without_name;

/// An open target.
pub(crate) enum Target {
    Stdout(BufWriter<io::Stdout>),
    /// Standard output, if it is a terminal and what is written is text of a server.
    Screen(ScreenFilter<BufWriter<io::Stdout>>),
    Pager(Pager),
    /// Written beside its final place and renamed at the end.
    Replaced {
        temporary: BufWriter<NamedTempFile>,
        path: PathBuf,
    },
    /// Something that exists and is not a regular file, such as a FIFO or `/dev/null`.
    Special(BufWriter<File>),
}

/// What messages call the file, or standard output.
pub(crate) fn name(file: Option<&Path>) -> String {
    file.map_or_else(|| "standard output".to_owned(), |file| file.display().to_string())
}

/// The file, unless it is `-`, which is standard output.
pub(crate) fn named(file: Option<PathBuf>) -> Option<PathBuf> {
    file.filter(|file| file.as_os_str() != "-")
}

const PREFIX: &str = ".optimize-";
const SUFFIX: &str = ".part";

/// A symbolic link may lead to another one, but not without end.
const MOST_LINKS: usize = 40;

impl Target {
    /// The file, or standard output. On a terminal everything that a terminal could obey is made visible, unless the text
    /// `is_safe` already.
    pub(crate) fn open(file: Option<&Path>, is_safe: bool) -> io::Result<Self> {
        match file {
            Some(file) => Self::file(file),
            None if !is_safe && io::stdout().is_terminal() => Ok(Self::Screen(ScreenFilter::new(stdout()))),
            None => Ok(Self::Stdout(stdout())),
        }
    }

    /// Opens `path` without changing what is there. A symbolic link stays one, also one that leads nowhere yet; the file it
    /// leads to is replaced.
    fn file(path: &Path) -> io::Result<Self> {
        let path = resolved(path)?;
        if is_of_system(&path) {
            return Self::special(&path);
        }
        match path.metadata() {
            Ok(existing) if existing.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(existing) if !existing.is_file() => return Self::special(&path),
            _ => {}
        }
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
        remove_leftovers(directory);
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        set_permissions(&mut builder, &path);
        let temporary = builder.tempfile_in(directory).map_err(without_name)?;
        // It is held as long as the file is written, which shows others that it is not a leftover. Where there are no locks,
        // its age does.
        let _ = temporary.as_file().try_lock();
        Ok(Self::Replaced { temporary: BufWriter::with_capacity(1 << 16, temporary), path })
    }

    /// Opens what the system gives a name to. At the end of a regular file behind it, as `>>` in a shell.
    fn special(path: &Path) -> io::Result<Self> {
        match path.to_str() {
            // The descriptor itself, with its place in the file.
            Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => Ok(Self::Stdout(stdout())),
            _ => Ok(Self::Special(BufWriter::new(File::options().append(true).open(path)?))),
        }
    }

    /// Starts the file again from its beginning. Only a file of our own can be.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        let Self::Replaced { temporary, path } = self else {
            return Err(written());
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
            Self::Screen(out) => out.finish(),
            Self::Pager(pager) => pager.finish(),
            Self::Special(mut out) => out.flush(),
            Self::Replaced { temporary, path } => {
                let temporary = temporary.into_inner().map_err(io::IntoInnerError::into_error).map_err(without_name)?;
                temporary.as_file().sync_all()?;
                temporary.persist(path).map_err(|error| without_name(error.error))?;
                Ok(())
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Screen(out) => out.write(bytes),
            Self::Pager(pager) => pager.write(bytes),
            Self::Special(out) => out.write(bytes),
            Self::Replaced { temporary, .. } => temporary.write(bytes).map_err(without_name),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Screen(out) => out.flush(),
            Self::Pager(pager) => pager.flush(),
            Self::Special(out) => out.flush(),
            Self::Replaced { temporary, .. } => temporary.flush().map_err(without_name),
        }
    }
}

/// Only a file of our own can be started again.
pub(super) fn written() -> io::Error {
    io::Error::other("rows that were written cannot be taken back")
}

fn stdout() -> BufWriter<io::Stdout> {
    BufWriter::with_capacity(1 << 16, io::stdout())
}

/// Whether the path is one of the names that the system gives to devices, descriptors and processes.
fn is_of_system(path: &Path) -> bool {
    ["/dev", "/proc"].iter().any(|directory| path.starts_with(directory))
}

/// The path with its symbolic links followed by hand: `/dev` and `/proc` are not looked behind, since a link there stands
/// for an open file, and a link may lead to a file that is not there yet.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..MOST_LINKS {
        if is_of_system(&path) {
            return Ok(path);
        }
        let Ok(target) = path.read_link() else { return Ok(path) };
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
