//! Files: read by a thread, sent in batches, accounted for row by row.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{Stream, StreamExt, stream};
use optimize_api::{BatchOutcome, Ingest as Batches};
use optimize_bulk::{Converter, Ingestible, Journal, Mapping, Mark};
use tokio::sync::mpsc;

use super::account::{Account, RejectFile};
use super::args::Ingest;
use super::of_journal;
use super::reader::{Counts, Event, Place, Reader, Row};
use crate::app::App;
use crate::error::CliError;
use crate::format::Format;
use crate::output::{Data, Outcome};
use crate::printer::Printer;
use crate::progress::{Extent, Progress};

/// Chunks of rows that are read ahead of the batches.
const AHEAD: usize = 8;

/// Rows that cannot be sent, and failures of files, on their way to the account.
enum Unsent {
    Row(Place, String),
    Failed(CliError),
}

/// What the batches and the account share.
struct Run {
    account: Account,
    rejects: Option<RejectFile>,
    journal: Option<Journal>,
    unsent: mpsc::UnboundedReceiver<Unsent>,
    /// The row that was rejected last: several variables of one row are one rejected row.
    last_rejected: Option<Place>,
    printer: Printer,
}

impl Ingest {
    /// Ingests the files.
    pub(super) async fn files<T: Ingestible>(
        &self,
        app: &App,
        batches: Batches<T>,
        mapping: Mapping,
    ) -> Result<Outcome, CliError> {
        let target = format!("{} at {}", T::NOUN, app.base_url().await?);
        let (journal, known) = match &self.journal {
            Some(path) => {
                let (journal, known) = Journal::open(path, &target).map_err(of_journal)?;
                (Some(journal), Some(known))
            }
            None => (None, None),
        };
        let rejects = self.rejects.as_deref().map(|path| RejectFile::open(path, &self.files)).transpose()?;
        let counts = Arc::new(Counts::default());
        let (sender, receiver) = mpsc::channel(AHEAD);
        let reader = Reader {
            options: self.read_options::<T>(&mapping)?,
            converter: Converter::new(mapping, self.rules()),
            known,
            keeps_rows: rejects.is_some(),
            counts: counts.clone(),
            sender,
        };
        let files = self.files.clone();
        let thread = std::thread::Builder::new().name("rows".to_owned());
        thread
            .spawn(move || reader.run(&files))
            .map_err(|error| CliError::io("start a thread that reads the files", error))?;
        let (unsent_sender, unsent) = mpsc::unbounded_channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let elements = elements(receiver, unsent_sender, is_over.clone());
        let account = Account::new("--rejects FILE has all of them");
        let mut run = Run { account, rejects, journal, unsent, last_rejected: None, printer: app.printer };
        if self.dry_run {
            return self.dry_run(app, &batches, elements, run, &counts).await;
        }
        let mut outcomes = batches.send_keyed(elements);
        let extent = extent(&self.files);
        let mut progress = Progress::new(app.printer, false);
        loop {
            let outcome = tokio::select! {
                biased;
                Some(unsent) = run.unsent.recv() => {
                    run.take(unsent)?;
                    None
                }
                outcome = outcomes.next() => match outcome {
                    Some(outcome) => Some(outcome),
                    None => break,
                },
            };
            let rows = outcome.as_ref().map_or(0, |outcome| outcome.accepted.len() + outcome.refused.len()) as u64;
            if let Some(outcome) = outcome {
                run.add(outcome)?;
            }
            run.account.skipped = counts.skipped.load(Ordering::Relaxed);
            progress.advance(rows, counts.bytes.swap(0, Ordering::Relaxed), extent);
            if let Err(error) = run.account.check(self.max_errors, false) {
                // What is under way is brought to its end.
                is_over.store(true, Ordering::Relaxed);
                run.account.failure.get_or_insert(error);
            }
            if run.account.failure.is_some() && run.account.failed > 0 {
                is_over.store(true, Ordering::Relaxed);
            }
        }
        drop(progress);
        run.take_unsent()?;
        run.account.skipped = counts.skipped.load(Ordering::Relaxed);
        self.end(app, run)
    }

    /// Writes what is left to write, and ends with the counts.
    fn end(&self, app: &App, mut run: Run) -> Result<Outcome, CliError> {
        if let Some(journal) = &mut run.journal {
            journal.sync().map_err(of_journal)?;
        }
        if let Some(rejects) = run.rejects.take() {
            rejects.end()?;
        }
        let mut account = run.account;
        if let (Err(error), None) = (account.check(self.max_errors, true), &account.failure) {
            account.failure = Some(error);
        }
        if account.rows() == 0 && account.failure.is_none() {
            app.printer.warning("there was no row to ingest");
        }
        let format = Format::of_settings(&app.settings);
        let is_json = matches!(app.flags.output.or(format), Some(Format::Json | Format::Ndjson));
        app.tally.set_ingestion(account.summary(true));
        let mut data = Data::record(&account.summary(is_json));
        data.failure = account.end(self.require_rows);
        Ok(Outcome::Data(data))
    }

    /// Reads and checks everything, and shows the first request.
    async fn dry_run<T: Ingestible>(
        &self,
        app: &App,
        batches: &Batches<T>,
        elements: impl Stream<Item = (Place, T)>,
        mut run: Run,
        counts: &Counts,
    ) -> Result<Outcome, CliError> {
        let mut first = Vec::new();
        let mut elements = std::pin::pin!(elements);
        loop {
            let (place, element) = tokio::select! {
                biased;
                Some(unsent) = run.unsent.recv() => {
                    run.take(unsent)?;
                    continue;
                }
                next = elements.next() => match next {
                    Some(next) => next,
                    None => break,
                },
            };
            if let Err(problem) = element.check() {
                run.reject(Some(element.group()), &place, &problem)?;
                continue;
            }
            run.account.accept(element.group());
            if first.len() < self.batch_size as usize {
                first.push(element);
            }
        }
        run.take_unsent()?;
        run.account.skipped = counts.skipped.load(Ordering::Relaxed);
        if first.is_empty() {
            app.printer.remark("nothing would be sent");
        } else {
            let request = batches.preview(&first).map_err(CliError::from)?;
            let body = String::from_utf8_lossy(&request.body);
            let shown: String = body.chars().take(400).collect();
            let more = if shown.len() < body.len() { "…" } else { "" };
            for line in [
                "nothing was sent; the first request would be:".to_owned(),
                format!("{} {}", request.method, request.url),
                format!("Content-Type: {}", request.content_type),
                format!("Content-Length: {}", request.body.len()),
                format!("{shown}{more}"),
            ] {
                app.printer.remark(&line);
            }
        }
        self.end(app, run)
    }
}

/// The size of all files; unknown of standard input.
fn extent(files: &[PathBuf]) -> Extent {
    let size = |path: &PathBuf| path.metadata().ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
    files.iter().map(size).sum::<Option<u64>>().map_or(Extent::Unknown, Extent::Bytes)
}

/// The elements of the rows that are to be sent; the others go to the account.
fn elements<T: Ingestible>(
    receiver: mpsc::Receiver<Event<T>>,
    unsent: mpsc::UnboundedSender<Unsent>,
    is_over: Arc<AtomicBool>,
) -> impl Stream<Item = (Place, T)> + Send + 'static {
    let events = stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    let of_event = move |event: Event<T>| {
        let rows = match event {
            Event::Rows(rows) => rows,
            Event::Failed(error) => {
                // A receiver that is gone does not need it.
                let _ = unsent.send(Unsent::Failed(error));
                Vec::new()
            }
        };
        let sent = rows.into_iter().filter_map(|(place, row): Row<T>| match row {
            Ok(element) => Some((place, element)),
            Err(problem) => {
                let _ = unsent.send(Unsent::Row(place, problem.to_string()));
                None
            }
        });
        stream::iter(sent.collect::<Vec<_>>())
    };
    events.take_while(move |_| std::future::ready(!is_over.load(Ordering::Relaxed))).flat_map(of_event)
}

impl Run {
    /// Notes what has become of a batch.
    fn add<T: Ingestible>(&mut self, outcome: BatchOutcome<Place, T>) -> Result<(), CliError> {
        self.take_unsent()?;
        for (_, element) in &outcome.accepted {
            self.account.accept(element.group());
        }
        if let Some(journal) = self.journal.as_mut().filter(|_| !outcome.accepted.is_empty()) {
            let marks = outcome.accepted.iter().map(|(place, element)| Mark::new(place.content, element.id()));
            journal.note(&marks.collect::<Vec<_>>()).map_err(of_journal)?;
        }
        for refused in outcome.refused {
            self.reject(Some(refused.element.group()), &refused.key, &refused.problem)?;
        }
        if let Some(failed) = outcome.failed {
            self.account.failed += failed.elements.len() as u64;
            self.account.failure.get_or_insert(failed.error.into());
        }
        Ok(())
    }

    fn take_unsent(&mut self) -> Result<(), CliError> {
        while let Ok(unsent) = self.unsent.try_recv() {
            self.take(unsent)?;
        }
        Ok(())
    }

    fn take(&mut self, unsent: Unsent) -> Result<(), CliError> {
        match unsent {
            Unsent::Row(place, problem) => self.reject(None, &place, &problem)?,
            Unsent::Failed(error) => {
                if self.account.failure.is_some() {
                    self.printer.warning(&error.in_full());
                } else {
                    self.account.failure = Some(error);
                }
            }
        }
        Ok(())
    }

    fn reject(&mut self, group: Option<&str>, place: &Place, reason: &str) -> Result<(), CliError> {
        self.account.reject(group, &place.to_string(), reason, self.printer);
        let is_again = self.last_rejected.as_ref().is_some_and(|last| last.is_same_row(place));
        if let (Some(rejects), Some(kept), false) = (&mut self.rejects, &place.kept, is_again) {
            rejects.write(place.file(), &place.row(), reason, kept)?;
        }
        self.last_rejected = Some(place.clone());
        Ok(())
    }
}
