//! A record of accepted rows, so that a second run skips them.
//!
//! A journal is text. The first line names its server and operation. Each further line is a range of accepted
//! rows and the SHA-256 of their content, so that only the very same rows are skipped, wherever they come from. Every line
//! ends with a checksum of itself.

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use optimize_config::sha256::{Digest, Sha256};
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::sha256;

/// In bytes. A journal of a billion rows, a thousand in each request, has half as many.
const LONGEST: u64 = 256 << 20;

/// The most rows in a range: so many are held in memory when they are read again.
const LONGEST_RANGE: usize = 10_000;

/// The version of the form of a journal.
const VERSION: u32 = 1;

/// How many characters of a line's SHA-256 its checksum is.
const CHECKSUM: usize = 8;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// What the journal is for.
    Journal { version: u32, target: String },
    /// Rows that were accepted.
    Accepted(Range),
}

/// Rows that were accepted, counted from 0 through all inputs, and the digest of what they held.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    first: u64,
    last: u64,
    sha256: String,
}

/// The digest of one row.
pub(super) type RowDigest = [u8; 16];

/// The digest of a row's text.
pub(super) fn digest(row: &str) -> RowDigest {
    let mut digest = RowDigest::default();
    let length = digest.len();
    digest.copy_from_slice(&Sha256::digest(row.as_bytes())[..length]);
    digest
}

fn digest_of_range<'a>(rows: impl IntoIterator<Item = &'a RowDigest>) -> String {
    let mut context = Sha256::new();
    rows.into_iter().for_each(|row| context.update(row));
    sha256::hexadecimal(&context.finalize()[..16])
}

/// An open journal, locked for this run.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    before: Vec<Range>,
}

impl Journal {
    /// Opens the journal of an ingestion into `target`, or begins it.
    pub(super) fn open(path: &Path, target: &str) -> Result<Self, CliError> {
        let failed = |error| CliError::io(format!("use the journal {}", path.display()), error);
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(CliError::config(format!("the journal {}: it is not a regular file", path.display())).stating());
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let problem = format!("the journal {}: another run is using it", path.display());
                return Err(CliError::config(problem).stating().with_hint("wait for that run, or use another journal"));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut bytes = Vec::new();
        (&file).take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LONGEST {
            return Err(
                CliError::config(format!("the journal {}: it is longer than 256 MiB", path.display())).stating()
            );
        }
        let (before, sound) = read(&bytes, target).map_err(|(line, problem)| {
            let problem = format!("the journal {}, line {line}: {problem}", path.display());
            CliError::config(problem)
                .stating()
                .with_hint("use another journal, or remove this one to send every row again")
        })?;
        // A run that was killed, or a machine without power, may have left half a line.
        file.set_len(sound as u64).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut journal = Self { path: path.to_owned(), file, before };
        if sound == 0 {
            journal.write(&Line::Journal { version: VERSION, target: target.to_owned() })?;
        }
        Ok(journal)
    }

    /// What decides which rows are skipped.
    pub(super) fn skipper<T>(&self) -> Skipper<T> {
        Skipper { ranges: self.before.clone().into(), held: Vec::new() }
    }

    /// Records that these rows were accepted: their numbers and digests.
    pub(super) fn note(&mut self, mut rows: Vec<(u64, RowDigest)>) -> Result<(), CliError> {
        rows.sort_unstable();
        let runs = rows.chunk_by(|one, next| one.0 + 1 == next.0).flat_map(|run| run.chunks(LONGEST_RANGE));
        for run in runs {
            let (first, last) = (run[0].0, run[run.len() - 1].0);
            let sha256 = digest_of_range(run.iter().map(|(_, digest)| digest));
            self.write(&Line::Accepted(Range { first, last, sha256 }))?;
        }
        Ok(())
    }

    fn write(&mut self, line: &Line) -> Result<(), CliError> {
        let json = serde_json::to_string(line);
        let json = json.map_err(|error| CliError::config(format!("write the journal: {error}")))?;
        self.file
            .write_all(format!("{json} {}\n", checksum(&json)).as_bytes())
            .map_err(|error| CliError::io(format!("write the journal {}", self.path.display()), error))
    }
}

fn checksum(json: &str) -> String {
    sha256::of_bytes(json.as_bytes())[..CHECKSUM].to_owned()
}

/// The ranges of a journal, and how many of its bytes are sound. A last line that is damaged in any way is left out: its
/// rows are sent again. Any other damaged line is an error, with its number.
pub(super) fn read(bytes: &[u8], target: &str) -> Result<(Vec<Range>, usize), (usize, String)> {
    let mut ranges = Vec::new();
    let mut sound = 0;
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let (number, end) = (index + 1, sound + line.len());
        match (parse(line), index) {
            (Some(Line::Journal { version: VERSION, target: known }), 0) if known == target => {}
            (Some(Line::Journal { version: VERSION, target: known }), 0) => {
                let known = optimize_auth::visible(&known).into_owned();
                return Err((number, format!("it is for {known}, and this run sends to {target}")));
            }
            (Some(Line::Accepted(range)), 1..) if range.first <= range.last => ranges.push(range),
            (None, 1..) if end == bytes.len() => break,
            // Not even the first line of a new journal was written whole.
            (None, 0) if end == bytes.len() && is_cut_short(line) => break,
            (None, 0) => return Err((number, "it is not a journal".to_owned())),
            _ => return Err((number, "it is damaged".to_owned())),
        }
        sound = end;
    }
    Ok((settled(ranges), sound))
}

/// Whether this is the beginning of a first line, and no other file of the user's.
fn is_cut_short(line: &[u8]) -> bool {
    let beginning = b"{\"journal\":";
    let common = line.len().min(beginning.len());
    line[..common] == beginning[..common] || line.iter().all(|byte| *byte == 0)
}

fn parse(line: &[u8]) -> Option<Line> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (json, sum) = line.rsplit_once(' ')?;
    if sum == checksum(json) { serde_json::from_str(json).ok() } else { None }
}

/// The ranges by their first rows. Of two that overlap the later one holds: its rows were sent again because they differed.
fn settled(ranges: Vec<Range>) -> Vec<Range> {
    let mut settled: std::collections::BTreeMap<u64, Range> = std::collections::BTreeMap::new();
    for range in ranges {
        while let Some((first, known)) = settled.range(..=range.last).next_back() {
            if known.last < range.first {
                break;
            }
            let first = *first;
            settled.remove(&first);
        }
        settled.insert(range.first, range);
    }
    settled.into_values().collect()
}

#[cfg(fuzzing)]
pub(super) fn is_in_order(ranges: &[Range]) -> bool {
    ranges.iter().all(|range| range.first <= range.last) && ranges.windows(2).all(|pair| pair[0].last < pair[1].first)
}

/// Skips rows that were accepted before. It holds the rows of a range until all of them have come, and lets them go if one
/// of them differs.
pub(super) struct Skipper<T> {
    ranges: VecDeque<Range>,
    held: Vec<(RowDigest, T)>,
}

impl<T> Skipper<T> {
    /// Takes the next row; returns those that must be sent, and how many were skipped.
    pub(super) fn pass(&mut self, number: u64, digest: RowDigest, row: T) -> (Vec<T>, u64) {
        // A range that begins before this row and was not begun is of rows that are not there.
        while self.held.is_empty() && self.ranges.front().is_some_and(|range| range.first < number) {
            self.ranges.pop_front();
        }
        let Some(range) = self.ranges.front().filter(|range| !self.held.is_empty() || range.first == number) else {
            return (vec![row], 0);
        };
        self.held.push((digest, row));
        if number < range.last {
            return (Vec::new(), 0);
        }
        let is_same = digest_of_range(self.held.iter().map(|(digest, _)| digest)) == range.sha256;
        self.ranges.pop_front();
        let rows = self.finish();
        if is_same { (Vec::new(), rows.len() as u64) } else { (rows, 0) }
    }

    /// The rows of a range whose end has not come.
    pub(super) fn finish(&mut self) -> Vec<T> {
        std::mem::take(&mut self.held).into_iter().map(|(_, row)| row).collect()
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
