//! What a command hands over, and how it is shown.

mod backlog;
mod document;
mod look;
mod outlet;
mod pager;
mod renderer;
mod screen;
mod table;
mod target;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, LocalBoxStream};
use optimize_bulk::{Batch, Error, Selection, Shape, cells};
use secrecy::{ExposeSecret, SecretString};

use self::look::Look;
use self::outlet::Outlet;
use self::pager::Pager;
use self::renderer::Renderer;
use crate::env_vars::Environment;
use crate::error::CliError;
use crate::export::unwritable;
use crate::format::{Form, Format, is_binary};
use crate::printer::Printer;
use crate::progress::{Extent, Progress};
use crate::suggest::suggest;
use crate::summary::Tally;

pub(crate) use self::document::Document;
pub(crate) use self::target::{Target, named};

/// The result of a command.
pub(crate) enum Outcome {
    /// A record or rows.
    Data(Data),
    /// A text with a form of its own, whatever the output format.
    Document(Document),
    /// A secret, printed with a line break whatever the output format.
    Secret(SecretString),
    /// Nothing to show.
    Done,
    /// A server that runs until it is interrupted, and the line with its addresses and secrets.
    #[cfg(feature = "sandbox")]
    Serve(SecretString, Box<crate::embedded::Sandbox>),
}

/// A batch, and how many rows there are in all if that is known.
pub(crate) type Batches = LocalBoxStream<'static, Result<(Batch, Option<u64>), CliError>>;

/// Data to be shown, and where.
pub(crate) struct Data {
    /// Starts from the beginning each time it is called.
    open: Box<dyn Fn() -> Batches>,
    /// All there is, if that is known before anything is written.
    whole: Option<Batch>,
    /// A device or FIFO to write to; standard output if absent.
    pub(crate) file: Option<PathBuf>,
    /// How rows look in formats of files.
    pub(crate) form: Form,
    /// What stands before an id in the address of its page, where ids have pages.
    pub(crate) page: Option<String>,
    /// What is said if there is no row.
    pub(crate) empty: &'static str,
    /// Whether a table shows long cells in full, for few rows with sentences in them.
    pub(crate) wraps: bool,
    /// What the command ends with once everything is shown.
    pub(crate) failure: Option<CliError>,
}

impl Data {
    pub(crate) fn new(open: impl Fn() -> Batches + 'static) -> Self {
        Self {
            open: Box::new(open),
            whole: None,
            file: None,
            form: Form::default(),
            page: None,
            empty: "no rows",
            wraps: false,
            failure: None,
        }
    }

    pub(crate) fn record(record: &serde_json::Value) -> Self {
        Self::raw_record(record.to_string())
    }

    /// A record whose JSON text is shown as it is.
    pub(crate) fn raw_record(json: impl Into<Bytes>) -> Self {
        Self::one_batch(Batch::Record(json.into()))
    }

    /// Rows `{"id"}`.
    pub(crate) fn ids<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        Self::rows(ids.map(|id| serde_json::json!({ "id": id })))
    }

    pub(crate) fn rows(rows: impl Iterator<Item = serde_json::Value>) -> Self {
        Self::one_batch(Batch::Rows(rows.map(|row| row.to_string().into()).collect()))
    }

    fn is_record(&self) -> bool {
        matches!(self.whole, Some(Batch::Record(_)))
    }

    fn one_batch(batch: Batch) -> Self {
        let whole = Some(batch.clone());
        Self { whole, ..Self::new(move || stream::iter([Ok((batch.clone(), None))]).boxed_local()) }
    }

    /// Writes everything, in constant memory.
    pub(crate) async fn show(mut self, format: Format, screen: Screen<'_>) -> Result<(), CliError> {
        self.file = named(self.file.take());
        let printer = screen.printer;
        let target_name = target::name(self.file.as_deref());
        let failed = |error| CliError::io(format!("write {target_name}"), error);
        let kind = self.form.settle(format, screen.is_format_asked, self.file.as_deref())?;
        let selection = Selection::new(screen.columns);
        if let Some(batch) = &self.whole {
            screen.check_columns_of(batch, selection.clone())?;
        }
        let to_screen = self.file.is_none() && io::stdout().is_terminal();
        let pager = if to_screen && kind.is_none() { Pager::start(screen.environment) } else { None };
        let target = match pager {
            Some(pager) => Target::Pager(pager),
            // The cells of a table are safe, and its styles and links must arrive.
            None => Target::open(self.file.as_deref(), kind.is_none()).map_err(failed)?,
        };
        if to_screen && kind.is_some_and(|(kind, compression)| is_binary(kind, compression)) {
            return Err(CliError::usage("write bytes that are no text to a terminal: pass -f FILE, or use a pipe"));
        }
        let mut outlet = Outlet::new(target, self.whole.is_none()).map_err(failed)?;
        let look = Look {
            wraps: self.wraps,
            width: to_screen.then(screen_width),
            is_styled: self.file.is_none() && printer.colors_stdout,
            page: self.page.take().filter(|_| to_screen && printer.colors_stdout && has_hyperlinks()),
        };
        let mut progress = Progress::new(printer, to_screen);
        let shape = Shape { selection, ..self.form.shape(kind) };
        let renderer = Renderer::new(kind, &look, shape, &self.form.options).map_err(|error| match error {
            Error::Spool(error) => without_temporary_file(error),
            error => unwritable(&error, &target_name),
        })?;
        let poured = self.pour(renderer, &mut outlet, &mut progress, &target_name).await;
        drop(progress);
        let (rows, selection, remarks) = match poured {
            Ok(poured) => poured,
            Err(error) => {
                outlet.abandon().await;
                return Err(error);
            }
        };
        if let Err(error) = screen.check_found(rows, &selection) {
            outlet.abandon().await;
            return Err(error);
        }
        outlet.finish().await.map_err(failed)?;
        // Only now, so that it stands below the output where both go to one screen.
        for remark in remarks {
            printer.remark(&remark);
        }
        if !self.is_record() {
            screen.tally.set_rows(rows);
        }
        if self.file.is_some() {
            printer.remark(&format!("wrote {} to {target_name}", counted(rows, "row")));
        } else if rows == 0 {
            printer.remark(self.empty);
        }
        self.failure.map_or(Ok(()), Err)
    }

    /// Writes all batches. Returns how many rows there were, what was selected, and remarks.
    async fn pour(
        &self,
        mut renderer: Renderer,
        outlet: &mut Outlet,
        progress: &mut Progress,
        target: &str,
    ) -> Result<(u64, Selection, Vec<String>), CliError> {
        let mut batches = (self.open)();
        let mut rows = 0;
        while let Some(batch) = batches.next().await {
            let (batch, total) = batch?;
            rows += batch.rows().len() as u64;
            let bytes = batch.rows().iter().map(|row| row.len() as u64).sum();
            progress.advance(batch.rows().len() as u64, bytes, total.map_or(Extent::Unknown, Extent::Rows));
            renderer.write(&batch, outlet).map_err(|error| of_bulk(error, target))?;
            outlet.flush().map_err(|error| of_bulk(error.into(), target))?;
        }
        let (selection, remarks) = renderer.finish(outlet).map_err(|error| of_bulk(error, target))?;
        Ok((rows, selection, remarks))
    }
}

/// Writes a small file, whole.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let write = || {
        let mut target = Target::open(Some(path), false)?;
        target.write_all(bytes)?;
        target.finish()
    };
    write().map_err(|error| CliError::io(format!("write {}", path.display()), error))
}

/// The error of writing data to a target.
pub(crate) fn of_bulk(error: Error, target: &str) -> CliError {
    match error {
        Error::Write(error) => CliError::io(format!("write {target}"), error),
        Error::Spool(error) => without_temporary_file(error),
        Error::Row(number, problem) => CliError::incomplete(format!("write {target}: row {number}: {problem}")),
        error => CliError::config(format!("write {target}: {error}")),
    }
}

fn without_temporary_file(error: io::Error) -> CliError {
    let directory = std::env::temp_dir();
    CliError::io(format!("use a temporary file in {}", directory.display()), error).with_hint(
        "a format with columns needs one until the last row has shown which there are: set TMPDIR to a directory with room \
         for the rows",
    )
}

/// Adds what to do about a column that is not there.
fn missing_column<'a>(error: CliError, column: &str, known: impl Iterator<Item = &'a str>) -> CliError {
    suggest(error.with_hint("pass --columns-optional if rows may lack a column"), column, known)
}

/// A count with its noun, as in `1 row` and `2 rows`.
pub(crate) fn counted(count: impl Into<u64>, noun: &str) -> String {
    let count = count.into();
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Prints a secret and a line break.
pub(crate) fn print_secret(secret: &SecretString) -> Result<(), CliError> {
    print_line(secret.expose_secret())
}

/// Prints `text` and a line break.
pub(crate) fn print_line(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.write_all(b"\n"));
    written.and_then(|()| stdout.flush()).map_err(|error| CliError::io("write standard output", error))
}

/// What a run knows of its screen.
#[derive(Clone, Copy)]
pub(crate) struct Screen<'a> {
    pub(crate) printer: Printer,
    pub(crate) environment: &'a Environment,
    /// The columns that were chosen; all if empty.
    pub(crate) columns: &'a [String],
    /// Whether a chosen column may be in no row.
    pub(crate) are_columns_optional: bool,
    /// Whether the command line sets the format.
    pub(crate) is_format_asked: bool,
    pub(crate) tally: &'a Tally,
}

impl Screen<'_> {
    /// Fails if a chosen column is in no row of `batch`, which is all there is.
    fn check_columns_of(&self, batch: &Batch, mut selection: Selection) -> Result<(), CliError> {
        for row in batch.rows() {
            selection.picked(cells(row).ok_or_else(|| CliError::config("show a row: it is not JSON"))?);
        }
        match selection.missing() {
            Some(column) if !self.are_columns_optional && !batch.rows().is_empty() => {
                Err(unknown_column(&column, selection.known()))
            }
            _ => Ok(()),
        }
    }

    /// Fails if no row has had a chosen column.
    pub(crate) fn check_found(&self, rows: u64, selection: &Selection) -> Result<(), CliError> {
        match selection.missing() {
            Some(column) if rows > 0 && !self.are_columns_optional => {
                let problem = format!("no row has the column {column}");
                Err(missing_column(CliError::incomplete(problem).stating(), &column, selection.known()))
            }
            _ => Ok(()),
        }
    }
}

/// Fails if a chosen column is not one of `known`. For commands that change something before they have rows.
pub(crate) fn check_columns(chosen: &[String], known: &[&str]) -> Result<(), CliError> {
    match chosen.iter().find(|column| !known.contains(&column.as_str())) {
        Some(column) => Err(unknown_column(column, known.iter().copied())),
        None => Ok(()),
    }
}

fn unknown_column<'a>(column: &str, known: impl Iterator<Item = &'a str>) -> CliError {
    let known: Vec<_> = known.collect();
    let all = known.iter().filter(|name| !name.contains('.')).copied().collect::<Vec<_>>().join(", ");
    let error =
        CliError::usage(format!("unknown column {column}")).stating().with_hint(format!("the columns are {all}"));
    suggest(error, column, known)
}

/// Whether the terminal makes texts lead somewhere.
fn has_hyperlinks() -> bool {
    supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)
}

/// The width of the terminal; 120 if unknown.
fn screen_width() -> usize {
    #[cfg(unix)]
    let width = rustix::termios::tcgetwinsize(io::stdout()).map(|size| size.ws_col).ok();
    #[cfg(not(unix))]
    let width = None;
    // Some terminals say that they have no columns.
    width.filter(|width| *width > 0).map_or(120, usize::from)
}

/// Writes bytes as to a terminal, in two pieces; fails if something that acts on a terminal is left.
#[cfg(fuzzing)]
pub(crate) fn check_screen(bytes: &[u8]) {
    let mut out = Vec::new();
    let mut filter = screen::ScreenFilter::new(&mut out);
    let (first, second) = bytes.split_at(bytes.len() / 2);
    filter.write_all(first).and_then(|()| filter.write_all(second)).and_then(|()| filter.finish()).expect("memory");
    let text = String::from_utf8(out).expect("it is UTF-8");
    assert!(!text.contains(|c| optimize_auth::is_hidden(c) && !"\n\r\t".contains(c)), "{text:?}");
}
