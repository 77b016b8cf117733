//! Ingestion of files of any size, and of streams: every row is accepted, rejected with a reason, or still to do.

mod account;
mod args;
mod files;
#[cfg(feature = "streams")]
mod listen;
mod reader;
#[cfg(feature = "streams")]
mod stream;

use optimize_api::Ingest as Batches;
use optimize_bulk::{Error, Ingestible};

use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

pub(crate) use self::args::Ingest;

impl Ingest {
    /// Whether something is sent.
    pub(crate) fn changes(&self) -> bool {
        !self.dry_run && !self.template
    }

    pub(crate) async fn run<T: Ingestible>(self, app: &App, batches: Batches<T>) -> Result<Outcome, CliError> {
        if self.template {
            return crate::output::print_line(&T::FIELDS.join(",")).map(|()| Outcome::Done);
        }
        app.check_columns(&["rows", "accepted", "rejected", "failed", "skipped"])?;
        let mapping = self.mapping()?;
        mapping.check(T::FIELDS).map_err(|error| CliError::usage(error.to_string()).stating())?;
        let batches = batches.batch_count(self.batch_size as usize).concurrency(self.concurrency as usize);
        let batches = match self.rate {
            Some(rate) => batches.rate(rate),
            None => batches,
        };
        match &self.from {
            None => self.files(app, batches.stop_after_failure(), mapping).await,
            #[cfg(feature = "streams")]
            Some(address) => self.stream(app, batches, mapping, address).await,
            #[cfg(not(feature = "streams"))]
            Some(address) => Err(CliError::usage(format!(
                "this build does not read from {address}: the released program does, and a build with the feature streams"
            ))
            .stating()),
        }
    }
}

/// The error of a file that cannot be read, or of a journal.
fn of_reading(error: Error, file: &str) -> CliError {
    match error {
        Error::Column { ref name, ref known } => {
            let error = CliError::config(format!("read {file}: {error}"));
            crate::suggest::suggest(error, name, known.iter().map(String::as_str))
        }
        error => CliError::config(error.to_string()),
    }
}

/// The error of a journal.
fn of_journal(error: Error) -> CliError {
    of_reading(error, "the journal").stating()
}

/// Reads a journal; no bytes may end the program.
#[cfg(fuzzing)]
pub(crate) fn check_journal(bytes: &[u8]) {
    optimize_bulk::check_journal(bytes);
}

/// Reads a row as each kind of element.
#[cfg(fuzzing)]
pub(crate) fn check_row(text: &str) {
    optimize_bulk::check_rows(text.as_bytes());
}
