//! What differs between the rows of two files, in constant memory: rows are dealt into buckets by their key, and a bucket of one
//! file only has rows that a bucket of the other has.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use serde::Serialize;

use crate::error::Error;
use crate::source::{Values, each_row};
use crate::spool::temporary_file;

/// A bucket is to hold about so many bytes.
const BUCKET: u64 = 8 << 20;
/// Each is an open file, for both sides.
const MOST_BUCKETS: u64 = 200;

/// How a row differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Change {
    /// `added`, `removed` or `changed`.
    pub change: &'static str,
    /// The value of the key.
    pub key: String,
    /// For a changed row, each column that differs with the first file's value and the second's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, [String; 2]>,
}

/// How many rows differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Changes {
    /// Rows that only the second file has.
    pub added: u64,
    /// Rows that only the first file has.
    pub removed: u64,
    /// Rows whose values differ.
    pub changed: u64,
    /// Rows that are the same.
    pub same: u64,
}

/// Calls `each` with what differs from `first` to `second`. Rows are compared by the column `key`, which must be in every row,
/// and only once.
pub fn diff(
    first: &Path,
    second: &Path,
    key: &str,
    mut each: impl FnMut(Change) -> Result<(), Error>,
) -> Result<Changes, Error> {
    let size = [first, second].iter().filter_map(|path| path.metadata().ok()).map(|file| file.len()).max();
    // Compressed files are larger inside.
    let count = (8 * size.unwrap_or_default()).div_ceil(BUCKET).clamp(1, MOST_BUCKETS);
    let count = usize::try_from(count).unwrap_or(1);
    let (before, after) = (deal(first, key, count)?, deal(second, key, count)?);
    let mut changes = Changes::default();
    for (before, after) in before.into_iter().zip(after) {
        let mut old = load(before, first, key)?;
        for (value, new) in load(after, second, key)? {
            let change = match old.remove(&value) {
                None => {
                    changes.added += 1;
                    Change { change: "added", key: value, columns: BTreeMap::new() }
                }
                Some(old) if old == new => {
                    changes.same += 1;
                    continue;
                }
                Some(old) => {
                    changes.changed += 1;
                    Change { change: "changed", key: value, columns: differing(&old, &new) }
                }
            };
            each(change)?;
        }
        for (value, _) in old {
            changes.removed += 1;
            each(Change { change: "removed", key: value, columns: BTreeMap::new() })?;
        }
    }
    Ok(changes)
}

fn differing(old: &Values, new: &Values) -> BTreeMap<String, [String; 2]> {
    let value = |values: &Values, name: &str| values.get(name).cloned().unwrap_or_default();
    let names = old.keys().chain(new.keys());
    let pairs = names.map(|name| (name.clone(), [value(old, name), value(new, name)]));
    pairs.filter(|(_, [old, new])| old != new).collect()
}

/// The rows of a file, dealt into unnamed temporary files.
fn deal(path: &Path, key: &str, count: usize) -> Result<Vec<File>, Error> {
    let bucket = || Ok(BufWriter::with_capacity(1 << 14, temporary_file()?));
    let mut buckets: Vec<_> = (0..count).map(|_| bucket()).collect::<std::io::Result<_>>().map_err(Error::Spool)?;
    each_row(path, |number, values| {
        let Some(value) = values.get(key).filter(|value| !value.is_empty()) else {
            return Err(Error::Input(format!("{}: row {number} has no {key}", path.display())));
        };
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let place = hasher.finish() % count as u64;
        let text = serde_json::to_vec(&values).map_err(|error| Error::Spool(error.into()))?;
        let bucket = &mut buckets[usize::try_from(place).unwrap_or_default()];
        let written = bucket.write_all(&(text.len() as u64).to_le_bytes()).and_then(|()| bucket.write_all(&text));
        written.map_err(Error::Spool)
    })?;
    let rewound = buckets.into_iter().map(|bucket| {
        let mut file = bucket.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    });
    rewound.collect::<std::io::Result<_>>().map_err(Error::Spool)
}

fn load(bucket: File, path: &Path, key: &str) -> Result<BTreeMap<String, Values>, Error> {
    let mut reader = BufReader::new(bucket);
    let mut rows = BTreeMap::new();
    let mut length = [0; 8];
    loop {
        match reader.read_exact(&mut length) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(rows),
            read => read.map_err(Error::Spool)?,
        }
        let mut text = vec![0; usize::try_from(u64::from_le_bytes(length)).unwrap_or_default()];
        reader.read_exact(&mut text).map_err(Error::Spool)?;
        let mut values: Values = serde_json::from_slice(&text).map_err(|error| Error::Spool(error.into()))?;
        let value = values.remove(key).unwrap_or_default();
        if rows.insert(value.clone(), values).is_some() {
            return Err(Error::Input(format!("{}: several rows have the {key} {value}", path.display())));
        }
    }
}
