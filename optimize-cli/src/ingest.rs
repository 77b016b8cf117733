//! Ingestion of files of any size: read, sent in batches, accounted for row by row.

mod element;
mod journal;
mod rows;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::Args;
use futures_util::{Stream, StreamExt, stream};
use optimize_api::{BatchOutcome, Ingest as Batches};
use serde_json::json;
use tokio::sync::mpsc;

use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome};
use crate::printer::Printer;
use crate::progress::{Extent, Progress};
use element::Input;
use journal::{Journal, Skipper};
use rows::{Event, Place, Row};

/// This many refused rows are reported one by one.
const SHOWN_REFUSALS: u64 = 20;
/// Chunks of rows that are read ahead of the batches.
const AHEAD: usize = 8;

/// The flags of ingestion. What they do together is described where the commands are declared.
#[derive(Args, Debug)]
pub(crate) struct Ingest {
    /// The files; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Rows per request
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: u32,
    /// Parallel requests; servers before 8.8 accept 5 by default
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: u32,
    /// Record accepted rows in this file, and skip rows that it records with the same content
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

/// What is known so far.
#[derive(Default)]
struct Account {
    skipped: u64,
    /// Rows that cannot be sent, until they are reported.
    unreadable: Vec<(Place, String)>,
    /// Why reading ended early.
    failure: Option<CliError>,
    /// Whether to read no further.
    is_over: bool,
}

/// The counts at the end.
#[derive(Default)]
struct Totals {
    accepted: u64,
    refused: u64,
    failed: u64,
    failure: Option<CliError>,
}

impl Ingest {
    pub(crate) async fn run<T: Input>(self, app: &App, batches: Batches<T>) -> Result<Outcome, CliError> {
        app.check_columns(&["rows", "accepted", "refused", "failed", "skipped"])?;
        let target = format!("{} at {}", T::NOUN, app.base_url().await?);
        let mut journal = self.journal.as_deref().map(|path| Journal::open(path, &target)).transpose()?;
        let skipper = journal.as_ref().map(Journal::skipper);
        let with_digests = journal.is_some();
        let account = Arc::new(Mutex::new(Account::default()));
        let (sender, receiver) = mpsc::channel(AHEAD);
        let files = self.files.clone();
        let read = Arc::new(AtomicU64::new(0));
        let counter = read.clone();
        let reader = std::thread::Builder::new().name("rows".to_owned());
        reader
            .spawn(move || rows::read_all(&files, &sender, &counter, with_digests))
            .map_err(|error| CliError::io("start a thread that reads the files", error))?;
        let elements = elements(receiver, account.clone(), skipper);
        let batches =
            batches.batch_count(self.batch_size as usize).concurrency(self.concurrency as usize).stop_after_failure();
        let mut outcomes = batches.send_keyed(elements);
        let mut totals = Totals::default();
        let extent = extent(&self.files);
        let mut progress = Progress::new(app.printer, false);
        while let Some(outcome) = outcomes.next().await {
            let rows = (outcome.accepted.len() + outcome.refused.len()) as u64;
            totals.add(outcome, &mut lock(&account), journal.as_mut(), app.printer)?;
            let read = read.swap(0, Ordering::Relaxed);
            progress.advance(rows, read, extent);
        }
        drop(progress);
        let mut account = lock(&account);
        totals.tell_unreadable(&mut account, app.printer);
        // Those whose fate is known; what was only read ahead is not among them.
        let rows = totals.accepted + totals.refused + totals.failed + account.skipped;
        let summary = json!({
            "rows": rows, "accepted": totals.accepted, "refused": totals.refused, "failed": totals.failed,
            "skipped": account.skipped,
        });
        app.tally.set_ingestion(summary.clone());
        let mut data = Data::record(&summary);
        data.failure = totals.end(account.failure.take(), rows);
        Ok(Outcome::Data(data))
    }
}

/// The size of all files; unknown of standard input.
fn extent(files: &[PathBuf]) -> Extent {
    let size = |path: &PathBuf| path.metadata().ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
    files.iter().map(size).sum::<Option<u64>>().map_or(Extent::Unknown, Extent::Bytes)
}

/// The elements of the rows that are to be sent.
fn elements<T: Input>(
    receiver: mpsc::Receiver<Event<T>>,
    account: Arc<Mutex<Account>>,
    mut skipper: Option<Skipper<Row<T>>>,
) -> impl Stream<Item = (Place, T)> + Send + 'static {
    // One more event at the end, for the rows that a skipper still holds.
    let events = stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    let events = events.map(Some).chain(stream::iter([None]));
    let mut of_event = move |event: Option<Event<T>>| {
        let mut account = lock(&account);
        let held = |skipper: &mut Option<Skipper<_>>| skipper.as_mut().map(Skipper::finish).unwrap_or_default();
        let rows = match event {
            _ if account.is_over => return std::future::ready(None),
            None => held(&mut skipper),
            Some(Event::Failed(error)) => {
                account.failure = Some(error);
                held(&mut skipper)
            }
            Some(Event::Rows(rows)) => match &mut skipper {
                None => rows,
                Some(skipper) => rows.into_iter().flat_map(|row| account.pass(row, skipper)).collect(),
            },
        };
        let sent = rows.into_iter().filter_map(|(place, element)| account.enter(place, element));
        std::future::ready(Some(stream::iter(sent.collect::<Vec<_>>())))
    };
    events.scan((), move |(), event| of_event(event)).flatten()
}

impl Account {
    /// The rows that need not be skipped, once it is known of them.
    fn pass<T>(&mut self, row: Row<T>, skipper: &mut Skipper<Row<T>>) -> Vec<Row<T>> {
        let (rows, count) = skipper.pass(row.0.row, row.0.digest, row);
        self.skipped += count;
        rows
    }

    /// Returns the element of a row if it is to be sent.
    fn enter<T>(&mut self, place: Place, element: Result<T, String>) -> Option<(Place, T)> {
        match element {
            Ok(element) => Some((place, element)),
            Err(problem) => {
                self.unreadable.push((place, problem));
                None
            }
        }
    }
}

/// Reads a journal; fails if its ranges overlap, so that a row could be skipped for another one.
#[cfg(fuzzing)]
pub(crate) fn check_journal(bytes: &[u8]) {
    if let Ok((ranges, sound)) = journal::read(bytes, "x") {
        assert!(sound <= bytes.len() && journal::is_in_order(&ranges));
    }
}

/// Reads a row as each kind of element.
#[cfg(fuzzing)]
pub(crate) fn check_row(text: &str) {
    let _ = optimize_api::ExternalVariable::from_json(text);
    let _ = optimize_api::CloudEvent::from_json(text);
}

fn lock(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Totals {
    fn add<T>(
        &mut self,
        outcome: BatchOutcome<Place, T>,
        account: &mut Account,
        journal: Option<&mut Journal>,
        printer: Printer,
    ) -> Result<(), CliError> {
        self.tell_unreadable(account, printer);
        self.accepted += outcome.accepted.len() as u64;
        let accepted: Vec<_> = outcome.accepted.iter().map(|(place, _)| (place.row, place.digest)).collect();
        if let Some(journal) = journal.filter(|_| !accepted.is_empty()) {
            journal.note(accepted)?;
        }
        for refused in outcome.refused {
            self.refuse(&refused.key, &refused.problem, printer);
        }
        if let Some(failed) = outcome.failed {
            account.is_over = true;
            self.failed += failed.elements.len() as u64;
            self.failure.get_or_insert(failed.error.into());
        }
        Ok(())
    }

    fn tell_unreadable(&mut self, account: &mut Account, printer: Printer) {
        for (place, problem) in account.unreadable.drain(..) {
            self.refuse(&place, &problem, printer);
        }
    }

    fn refuse(&mut self, place: &Place, problem: &str, printer: Printer) {
        self.refused += 1;
        match self.refused {
            count if count <= SHOWN_REFUSALS => printer.warning(&format!("{place}: {problem}")),
            count if count == SHOWN_REFUSALS + 1 => {
                printer.warning(&format!("more rows were refused; only the first {SHOWN_REFUSALS} are listed"));
            }
            _ => {}
        }
    }

    /// What the command ends with. `reading` is why not every row was read, `rows` how many were dealt with.
    fn end(self, reading: Option<CliError>, rows: u64) -> Option<CliError> {
        let is_partial = self.accepted > 0 || self.refused > 0;
        match reading.or(self.failure) {
            Some(error) if is_partial => {
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
            None if self.refused > 0 => {
                Some(CliError::incomplete(format!("{} of {rows} rows were refused", self.refused)).stating())
            }
            None => None,
        }
    }
}
