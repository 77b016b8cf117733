//! What has become of the rows.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use optimize_bulk::{FormatKind, Kept, RejectForm, Rejects, Sink};
use serde_json::{Value, json};

use super::args::MostErrors;
use crate::error::CliError;
use crate::export::Place as FilePlace;
use crate::output::of_bulk;
use crate::printer::Printer;

/// This many rejected rows are reported one by one.
const SHOWN: u64 = 20;
/// Variables that are counted by name.
const MOST_GROUPS: usize = 1000;

/// The counts of a run.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    /// Rows whose request failed: still to do.
    pub(super) failed: u64,
    pub(super) skipped: u64,
    /// By variable, or type of event: how many were accepted, and how many rejected.
    groups: BTreeMap<String, (u64, u64)>,
    /// Where all rejected rows are, which the warnings do not list.
    all_rejected: &'static str,
    /// Why not everything was done.
    pub(super) failure: Option<CliError>,
}

impl Account {
    /// Nothing yet; warnings say where all rejected rows are.
    pub(super) fn new(all_rejected: &'static str) -> Self {
        Self { all_rejected, ..Self::default() }
    }

    /// Those whose fate is known; what was only read ahead is not among them.
    pub(super) fn rows(&self) -> u64 {
        self.accepted + self.rejected + self.failed + self.skipped
    }

    fn group(&mut self, name: &str) -> Option<&mut (u64, u64)> {
        if !self.groups.contains_key(name) {
            if self.groups.len() >= MOST_GROUPS {
                return None;
            }
            self.groups.insert(name.to_owned(), (0, 0));
        }
        self.groups.get_mut(name)
    }

    pub(super) fn accept(&mut self, group: &str) {
        self.accepted += 1;
        if let Some((accepted, _)) = self.group(group) {
            *accepted += 1;
        }
    }

    /// Notes a row that was rejected, and shows the first ones.
    pub(super) fn reject(&mut self, group: Option<&str>, place: &str, reason: &str, printer: Printer) {
        self.rejected += 1;
        if let Some((_, rejected)) = group.and_then(|name| self.group(name)) {
            *rejected += 1;
        }
        match self.rejected {
            count if count <= SHOWN => printer.warning(&format!("{place}: {reason}")),
            count if count == SHOWN + 1 => {
                printer.warning(&format!(
                    "more rows were rejected; only the first {SHOWN} are listed ({})",
                    self.all_rejected
                ));
            }
            _ => {}
        }
    }

    /// Fails if too many rows were rejected.
    pub(super) fn check(&self, most: Option<MostErrors>, is_end: bool) -> Result<(), CliError> {
        let rows = self.rows();
        match most {
            Some(most) if most.are_passed(self.rejected, rows, is_end) => Err(CliError::incomplete(format!(
                "{} of {rows} rows were rejected, which is more than --max-errors allows",
                self.rejected
            ))
            .stating()),
            _ => Ok(()),
        }
    }

    /// The counts as JSON; with those by variable if `with_groups`.
    pub(super) fn summary(&self, with_groups: bool) -> Value {
        let mut summary = json!({
            "rows": self.rows(), "accepted": self.accepted, "rejected": self.rejected, "failed": self.failed,
            "skipped": self.skipped,
        });
        if with_groups {
            let groups = self.groups.iter().map(|(name, (accepted, rejected))| {
                (name.clone(), json!({ "accepted": accepted, "rejected": rejected }))
            });
            summary["variables"] = Value::Object(groups.collect());
        }
        summary
    }

    /// What the command ends with.
    pub(super) fn end(&mut self, require_rows: bool) -> Option<CliError> {
        let rows = self.rows();
        let is_partial = self.accepted > 0 || self.rejected > 0;
        match self.failure.take() {
            Some(error) if is_partial && !error.is_silent() => {
                let progress =
                    format!("ingest every row: {} of {rows} rows were accepted, then it ended", self.accepted);
                let hint = error.hint();
                let incomplete = CliError::incomplete(format!("{progress}: {}", error.message()));
                Some(match hint {
                    Some(hint) => incomplete.with_hint(hint),
                    None => incomplete,
                })
            }
            Some(error) => Some(error),
            None if self.rejected > 0 => {
                Some(CliError::incomplete(format!("{} of {rows} rows were rejected", self.rejected)).stating())
            }
            None if rows == 0 && require_rows => Some(CliError::incomplete("there was no row to ingest").stating()),
            None => None,
        }
    }
}

/// A file of rejected rows, which is there once the run has ended.
pub(super) struct RejectFile {
    rejects: Rejects<Box<dyn Sink>>,
    name: String,
}

impl RejectFile {
    /// Opens one for the rows of these files.
    pub(super) fn open(path: &Path, files: &[PathBuf]) -> Result<Self, CliError> {
        let name = path.display().to_string();
        let form = match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => RejectForm::Csv,
            Some("ndjson" | "jsonl") => RejectForm::Ndjson,
            _ => {
                return Err(CliError::usage(format!("--rejects {name}: its ending must be .csv or .ndjson")).stating());
            }
        };
        let is_json =
            |path: &&PathBuf| matches!(FormatKind::of_ending(path), Some((FormatKind::Ndjson | FormatKind::Json, _)));
        if let (RejectForm::Csv, Some(file)) = (form, files.iter().find(is_json)) {
            let problem =
                format!("--rejects {name}: the rows of {} are JSON, which does not go into CSV", file.display());
            return Err(CliError::usage(problem).stating().with_hint("name it with the ending .ndjson"));
        }
        let sink = FilePlace::Local(path.to_owned()).open(true);
        let sink = sink.map_err(|error| CliError::io(format!("write {name}"), error))?;
        Ok(Self { rejects: Rejects::new(sink, form), name })
    }

    pub(super) fn write(&mut self, file: &str, row: &str, reason: &str, kept: &Kept) -> Result<(), CliError> {
        self.rejects.write(file, row, reason, kept).map_err(|error| of_bulk(error, &self.name))
    }

    /// Puts the file in its place, also if no row was rejected: an older one says nothing of this run.
    pub(super) fn end(self) -> Result<u64, CliError> {
        let count = self.rejects.count();
        let mut sink = self.rejects.into_inner();
        let written = sink.flush().and_then(|()| sink.commit());
        written.map(|()| count).map_err(|error| CliError::io(format!("write {}", self.name), error))
    }
}
