//! Where output goes: standard output, or a file that appears only when it is complete.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use optimize_bulk::{FileSink, Sink, resolved};

use super::pager::Pager;
use super::screen::ScreenFilter;

/// An open target.
pub(crate) enum Target {
    Stdout(BufWriter<io::Stdout>),
    /// Standard output, if it is a terminal and what is written is text of a server.
    Screen(ScreenFilter<BufWriter<io::Stdout>>),
    Pager(Pager),
    /// Written beside its final place and renamed at the end.
    Replaced(FileSink),
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
        let (path, is_special) = resolved(path)?;
        if !is_special {
            return FileSink::open(path, true).map(Self::Replaced);
        }
        match path.to_str() {
            // The descriptor itself, with its place in the file.
            Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => Ok(Self::Stdout(stdout())),
            _ => Ok(Self::Special(BufWriter::new(File::options().append(true).open(path)?))),
        }
    }

    /// Puts a file in its place.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::Screen(out) => out.finish(),
            Self::Pager(pager) => pager.finish(),
            Self::Special(mut out) => out.flush(),
            Self::Replaced(file) => Box::new(file).commit(),
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
            Self::Replaced(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Screen(out) => out.flush(),
            Self::Pager(pager) => pager.flush(),
            Self::Special(out) => out.flush(),
            Self::Replaced(file) => file.flush(),
        }
    }
}

fn stdout() -> BufWriter<io::Stdout> {
    BufWriter::with_capacity(1 << 16, io::stdout())
}
