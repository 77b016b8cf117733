//! A file that tells which rows were accepted, so that a second run leaves them out.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// One line of a journal. The first one says what it is about.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// The files whose rows are counted through, and their sizes.
    Inputs(Vec<(PathBuf, Option<u64>)>),
    /// From this row to that one, both among them.
    Accepted(Vec<(u64, u64)>),
}

/// An open journal.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    before: Accepted,
}

/// Rows that were accepted before.
#[derive(Clone, Default)]
pub(super) struct Accepted(Vec<(u64, u64)>);

impl Accepted {
    pub(super) fn contains(&self, row: u64) -> bool {
        let next = self.0.partition_point(|(first, _)| *first <= row);
        next.checked_sub(1).is_some_and(|place| self.0[place].1 >= row)
    }

    fn sort(&mut self) {
        self.0.sort_unstable();
        // Where two overlap, the later one reaches as far as both.
        let mut furthest = 0;
        for (_, last) in &mut self.0 {
            furthest = furthest.max(*last);
            *last = furthest;
        }
    }
}

impl Journal {
    /// Opens the journal of an ingestion of these files, or begins it.
    pub(super) fn open(path: &Path, inputs: &[PathBuf]) -> Result<Self, CliError> {
        let failed = |error| CliError::io(format!("use the journal {}", path.display()), error);
        let size = |input: &PathBuf| std::fs::metadata(input).ok().map(|metadata| metadata.len());
        let inputs: Vec<_> = inputs.iter().map(|input| (input.clone(), size(input))).collect();
        let file = File::options().read(true).append(true).create(true).open(path).map_err(failed)?;
        let mut before = Accepted::default();
        let mut is_new = true;
        let mut text = String::new();
        BufReader::new(&file).read_to_string(&mut text).map_err(failed)?;
        for (number, line) in text.lines().enumerate() {
            let bad = |problem: &str| {
                let problem = format!("use the journal {}: line {}: {problem}", path.display(), number + 1);
                CliError::config(problem).with_hint("name another journal, or remove this one to begin anew")
            };
            match serde_json::from_str(line) {
                Ok(Line::Inputs(known)) if known == inputs => is_new = false,
                Ok(Line::Inputs(_)) => return Err(bad("it is about other files, or they have changed since")),
                Ok(Line::Accepted(ranges)) if !is_new => before.0.extend(ranges),
                // A run that was killed may have left half a line.
                Err(error) if error.is_eof() && !is_new => {}
                Ok(Line::Accepted(_)) | Err(_) => return Err(bad("it is no journal")),
            }
        }
        before.sort();
        let mut journal = Self { path: path.to_owned(), file, before };
        if !text.is_empty() && !text.ends_with('\n') {
            journal.append("\n")?;
        }
        if is_new {
            journal.write(&Line::Inputs(inputs))?;
        }
        Ok(journal)
    }

    pub(super) fn accepted_before(&self) -> Accepted {
        self.before.clone()
    }

    /// Notes that these rows were accepted.
    pub(super) fn note(&mut self, mut rows: Vec<u64>) -> Result<(), CliError> {
        rows.sort_unstable();
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for row in rows {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == row => *last = row,
                _ => ranges.push((row, row)),
            }
        }
        self.write(&Line::Accepted(ranges))
    }

    fn write(&mut self, line: &Line) -> Result<(), CliError> {
        let json = serde_json::to_string(line);
        let json = json.map_err(|error| CliError::config(format!("write the journal: {error}")))?;
        self.append(&format!("{json}\n"))
    }

    fn append(&mut self, text: &str) -> Result<(), CliError> {
        self.file
            .write_all(text.as_bytes())
            .map_err(|error| CliError::io(format!("write the journal {}", self.path.display()), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_within_any_range_were_accepted() {
        let mut accepted = Accepted(vec![(10, 12), (0, 3), (2, 5), (11, 11)]);
        accepted.sort();
        let found: Vec<_> = (0..15).filter(|row| accepted.contains(*row)).collect();
        assert_eq!(found, [0, 1, 2, 3, 4, 5, 10, 11, 12]);
        assert!(!Accepted::default().contains(0));
    }
}
