//! A record of the rows that a server has accepted, so that a later run sends only the others.
//!
//! A journal belongs to what rows hold, not to a file: a moved, renamed or shortened file is the same rows. It is only appended
//! to. Its first line is text and names the server; then come blocks of accepted rows. Each block has a checksum over its bytes
//! and its place, so that one that was changed, moved, doubled or taken out is noticed.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use optimize_auth::{Clock, SystemClock};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::input::Cells;
use crate::known::Known;
use crate::sink::hexadecimal;

/// In bytes: a journal of 250 million rows.
const LONGEST: u64 = 4 << 30;

/// The most rows of a block.
const MOST_ROWS: usize = 10_000;

const VERSION: u32 = 2;

/// The size of the head of a block: how many rows, when, a checksum of the head, a checksum of the rows.
const HEAD: usize = 24;

/// A row and its element: ten bytes of the SHA-256 of what it holds, six of that of its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub(crate) [u8; 16]);

const MARK: usize = 16;

impl Mark {
    /// The mark of a row's content and the id of its element.
    pub fn new(content: RowDigest, id: &str) -> Self {
        let mut mark = [0; MARK];
        mark[..10].copy_from_slice(&content.0);
        mark[10..].copy_from_slice(&Sha256::digest(id.as_bytes())[..6]);
        Self(mark)
    }

    pub(crate) fn content(&self) -> RowDigest {
        let mut content = [0; 10];
        content.copy_from_slice(&self.0[..10]);
        RowDigest(content)
    }

    pub(crate) fn id(&self) -> IdDigest {
        let mut id = [0; 6];
        id.copy_from_slice(&self.0[10..]);
        id
    }
}

/// What a row holds, in ten bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowDigest(pub(crate) [u8; 10]);

pub(crate) type IdDigest = [u8; 6];

impl RowDigest {
    /// The digest of a row. `context` is what else decides what the row is: the names of its columns, the options.
    pub fn new<'a>(context: &[u8], parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(context);
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self::of(hasher)
    }

    fn of(hasher: Sha256) -> Self {
        let mut digest = [0; 10];
        digest.copy_from_slice(&hasher.finalize()[..10]);
        Self(digest)
    }

    /// That of one of several elements of a row.
    pub fn part(self, number: usize) -> Self {
        Self::new(&self.0, [(number as u64).to_le_bytes().as_slice()])
    }

    /// That of a row of cells, where this one is of what else decides what the row is.
    pub fn of_cells(self, cells: &Cells) -> Self {
        let (bytes, ends) = cells.parts();
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update(bytes);
        for end in ends {
            hasher.update((*end as u64).to_le_bytes());
        }
        Self::of(hasher)
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
struct First {
    journal: Purpose,
}

/// What a journal is for.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Purpose {
    version: u32,
    target: String,
}

/// An open journal, locked for this run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    /// When everything was on the disk, by a clock that nobody sets.
    synced: Duration,
}

/// What a journal holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct JournalSummary {
    /// Operation and server.
    pub target: String,
    /// How often a row was accepted.
    pub accepted: u64,
    /// How many different elements these are.
    pub elements: u64,
    /// How many blocks.
    pub blocks: u64,
    /// When the first block was written; RFC 3339. Empty without one.
    pub first: String,
    /// When the last one was.
    pub last: String,
    /// How many bytes are sound.
    pub sound_bytes: u64,
    /// How many bytes stand behind them: what a killed run, or a machine without power, has left.
    pub cut_bytes: u64,
}

/// What was read of a journal.
pub(crate) struct Content {
    pub(crate) target: Option<String>,
    pub(crate) marks: Vec<Mark>,
    blocks: u64,
    first: Option<u64>,
    last: Option<u64>,
    sound: u64,
}

impl Journal {
    /// Opens the journal of an ingestion into `target`, or begins it. Also returns what is known from before.
    ///
    /// A damaged end is cut off: its rows are sent again. Any other damage is an error with its place, and so are a journal
    /// of another target and one that another run uses.
    pub fn open(path: &Path, target: &str) -> Result<(Self, Known), Error> {
        let name = path.display();
        let failed = |error: io::Error| Error::Input(format!("use the journal {name}: {error}"));
        let wrong = |problem: &str| Error::Input(format!("the journal {name}: {problem}"));
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(wrong("it is not a regular file"));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(wrong("another run is using it: wait for that run, or use another journal"));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let content = read(&mut file, &name.to_string())?;
        if let Some(known) = content.target.as_deref().filter(|known| *known != target) {
            let known = optimize_auth::visible(known);
            return Err(wrong(&format!("it is for {known}, and this run sends to {target}: use another journal")));
        }
        file.set_len(content.sound).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut journal = Self { path: path.to_owned(), file, length: content.sound, synced: SystemClock.monotonic() };
        if content.target.is_none() {
            let first = First { journal: Purpose { version: VERSION, target: target.to_owned() } };
            let json = serde_json::to_string(&first).map_err(|error| failed(error.into()))?;
            journal.append(format!("{json} {}\n", hexadecimal(&checksum(&[json.as_bytes()])[..4])).as_bytes())?;
        }
        Ok((journal, Known::new(content.marks)))
    }

    /// Records that these rows were accepted, in the order in which they were. They are on the disk a second later at the latest, if
    /// more is recorded, and after [`sync`](Self::sync).
    pub fn note(&mut self, rows: &[Mark]) -> Result<(), Error> {
        for rows in rows.chunks(MOST_ROWS) {
            let payload: Vec<u8> = rows.iter().flat_map(|mark| mark.0).collect();
            let mut block = Vec::with_capacity(HEAD + payload.len());
            // At most 10,000.
            block.extend_from_slice(&u32::try_from(rows.len()).unwrap_or_default().to_le_bytes());
            block.extend_from_slice(&now().as_secs().to_le_bytes());
            let place = self.length.to_le_bytes();
            let head = checksum(&[&place, &block]);
            block.extend_from_slice(&head[..4]);
            let body = checksum(&[&head, &payload]);
            block.extend_from_slice(&body[..8]);
            block.extend_from_slice(&payload);
            self.append(&block)?;
        }
        if SystemClock.monotonic().saturating_sub(self.synced) >= Duration::from_secs(1) {
            self.sync()?;
        }
        Ok(())
    }

    /// Waits until everything that was recorded is on the disk.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.file.sync_data().map_err(|error| self.failed(&error))?;
        self.synced = SystemClock.monotonic();
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        // One write, so that a run that is killed leaves a beginning of it at most.
        self.file.write_all(bytes).map_err(|error| self.failed(&error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::Input(format!("write the journal {}: {error}", self.path.display()))
    }

    /// What a journal holds. It is not changed, and may be in use.
    pub fn summary(path: &Path) -> Result<JournalSummary, Error> {
        let name = path.display().to_string();
        let failed = |error: io::Error| Error::Input(format!("read the journal {name}: {error}"));
        let mut file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let content = read(&mut file, &name)?;
        let target = content.target.ok_or_else(|| Error::Input(format!("the journal {name}: it is empty")))?;
        let date = |seconds: Option<u64>| {
            let moment = seconds.and_then(|seconds| jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok());
            moment.map(|moment| moment.to_string()).unwrap_or_default()
        };
        let mut ids: Vec<_> = content.marks.iter().map(Mark::id).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(JournalSummary {
            target: optimize_auth::visible(&target).into_owned(),
            accepted: content.marks.len() as u64,
            elements: ids.len() as u64,
            blocks: content.blocks,
            first: date(content.first),
            last: date(content.last),
            sound_bytes: content.sound,
            cut_bytes: length.saturating_sub(content.sound),
        })
    }
}

fn now() -> Duration {
    SystemClock.wall().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn checksum(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn read(file: &mut File, name: &str) -> Result<Content, Error> {
    let failed = |error: io::Error| Error::Input(format!("read the journal {name}: {error}"));
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Error::Input(format!("the journal {name}: it is longer than {} GiB", LONGEST >> 30)));
    }
    parse(&bytes).map_err(|(place, problem)| {
        Error::Input(format!(
            "the journal {name}, byte {place}: {problem}: use another journal, or remove this one to send every row again"
        ))
    })
}

/// The rows of a journal, and how many of its bytes are sound. A damaged block at the end is left out; any other damage is an
/// error with its place.
pub(crate) fn parse(bytes: &[u8]) -> Result<Content, (u64, String)> {
    let none = Content { target: None, marks: Vec::new(), blocks: 0, first: None, last: None, sound: 0 };
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        // Not even the first line of a new journal was written whole.
        let beginning = b"{\"journal\":";
        let common = bytes.len().min(beginning.len());
        let is_ours = bytes[..common] == beginning[..common] || bytes.iter().all(|byte| *byte == 0);
        return if is_ours { Ok(none) } else { Err((0, "it is not a journal".to_owned())) };
    };
    let purpose = first(&bytes[..end]).ok_or((0, "it is not a journal".to_owned()))?;
    if purpose.version != VERSION {
        return Err((0, format!("its version is {}, not {VERSION}", purpose.version)));
    }
    let mut content = Content { target: Some(purpose.target), sound: end as u64 + 1, ..none };
    let mut rest = &bytes[end + 1..];
    while !rest.is_empty() {
        let place = content.sound.to_le_bytes();
        // What follows what was not written whole is nothing, or the zeros of a file that grew before its bytes came.
        let is_end = |from: usize| rest.get(from..).is_none_or(|rest| rest.iter().all(|byte| *byte == 0));
        let Some((head, behind)) = rest.split_at_checked(HEAD) else { break };
        let (count, seconds) = (number(&head[..4]), number(&head[4..12]));
        let sum = checksum(&[&place, &head[..12]]);
        if sum[..4] != head[12..16] || count == 0 || count > MOST_ROWS as u64 {
            if is_end(HEAD) {
                break;
            }
            return Err((content.sound, "it is damaged".to_owned()));
        }
        let length = usize::try_from(count).unwrap_or_default() * MARK;
        let Some((payload, next)) = behind.split_at_checked(length) else { break };
        if checksum(&[&sum, payload])[..8] != head[16..24] {
            if is_end(HEAD + length) {
                break;
            }
            return Err((content.sound, "it is damaged".to_owned()));
        }
        let marks = payload.as_chunks::<MARK>().0;
        content.marks.extend(marks.iter().map(|mark| Mark(*mark)));
        content.blocks += 1;
        content.first.get_or_insert(seconds);
        content.last = Some(seconds);
        content.sound += (HEAD + length) as u64;
        rest = next;
    }
    Ok(content)
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// What the first line says.
fn first(line: &[u8]) -> Option<Purpose> {
    let (json, sum) = std::str::from_utf8(line).ok()?.rsplit_once(' ')?;
    let is_sound = sum == hexadecimal(&checksum(&[json.as_bytes()])[..4]);
    if is_sound { serde_json::from_str::<First>(json).ok().map(|first| first.journal) } else { None }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
