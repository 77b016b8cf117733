//! Tokens on disk, for processes that start often: one file a key, for its owner alone.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use secrecy::zeroize::Zeroizing;

use super::record::{self, LONGEST};
use crate::private_file;
use crate::store::pause::Pause;
use crate::store::{LockOutcome, StoreKey, StoreLock, TokenStore};
use crate::token::Token;

/// Keeps tokens in a directory.
///
/// Only access tokens are written, in files that nobody else can read from their first byte on, each under a name that
/// is a hash. A write is whole or not at all: a file beside the final one, synced, then renamed. Whatever cannot be read
/// is a miss: a damaged file, a symbolic or hard link, a file that others own or can write to, a directory that they can
/// write to. The first failure is logged as a warning, and the program continues without.
///
/// Away from Unix, where there are no modes and owners to check, the directory's own protection must do.
pub struct FileStore {
    directory: PathBuf,
    has_warned: AtomicBool,
}

impl FileStore {
    /// A store in `directory`, which is made when the first token is written.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), has_warned: AtomicBool::new(false) }
    }

    /// Removes every token and returns how many there were.
    pub fn clear(&self) -> io::Result<usize> {
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut removed = 0;
        for entry in entries {
            let path = entry?.path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            // Lock files stay: another process may hold one. They hold a number and no token.
            if matches!(ending, "json" | "pause" | "part") {
                fs::remove_file(&path)?;
                removed += usize::from(ending == "json");
            }
        }
        Ok(removed)
    }

    fn path(&self, key: &StoreKey, ending: &str) -> PathBuf {
        self.directory.join(format!("{}.{ending}", key.as_str()))
    }

    fn warn(&self, action: &str, problem: &dyn fmt::Display) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!("the token cache {} is not used: cannot {action}: {problem}", self.directory.display());
        }
    }

    /// What lies under a key, if nobody else can have put it there.
    fn load(&self, key: &StoreKey, ending: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let mut file = match open(OpenOptions::new().read(true), &self.path(key, ending)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        // Who can write to the directory can put the token of another server in the place of this one.
        platform::check_unwritable(&fs::symlink_metadata(&self.directory)?, "the directory")?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("what lies there is no regular file"));
        }
        platform::check_unwritable(&metadata, "a token file")?;
        if platform::check_owned(&metadata)? {
            platform::make_private(&file)?;
            tracing::warn!("others could read a token in {}; the file is private now", self.directory.display());
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
        (&mut file).take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn load_token(&self, key: &StoreKey) -> io::Result<Option<Token>> {
        let Some(bytes) = self.load(key, "json")? else { return Ok(None) };
        match record::read(&bytes) {
            Some(token) => Ok(Some(token)),
            None => Err(io::Error::other("a file holds no token of this version")),
        }
    }

    fn load_pause(&self, key: &StoreKey) -> io::Result<Option<Pause>> {
        let Some(bytes) = self.load(key, "pause")? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| io::Error::other("a file holds no pause of this version"))
    }

    fn save(&self, key: &StoreKey, ending: &str, bytes: &[u8]) -> io::Result<()> {
        self.prepare_directory()?;
        let path = self.path(key, ending);
        // The caller holds the key's lock, so that no other writer is at work.
        for leftover in private_file::leftovers(&path) {
            // Another process may have done it first, which is as good.
            let _ = fs::remove_file(leftover);
        }
        private_file::write(&path, bytes)
    }

    fn prepare_directory(&self) -> io::Result<()> {
        private_file::create_directory(&self.directory)?;
        let metadata = fs::symlink_metadata(&self.directory)?;
        if !metadata.is_dir() {
            return Err(io::Error::other("it is no directory"));
        }
        if platform::check_owned_directory(&metadata)? {
            if platform::check_unwritable(&metadata, "the directory").is_err() {
                // What others could put there does not become good by closing the door.
                self.clear()?;
            }
            platform::make_private(&File::open(&self.directory)?)?;
            tracing::warn!("others could enter the token cache {}; it is private now", self.directory.display());
        }
        Ok(())
    }

    fn remove_file(&self, key: &StoreKey, ending: &str) {
        match fs::remove_file(self.path(key, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.warn(&format!("remove a {ending} file"), &error);
            }
            _ => {}
        }
    }

    fn lock_file(&self, key: &StoreKey) -> io::Result<LockOutcome> {
        self.prepare_directory()?;
        let path = self.path(key, "lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = open(&mut options, &path)?;
        match file.try_lock() {
            // Another process has just taken the file away from a holder that did not run.
            Ok(()) if !platform::has_name(&file.metadata()?) => Ok(LockOutcome::Busy { beat: None }),
            Ok(()) => {
                // Each holder begins with a number of its own, so that nobody takes it for the one before.
                let beats = AtomicU64::new(fastrand::u64(..));
                let file = Arc::new(file);
                let beating = file.clone();
                let beat = move || {
                    let number = beats.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                    let mut file = &*beating;
                    // A beat that cannot be written is a beat missed.
                    let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&number));
                };
                beat();
                Ok(LockOutcome::Held(StoreLock::new(file).with_beat(beat)))
            }
            Err(TryLockError::WouldBlock) => Ok(LockOutcome::Busy { beat: beat(&mut file) }),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Removes the lock file if it still shows this beat. Its holder keeps the lock of a file without a name.
    fn remove_lock(&self, key: &StoreKey, seen: Option<u64>) -> io::Result<()> {
        let path = self.path(key, "lock");
        let mut file = open(OpenOptions::new().read(true), &path)?;
        let is_held = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        if is_held && beat(&mut file) == seen { fs::remove_file(&path) } else { Ok(()) }
    }
}

impl TokenStore for FileStore {
    fn read(&self, key: &StoreKey) -> Option<Token> {
        self.load_token(key).unwrap_or_else(|error| {
            self.warn("read a token", &error);
            None
        })
    }

    fn write(&self, key: &StoreKey, token: &Token) {
        let Some(bytes) = record::write(token) else { return };
        if let Err(error) = self.save(key, "json", &bytes) {
            self.warn("write a token", &error);
        }
    }

    fn remove(&self, key: &StoreKey) {
        self.remove_file(key, "json");
        self.remove_file(key, "pause");
    }

    fn read_pause(&self, key: &StoreKey) -> Option<Pause> {
        self.load_pause(key).unwrap_or_else(|error| {
            self.warn("read a pause", &error);
            None
        })
    }

    fn write_pause(&self, key: &StoreKey, pause: Option<&Pause>) {
        let Some(pause) = pause else { return self.remove_file(key, "pause") };
        let written = serde_json::to_vec(pause).map_err(io::Error::from);
        if let Err(error) = written.and_then(|bytes| self.save(key, "pause", &bytes)) {
            self.warn("write a pause", &error);
        }
    }

    fn try_lock(&self, key: &StoreKey) -> LockOutcome {
        self.lock_file(key).unwrap_or_else(|error| {
            self.warn("lock a token", &error);
            LockOutcome::Unavailable
        })
    }

    fn break_lock(&self, key: &StoreKey, beat: Option<u64>) {
        match self.remove_lock(key, beat) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => self.warn("take over a lock", &error),
            _ => {}
        }
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// The number that the holder of a lock has written last.
fn beat(file: &mut File) -> Option<u64> {
    let mut number = [0; 8];
    file.rewind().and_then(|()| file.read_exact(&mut number)).ok()?;
    Some(u64::from_be_bytes(number))
}

/// Opens without following a symbolic link, without waiting for the other end of a FIFO, and private if it is new.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    platform::guard(options);
    options.open(path)
}

#[cfg(unix)]
mod platform {
    use std::fs::{File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};

    use rustix::fs::OFlags;

    const OTHERS: u32 = 0o077;

    pub(super) fn guard(options: &mut OpenOptions) {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }

    /// Whether others have access. Fails for another user's file or a hard link.
    pub(super) fn check_owned(metadata: &Metadata) -> io::Result<bool> {
        if metadata.nlink() > 1 {
            return Err(io::Error::other("a file has a second name"));
        }
        check_owned_directory(metadata)
    }

    /// Fails if others can write to what this is.
    pub(super) fn check_unwritable(metadata: &Metadata, what: &str) -> io::Result<()> {
        const WRITABLE: u32 = 0o022;
        if metadata.mode() & WRITABLE == 0 {
            return Ok(());
        }
        Err(io::Error::other(format!("others can write to {what}")))
    }

    /// False of a file that was removed while it was open.
    pub(super) fn has_name(metadata: &Metadata) -> bool {
        metadata.nlink() > 0
    }

    pub(super) fn check_owned_directory(metadata: &Metadata) -> io::Result<bool> {
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::other("it belongs to another user"));
        }
        Ok(metadata.mode() & OTHERS != 0)
    }

    pub(super) fn make_private(file: &File) -> io::Result<()> {
        let mode = file.metadata()?.mode() & 0o700;
        file.set_permissions(Permissions::from_mode(mode))
    }
}

#[cfg(not(unix))]
mod platform {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;

    pub(super) fn guard(_: &mut OpenOptions) {}

    pub(super) fn check_owned(_: &Metadata) -> io::Result<bool> {
        Ok(false)
    }

    pub(super) fn check_owned_directory(_: &Metadata) -> io::Result<bool> {
        Ok(false)
    }

    pub(super) fn check_unwritable(_: &Metadata, _: &str) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn has_name(_: &Metadata) -> bool {
        true
    }

    pub(super) fn make_private(_: &File) -> io::Result<()> {
        Ok(())
    }
}
