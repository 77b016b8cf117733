//! Files of rows.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use futures_util::StreamExt;
use futures_util::stream;
use optimize_bulk::Batch;
use tokio::sync::mpsc;

use crate::error::CliError;
use crate::output::{Data as Rows, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    Diff(Diff),
}

/// Show which rows differ between two exports; exit with 1 if any do
///
/// Prints a row for each that was added, removed or changed, with the old and the new value of each column. Memory does not grow
/// with the files. Reads ndjson, json, csv and tsv, also compressed, and Parquet.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The older file
    #[arg(value_name = "A")]
    first: PathBuf,
    /// The newer file
    #[arg(value_name = "B")]
    second: PathBuf,
    /// The column that identifies a row
    #[arg(long, value_name = "COLUMN", default_value = "processInstanceId")]
    key: String,
}

impl Data {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::Diff(command) => command.run(),
        }
    }
}

/// How many rows go to the output at once.
const BATCH: usize = 500;

impl Diff {
    fn run(self) -> Outcome {
        let mut rows = Rows::new(move || {
            let (sender, receiver) = mpsc::channel(2);
            let (first, second, key) = (self.first.clone(), self.second.clone(), self.key.clone());
            tokio::task::spawn_blocking(move || {
                let mut batch = Vec::new();
                let send = |batch: &mut Vec<_>| sender.blocking_send(Ok((Batch::Rows(std::mem::take(batch)), None)));
                let outcome = optimize_bulk::diff(&first, &second, &key, |change| {
                    batch.push(serde_json::to_vec(&change).unwrap_or_default().into());
                    if batch.len() >= BATCH && send(&mut batch).is_err() {
                        return Err(optimize_bulk::Error::Write(std::io::ErrorKind::BrokenPipe.into()));
                    }
                    Ok(())
                });
                // Nobody listens if the run was interrupted.
                let _ = send(&mut batch);
                let last = match outcome {
                    Ok(changes) if changes.added + changes.removed + changes.changed > 0 => CliError::different(),
                    Ok(_) => return,
                    Err(error) => CliError::config(error.to_string()).stating(),
                };
                let _ = sender.blocking_send(Err(last));
            });
            stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) }).boxed_local()
        });
        rows.empty = "no differences";
        Outcome::Data(rows)
    }
}
