//! Who else can change a file: one rule for everything that is run or believed.
//!
//! A program, a configuration file that names programs, and a record of what is trusted are used only if nobody but the user
//! and root can change them: neither the file, nor a directory on the way to it, nor a symbolic link on that way.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file is not used.
#[derive(Clone, Debug)]
pub struct Unsafe {
    /// The file or the directory that is at fault.
    path: PathBuf,
    reason: Reason,
}

#[derive(Clone, Debug)]
enum Reason {
    Writable,
    Foreign,
    NoFile,
    NotExecutable,
    Unreadable(String),
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.reason {
            Reason::Writable => write!(f, "other users can write to {path}"),
            Reason::Foreign => write!(f, "{path} belongs to another user"),
            Reason::NoFile => write!(f, "{path} is not a file"),
            Reason::NotExecutable => write!(f, "{path} is not executable"),
            Reason::Unreadable(error) => write!(f, "{path}: {error}"),
        }
    }
}

impl Unsafe {
    fn new(path: &Path, reason: Reason) -> Self {
        Self { path: path.to_owned(), reason }
    }

    /// How to change that, if the file is as it should be.
    pub fn hint(&self) -> Option<String> {
        let path = self.path.to_string_lossy();
        let path = crate::shell::quoted(&path);
        match self.reason {
            Reason::Writable => Some(format!("if it is as it should be: chmod go-w {path}")),
            Reason::Foreign => Some("use a file that belongs to you or to root".to_owned()),
            Reason::NotExecutable => Some(format!("make it executable: chmod u+x {path}")),
            Reason::NoFile | Reason::Unreadable(_) => None,
        }
    }

    pub fn is_not_executable(&self) -> bool {
        matches!(self.reason, Reason::NotExecutable)
    }
}

/// Fails unless `path` is a program that only the user or root can change.
pub fn check_program(path: &Path) -> Result<(), Unsafe> {
    platform::check(path, true)
}

/// Fails unless `path` is a regular file that only the user or root can change.
pub fn check_file(path: &Path) -> Result<(), Unsafe> {
    platform::check(path, false)
}

/// Fails unless a command is safe to run: its program, and the script that is its first argument with an absolute path.
pub fn check_command(command: &[String]) -> Result<(), Unsafe> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    check_program(Path::new(program))?;
    match arguments.iter().map(Path::new).find(|argument| argument.is_absolute() && argument.is_file()) {
        Some(script) => check_file(script),
        None => Ok(()),
    }
}

/// The bytes of a file of our own, such as a record of what is trusted; `None` if there is no such file. A file that
/// others can change is an error of kind `PermissionDenied`.
pub fn read_own(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(bytes) => match check_file(path) {
            Ok(()) => Ok(Some(bytes)),
            Err(problem) => Err(io::Error::new(io::ErrorKind::PermissionDenied, problem.to_string())),
        },
    }
}

#[cfg(unix)]
mod platform {
    use std::ffi::OsString;
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Component, Path, PathBuf};

    use super::{Reason, Unsafe};

    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    const EXECUTABLE: u32 = 0o111;
    /// As many as Linux follows.
    const MOST_LINKS: u32 = 40;

    /// Follows `path` from the root, link by link, and looks at every directory on the way.
    pub(crate) fn check(path: &Path, is_program: bool) -> Result<(), Unsafe> {
        let failed = |path: &Path, error: std::io::Error| Unsafe::new(path, Reason::Unreadable(error.to_string()));
        let absolute = std::path::absolute(path).map_err(|error| failed(path, error))?;
        let mut left = components(&absolute);
        let mut here = PathBuf::from("/");
        let mut directory = here.symlink_metadata().map_err(|error| failed(&here, error))?;
        let mut links = 0;
        while let Some(name) = left.pop() {
            if name == ".." {
                here.pop();
                directory = here.symlink_metadata().map_err(|error| failed(&here, error))?;
                continue;
            }
            let next = here.join(&name);
            let entry = next.symlink_metadata().map_err(|error| failed(&next, error))?;
            check_directory(&here, &directory, &entry)?;
            if entry.is_symlink() {
                links += 1;
                if links > MOST_LINKS {
                    return Err(Unsafe::new(path, Reason::Unreadable("too many symbolic links".to_owned())));
                }
                let target = next.read_link().map_err(|error| failed(&next, error))?;
                if target.is_absolute() {
                    here = PathBuf::from("/");
                    directory = here.symlink_metadata().map_err(|error| failed(&here, error))?;
                }
                left.extend(components(&target));
                continue;
            }
            here = next;
            directory = entry;
        }
        check_entry(&here, &directory, is_program)
    }

    /// The last one first.
    fn components(path: &Path) -> Vec<OsString> {
        let names = path.components().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            _ => None,
        });
        let mut names: Vec<_> = names.collect();
        names.reverse();
        names
    }

    fn own() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn is_trusted_owner(metadata: &Metadata) -> bool {
        metadata.uid() == 0 || metadata.uid() == own()
    }

    /// In a directory with the sticky bit others can add entries, but they cannot replace those of the user.
    fn check_directory(path: &Path, directory: &Metadata, entry: &Metadata) -> Result<(), Unsafe> {
        if !is_trusted_owner(directory) {
            return Err(Unsafe::new(path, Reason::Foreign));
        }
        let protects = directory.mode() & STICKY != 0 && entry.uid() == own();
        if directory.mode() & WRITABLE_BY_OTHERS != 0 && !protects {
            return Err(Unsafe::new(path, Reason::Writable));
        }
        Ok(())
    }

    fn check_entry(path: &Path, file: &Metadata, is_program: bool) -> Result<(), Unsafe> {
        let reason = if !file.is_file() {
            Reason::NoFile
        } else if is_program && file.mode() & EXECUTABLE == 0 {
            Reason::NotExecutable
        } else if !is_trusted_owner(file) {
            Reason::Foreign
        } else if file.mode() & WRITABLE_BY_OTHERS != 0 {
            Reason::Writable
        } else {
            return Ok(());
        };
        Err(Unsafe::new(path, reason))
    }
}

/// Elsewhere there are no mode bits to look at; the protection of the directory must do.
#[cfg(not(unix))]
mod platform {
    use std::path::Path;

    use super::{Reason, Unsafe};

    pub(crate) fn check(path: &Path, _: bool) -> Result<(), Unsafe> {
        if path.is_file() { Ok(()) } else { Err(Unsafe::new(path, Reason::NoFile)) }
    }
}

#[cfg(unix)]
#[cfg(test)]
#[path = "ownership_tests.rs"]
mod tests;
