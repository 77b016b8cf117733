//! Tokens on disk, for processes that start often: one file a key, for its owner alone.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use secrecy::zeroize::Zeroizing;

use crate::private_file;
use crate::store::pause::Pause;
use crate::store::waiting::{Locks, Tried, wait};
use crate::store::{StoreError, StoreKey, StoreLock, TokenStore};
use crate::token::Token;

/// A longer file is not a record. Real ones have a few thousand bytes.
const LONGEST: usize = 64 << 10;

/// Keeps tokens in a directory.
///
/// Only access tokens are written, in files that nobody else can read from their first byte on, each under a name that
/// is a hash. A write is whole or not at all: a file beside the final one, synced, then renamed. What is not safe to read
/// is an error: a damaged file, a symbolic or hard link, a file that others own or can write to, a directory that they can
/// write to. Files are read and written on a thread that may wait.
///
/// Away from Unix, where there are no modes and owners to check, the directory's own protection must do.
///
/// ```
/// use optimize_auth::{Cached, Credentials, FileStore, StaticBearer};
///
/// # let directory = tempfile::tempdir()?;
/// # let directory = directory.path();
/// let cached = Cached::new(StaticBearer::new("shared-secret".into())?).with_store(FileStore::new(directory));
/// let credentials: Credentials = cached.into();
/// # drop(credentials);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FileStore {
    directory: Arc<Path>,
}

impl FileStore {
    /// A store in `directory`, which is made when the first token is written.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into().into() }
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

    /// Does `work` where waiting is allowed. Errors name the directory.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&store)).await?;
        done.map_err(|error| format!("{}: {error}", self.directory.display()).into())
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
        Token::from_record(&bytes).map(Some).map_err(|_| io::Error::other("a file holds no token of this version"))
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

    fn remove_file(&self, key: &StoreKey, ending: &str) -> io::Result<()> {
        match fs::remove_file(self.path(key, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn save_token(&self, key: &StoreKey, token: &Token) -> io::Result<()> {
        let record = token.to_record();
        if record.len() > LONGEST {
            return Err(io::Error::other(format!("a token of more than {LONGEST} bytes is not kept")));
        }
        self.save(key, "json", &record)
    }

    fn save_pause(&self, key: &StoreKey, pause: Option<&Pause>) -> io::Result<()> {
        match pause {
            Some(pause) => self.save(key, "pause", &serde_json::to_vec(pause)?),
            None => self.remove_file(key, "pause"),
        }
    }

    fn try_lock(&self, key: &StoreKey) -> io::Result<Tried> {
        self.prepare_directory()?;
        let path = self.path(key, "lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = open(&mut options, &path)?;
        match file.try_lock() {
            // Another process has just taken the file away from a holder that did not run.
            Ok(()) if !platform::has_name(&file.metadata()?) => Ok(Tried::Busy(None)),
            Ok(()) => {
                // Each holder begins with a number of its own, so that nobody takes it for the one before.
                let lock = Held { file, beats: AtomicU64::new(fastrand::u64(..)) };
                lock.show();
                Ok(Tried::Held(Box::new(lock)))
            }
            Err(TryLockError::WouldBlock) => Ok(Tried::Busy(beat(&mut file))),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Removes the lock file if it still shows this beat. Its holder keeps the lock of a file without a name.
    fn break_lock(&self, key: &StoreKey, seen: Option<u64>) -> io::Result<()> {
        let path = self.path(key, "lock");
        let mut file = match open(OpenOptions::new().read(true), &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let is_held = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        if is_held && beat(&mut file) == seen { self.remove_file(key, "lock") } else { Ok(()) }
    }
}

#[async_trait]
impl TokenStore for FileStore {
    async fn read(&self, key: &StoreKey) -> Result<Option<Token>, StoreError> {
        let key = key.clone();
        self.blocking(move |store| store.load_token(&key)).await
    }

    async fn write(&self, key: &StoreKey, token: &Token) -> Result<(), StoreError> {
        let (key, token) = (key.clone(), token.clone());
        self.blocking(move |store| store.save_token(&key, &token)).await
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.blocking(move |store| store.remove_file(&key, "json").and(store.remove_file(&key, "pause"))).await
    }

    async fn read_pause(&self, key: &StoreKey) -> Result<Option<Pause>, StoreError> {
        let key = key.clone();
        self.blocking(move |store| store.load_pause(&key)).await
    }

    async fn write_pause(&self, key: &StoreKey, pause: Option<&Pause>) -> Result<(), StoreError> {
        let (key, pause) = (key.clone(), pause.cloned());
        self.blocking(move |store| store.save_pause(&key, pause.as_ref())).await
    }

    async fn lock(&self, key: &StoreKey) -> Result<Option<Box<dyn StoreLock>>, StoreError> {
        wait(OfKey { store: self, key }).await
    }
}

/// The lock file of one key.
struct OfKey<'a> {
    store: &'a FileStore,
    key: &'a StoreKey,
}

impl Locks for OfKey<'_> {
    async fn try_lock(&self) -> Result<Tried, StoreError> {
        let key = self.key.clone();
        self.store.blocking(move |store| store.try_lock(&key)).await
    }

    async fn break_lock(&self, beat: Option<u64>) -> Result<(), StoreError> {
        let key = self.key.clone();
        self.store.blocking(move |store| store.break_lock(&key, beat)).await
    }
}

/// The lock of a file, which ends with it, also by a crash.
struct Held {
    file: File,
    beats: AtomicU64,
}

impl Held {
    fn show(&self) {
        let number = self.beats.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut file = &self.file;
        // A beat that cannot be written is a beat missed.
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&number));
    }
}

#[async_trait]
impl StoreLock for Held {
    /// Eight bytes into a file that is open, which waits for no disk.
    async fn beat(&self) {
        self.show();
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
