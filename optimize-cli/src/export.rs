//! The rows of a report in files: whole, with a manifest beside each, or not at all.

mod args;
mod place;
mod report;
mod worker;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use optimize_api::{DataExport, DataPage, PageData};
use optimize_auth::{Clock, SystemClock};
#[cfg(feature = "bulk")]
use optimize_bulk::Book;
use optimize_bulk::{Batch, Digesting, Error, Format, Manifest, Options, Shape, Sink, Sum, Table, Written};

use crate::app::App;
use crate::error::CliError;
use crate::format::{Form, Kind, ending};
use crate::output::{counted, of_bulk};
use crate::progress::{Extent, Progress};

pub(crate) use self::args::{FormArgs, PageArgs, TableArg};
pub(crate) use self::place::Place;
pub(crate) use self::report::Report;
use self::worker::Worker;

/// A file that the rows go to.
pub(crate) struct Output {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    pub(crate) shape: Shape,
    /// The workbook that the rows go to, which is the file later on.
    #[cfg(feature = "bulk")]
    pub(crate) book: Option<Book>,
}

impl Output {
    /// A file of a report; the table is the usual one of the format unless there is one here.
    pub(crate) fn new(place: Place, kind: Kind, table: Option<Table>, form: &Form, report: &Report) -> Self {
        let mut shape = Shape { activities: report.activities.clone(), ..form.shape(Some(kind)) };
        shape.table = table.unwrap_or(shape.table);
        Self {
            place,
            kind,
            shape,
            #[cfg(feature = "bulk")]
            book: None,
        }
    }

    /// What makes bytes of rows, and where they go.
    fn open(&self, options: &Options, may_replace: bool) -> Result<Opened, CliError> {
        let name = self.place.shown();
        let failed = |error| unwritable(&error, &name);
        #[cfg(feature = "bulk")]
        if let Some(book) = &self.book {
            let format = book.writer(self.shape.clone(), options).map_err(failed)?;
            return Ok((format, Box::new(optimize_bulk::NoSink)));
        }
        let (kind, compression) = self.kind;
        let format = kind.writer(compression, self.shape.clone(), options).map_err(failed)?;
        let sink = self.place.open(may_replace).map_err(|error| CliError::io(format!("write {name}"), error))?;
        Ok((format, sink))
    }
}

/// What makes bytes of rows, and where they go.
type Opened = (Box<dyn Format>, Box<dyn Sink>);

/// The rows of a report on their way into files.
pub(crate) struct Job<'a> {
    pub(crate) app: &'a App,
    pub(crate) rows: DataExport,
    pub(crate) report: Report,
    pub(crate) outputs: Vec<Output>,
    pub(crate) form: Form,
    /// How often to begin again after a lost page.
    pub(crate) restarts: u32,
    /// Whether files that are there are replaced.
    pub(crate) may_replace: bool,
    pub(crate) has_manifest: bool,
    /// Whether only warnings are printed.
    pub(crate) is_quiet: bool,
    /// Where the columns are to be written.
    pub(crate) schema_out: Option<PathBuf>,
    /// What the rows depend on, for the manifest.
    pub(crate) options: BTreeMap<String, String>,
}

/// What was received, and when.
#[derive(Clone, Copy, Debug, Default)]
struct Received {
    total: u64,
    rows: u64,
    snapshot: Option<Timestamp>,
}

/// What a file was given, until it is in its place.
struct Ready {
    sink: Box<dyn Sink>,
    sum: Arc<Mutex<Option<Sum>>>,
    written: Written,
}

impl Job<'_> {
    /// Writes all files. Returns how many rows they have.
    pub(crate) async fn run(&self, progress: &mut Progress) -> Result<u64, CliError> {
        let mut before = Vec::new();
        for output in &self.outputs {
            if !self.may_replace && output.place.exists().await? {
                return Err(CliError::usage(format!("{} is there already", output.place.shown()))
                    .stating()
                    .with_hint("leave --no-clobber out to replace it"));
            }
            before.push(self.manifest_before(output).await?);
        }
        let mut restarts = self.restarts;
        let (received, ready) = loop {
            match self.attempt(progress).await {
                Err(error) if restarts > 0 && error.is_lost_page() => {
                    restarts -= 1;
                    self.app.printer.remark(&format!("{}; starting again", error.message()));
                    progress.restart();
                }
                outcome => break outcome?,
            }
        };
        progress.clear();
        for ready in &ready {
            self.app.screen().check_found(received.rows, &ready.written.selection)?;
        }
        for ((output, ready), before) in self.outputs.iter().zip(ready).zip(before) {
            self.put(output, ready, before, received).await?;
        }
        Ok(received.rows)
    }

    /// The manifest that a file has so far. One of another report is not replaced with its file.
    async fn manifest_before(&self, output: &Output) -> Result<Option<Manifest>, CliError> {
        if !self.has_manifest {
            return Ok(None);
        }
        let before = match output.place.manifest().await {
            Ok(before) => before,
            Err(error) => return Err(of_bulk(error, &output.place.shown())),
        };
        match before {
            Some(before) if before.report.id != self.report.source.id => Err(CliError::usage(format!(
                "{} holds the report {}, by its manifest",
                output.place.shown(),
                before.report.id
            ))
            .stating()
            .with_hint("choose another file, or remove this one with its manifest")),
            before => Ok(before),
        }
    }

    /// Reads all rows once, into files that are not in their place yet.
    async fn attempt(&self, progress: &mut Progress) -> Result<(Received, Vec<Ready>), CliError> {
        let mut workers = Vec::new();
        for output in &self.outputs {
            let (format, sink) = output.open(&self.form.options, self.may_replace)?;
            // Nobody asks for the sum of a file without a manifest.
            let (sink, sum): (Box<dyn Sink>, _) = if self.has_manifest {
                let (sink, sum) = Digesting::new(sink);
                (Box::new(sink), sum)
            } else {
                (sink, Arc::default())
            };
            let worker = Worker::start(format, sink);
            let worker = worker.map_err(|error| of_bulk(Error::Write(error), &output.place.shown()))?;
            workers.push((worker, sum));
        }
        let mut received = Received::default();
        let mut pages = self.rows.clone().pages();
        while let Some(page) = pages.next().await {
            let (batch, total) = batch(page?);
            if received.snapshot.is_none() {
                received.snapshot = Timestamp::try_from(SystemClock.wall()).ok();
                received.total = total;
            }
            let rows = batch.rows().len() as u64;
            received.rows += rows;
            progress.advance(rows, batch.rows().iter().map(|row| row.len() as u64).sum(), Extent::Rows(total));
            for (worker, _) in &mut workers {
                // One that has failed says why at the end.
                worker.send(batch.clone()).await;
            }
            if workers.iter().any(|(worker, _)| worker.has_failed()) {
                break;
            }
        }
        let mut ready = Vec::new();
        for ((worker, sum), output) in workers.into_iter().zip(&self.outputs) {
            let (sink, outcome) = worker.finish().await.map_err(|error| of_bulk(error, &output.place.shown()))?;
            match outcome {
                Ok(written) => ready.push(Ready { sink, sum, written }),
                Err(error) => {
                    sink.abort();
                    return Err(of_bulk(error, &output.place.shown()));
                }
            }
        }
        Ok((received, ready))
    }

    /// Puts a file in its place, then its manifest.
    async fn put(
        &self,
        output: &Output,
        ready: Ready,
        before: Option<Manifest>,
        received: Received,
    ) -> Result<(), CliError> {
        let name = output.place.shown();
        let failed = |error| CliError::io(format!("write {name}"), error);
        if before.is_some() {
            output.place.remove_manifest().await.map_err(|error| of_bulk(error, &name))?;
        }
        let sink = ready.sink;
        let committed = tokio::task::spawn_blocking(move || sink.commit()).await;
        committed.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(failed)?;
        for remark in &ready.written.remarks {
            self.app.printer.warning(&format!("{name}: {remark}"));
        }
        if let (Some(path), Some(schema)) = (&self.schema_out, &ready.written.schema) {
            crate::output::write_file(path, schema.to_text().as_bytes())?;
        }
        if self.has_manifest {
            let sum = ready.sum.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let manifest = self.manifest(output, &ready.written, sum.as_ref(), received).await;
            if let Some(before) = before {
                self.compare(&name, &before, &manifest);
            }
            output.place.write_manifest(&manifest).await.map_err(|error| of_bulk(error, &name))?;
        }
        if !self.is_quiet {
            self.app.printer.remark(&format!("wrote {} to {name}", counted(ready.written.records, "row")));
        }
        Ok(())
    }

    async fn manifest(&self, output: &Output, written: &Written, sum: Option<&Sum>, received: Received) -> Manifest {
        let mut manifest = Manifest::new(self.report.source.clone(), output.place.name());
        manifest.format = ending(output.kind);
        table_name(output.shape.table).clone_into(&mut manifest.table);
        (manifest.total, manifest.rows, manifest.records) = (received.total, received.rows, written.records);
        if let Some(sum) = sum {
            (manifest.bytes, manifest.sha256) = (sum.bytes, sum.sha256.clone());
        }
        manifest.columns = written.schema.clone().unwrap_or_default().columns;
        manifest.snapshot = received.snapshot.map(|moment| moment.to_string()).unwrap_or_default();
        manifest.server = self.app.shown_base_url().await.unwrap_or_default();
        manifest.options = self.options.clone();
        manifest
    }

    /// Warns if columns are not there any more: a later release, or another definition, sends fewer.
    fn compare(&self, name: &str, before: &Manifest, now: &Manifest) {
        let vanished = if before.table == now.table && now.rows > 0 { before.vanished(now) } else { Vec::new() };
        if !vanished.is_empty() {
            self.app.printer.warning(&format!(
                "{name}: {} vanished since {}: {}",
                counted(vanished.len() as u64, "column"),
                before.snapshot,
                vanished.join(", ")
            ));
        }
    }
}

/// The moment; RFC 3339.
pub(crate) fn now() -> String {
    Timestamp::try_from(SystemClock.wall()).map(|now| now.to_string()).unwrap_or_default()
}

/// The error of a format that cannot be written.
pub(crate) fn unwritable(error: &Error, target: &str) -> CliError {
    match error {
        Error::Input(problem) => CliError::usage(format!("write {target}: {problem}")),
        error => CliError::config(format!("write {target}: {error}")),
    }
}

/// The word for a table on the command line.
pub(crate) fn table_name(table: Table) -> &'static str {
    match table {
        Table::Instances => "instances",
        Table::Events => "events",
        Table::Log => "log",
        _ => "rows",
    }
}

/// A name of a file for this id, on every system.
pub(crate) fn file_name(id: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = id.chars().map(|c| if is_safe(c) { c } else { '_' }).collect();
    name.trim_start_matches('.').to_owned()
}

/// A page as it is written. A single value becomes the record `{"value"}`.
pub(crate) fn batch(page: DataPage) -> (Batch, u64) {
    // The server notes that it returned more rows than a page has, which the user did not ask about.
    tracing::info!(notice = page.message, "page arrived");
    let total = page.total;
    let batch = match page.data {
        PageData::Value(value) => Batch::Record([b"{\"value\":", value.as_bytes(), b"}"].concat().into()),
        _ => Batch::Rows(page.into_rows().into_iter().map(Into::into).collect()),
    };
    (batch, total)
}
