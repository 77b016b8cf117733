//! What a run did, as JSON in a file: for pipelines that keep count.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use optimize_auth::{AfterAttempt, AttemptEnded, AuthError, Observer};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::audit::Audit;
use crate::error::CliError;
use crate::exit_code::Exit;
use crate::output::Target;

/// What is counted while a command runs, and the log of changes if there is one.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Mutex<Counts>,
    audit: Option<Audit>,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Counts {
    requests: u64,
    /// Requests that were sent again, for whatever reason.
    retries: u64,
    /// Between attempts.
    waited_seconds: f64,
    request_bytes: u64,
    response_bytes: u64,
    tokens: Tokens,
    /// How many rows were written; absent of a command that has none.
    rows: Option<u64>,
    /// The counts of an ingestion.
    ingestion: Option<Value>,
    /// By the ids of the operations.
    operations: BTreeMap<String, Operation>,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Tokens {
    fetched: u64,
    failed: u64,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Operation {
    requests: u64,
    /// Those without a response, or with one that is no success.
    failed: u64,
    seconds: f64,
    longest_seconds: f64,
}

impl Tally {
    /// One that logs changes, too.
    pub(crate) fn auditing(audit: Option<Audit>) -> Self {
        Self { audit, ..Self::default() }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_rows(&self, rows: u64) {
        self.counts().rows = Some(rows);
    }

    pub(crate) fn set_ingestion(&self, counts: Value) {
        self.counts().ingestion = Some(counts);
    }
}

impl Observer for Tally {
    fn attempt_ended(&self, attempt: &AttemptEnded<'_>) {
        if let Some(audit) = &self.audit {
            audit.attempt_ended(attempt);
        }
        let mut counts = self.counts();
        counts.requests += 1;
        counts.retries += u64::from(attempt.next != AfterAttempt::End);
        if let AfterAttempt::Wait(pause) = attempt.next {
            counts.waited_seconds += pause.as_secs_f64();
        }
        counts.request_bytes += attempt.request_bytes;
        counts.response_bytes += attempt.response_bytes;
        let operation = counts.operations.entry(attempt.operation.to_owned()).or_default();
        let seconds = attempt.duration.as_secs_f64();
        operation.requests += 1;
        operation.failed += u64::from(!attempt.status.is_some_and(|status| (200..300).contains(&status)));
        operation.seconds += seconds;
        operation.longest_seconds = operation.longest_seconds.max(seconds);
    }

    fn token_fetched(&self, _: Duration) {
        self.counts().tokens.fetched += 1;
    }

    fn token_failed(&self, _: &AuthError, _: Duration) {
        self.counts().tokens.failed += 1;
    }
}

/// The file of `--summary`, which is written when the run has ended, however it ended.
pub(crate) struct Summary {
    path: PathBuf,
    /// Open from the start: a directory that cannot be written to is an error before anything is done.
    target: Target,
    command: String,
    started: Timestamp,
    clock: Instant,
    tally: Arc<Tally>,
}

#[derive(Serialize)]
struct Record<'a> {
    version: &'static str,
    command: &'a str,
    started: String,
    seconds: f64,
    exit_code: u8,
    error: Option<Value>,
    #[serde(flatten)]
    counts: Counts,
}

impl Summary {
    pub(crate) fn begin(path: &Path, command: &str, tally: Arc<Tally>) -> Result<Self, CliError> {
        let target = Target::open(Some(path), false).map_err(|error| failed(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            target,
            command: command.to_owned(),
            started: Timestamp::now(),
            clock: Instant::now(),
            tally,
        })
    }

    /// Writes the file in one step.
    pub(crate) fn end(mut self, exit: Exit, error: Option<&CliError>) -> Result<(), CliError> {
        let record = Record {
            version: env!("CARGO_PKG_VERSION"),
            command: &self.command,
            started: self.started.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            seconds: self.clock.elapsed().as_secs_f64(),
            exit_code: exit as u8,
            error: error.map(CliError::to_json),
            counts: self.tally.counts().clone(),
        };
        let path = self.path;
        let text = serde_json::to_string_pretty(&record).map_err(|error| failed(&path, error.into()))?;
        let written = writeln!(self.target, "{text}").and_then(|()| self.target.finish());
        written.map_err(|error| failed(&path, error))
    }
}

fn failed(path: &Path, error: std::io::Error) -> CliError {
    CliError::io(format!("write the summary {}", path.display()), error)
}
