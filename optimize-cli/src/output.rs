//! What a command hands over, and how it is shown.

mod csv;
mod document;
mod json;
mod look;
mod ndjson;
mod pager;
mod renderer;
mod row;
mod screen;
mod spool;
mod table;
mod target;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, LocalBoxStream};
use secrecy::{ExposeSecret, SecretString};

use self::look::Look;
use self::pager::Pager;
use self::renderer::Renderer;
use self::row::{Column, RenderError};
use self::target::Target;
use crate::env_vars::Environment;
use crate::error::CliError;
use crate::format::Format;
use crate::printer::Printer;
use crate::progress::{Extent, Progress};

pub(crate) use self::document::Document;

/// What a command comes to.
pub(crate) enum Outcome {
    /// A record or rows.
    Data(Data),
    /// A text with a form of its own, whatever the output format.
    Document(Document),
    /// A secret and a line break, whatever the output format.
    Text(SecretString),
    /// Nothing to show.
    Done,
    /// A server that runs until it is interrupted, and the line that says where.
    #[cfg(feature = "sandbox")]
    Serving(SecretString, Box<crate::embedded::Sandbox>),
}

/// Some of the data: JSON texts.
#[derive(Clone, Debug)]
pub(crate) enum Batch {
    Rows(Vec<Bytes>),
    /// The one and only thing there is.
    Record(Bytes),
}

impl Batch {
    fn rows(&self) -> &[Bytes] {
        match self {
            Self::Rows(rows) => rows,
            Self::Record(record) => std::slice::from_ref(record),
        }
    }
}

/// A batch, and how many rows there are in all if that is known.
pub(crate) type Batches = LocalBoxStream<'static, Result<(Batch, Option<u64>), CliError>>;

/// Data to be shown, and where.
pub(crate) struct Data {
    /// Starts from the beginning each time it is called.
    open: Box<dyn Fn() -> Batches>,
    /// How often to start anew after a lost page.
    pub(crate) restarts: u32,
    /// The file to write; standard output if absent.
    pub(crate) file: Option<PathBuf>,
    /// The format, where the command has a say of its own.
    pub(crate) format: Option<Format>,
    /// Whether CSV texts that a spreadsheet would run are escaped.
    pub(crate) is_csv_safe: bool,
    /// What stands before an id in the address of its page, where ids have pages.
    pub(crate) page: Option<String>,
    /// Whether a table shows long cells in full, for few rows with sentences in them.
    pub(crate) wraps: bool,
    /// What the command ends with once everything is shown.
    pub(crate) failure: Option<CliError>,
}

impl Data {
    pub(crate) fn new(open: impl Fn() -> Batches + 'static) -> Self {
        Self {
            open: Box::new(open),
            restarts: 0,
            file: None,
            format: None,
            is_csv_safe: false,
            page: None,
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

    fn one_batch(batch: Batch) -> Self {
        Self::new(move || stream::iter([Ok((batch.clone(), None))]).boxed_local())
    }

    /// Writes everything, in constant memory.
    pub(crate) async fn show(mut self, format: Format, screen: Screen<'_>) -> Result<(), CliError> {
        self.file = target::named(self.file.take());
        let printer = screen.printer;
        let target_name = target::name(self.file.as_deref());
        let failed = |error| CliError::io(format!("write {target_name}"), error);
        let is_asked = self.format.is_some() || screen.is_format_asked;
        let format = self.format.unwrap_or(format).settle(is_asked, self.file.as_deref())?;
        let to_screen = self.file.is_none() && io::stdout().is_terminal();
        let pager = if to_screen && format == Format::Table { Pager::start(screen.environment) } else { None };
        let mut target = match pager {
            Some(pager) => Target::Pager(pager),
            // The cells of a table are safe, and its styles and links must arrive.
            None => Target::open(self.file.as_deref(), format == Format::Table).map_err(failed)?,
        };
        let look = Look {
            columns: screen.columns.iter().map(|heading| Column::named(heading)).collect(),
            is_csv_safe: self.is_csv_safe,
            wraps: self.wraps,
            width: screen_width(),
            is_styled: self.file.is_none() && printer.colors_stdout,
            page: self.page.take().filter(|_| to_screen && printer.colors_stdout && has_hyperlinks()),
        };
        let mut restarts = self.restarts;
        let mut progress = Progress::new(printer.quiet, to_screen);
        let (rows, remark) = loop {
            let renderer = Renderer::new(format, &look).map_err(failed)?;
            match self.pour(renderer, &mut target, &mut progress, &failed).await {
                Err(error) if restarts > 0 && error.is_incomplete() => {
                    restarts -= 1;
                    printer.remark(&format!("failed to {error}; starting anew"));
                    target.restart().map_err(failed)?;
                    progress.restart();
                }
                outcome => break outcome?,
            }
        };
        drop(progress);
        target.finish().map_err(failed)?;
        // Only now, so that it stands below the output where both go to one screen.
        if let Some(remark) = remark {
            printer.remark(&remark);
        }
        if self.file.is_some() {
            printer.remark(&format!("wrote {rows} rows to {target_name}"));
        }
        self.failure.map_or(Ok(()), Err)
    }

    /// Writes all batches; answers with how many rows there were, and what there is to remark.
    async fn pour(
        &self,
        mut renderer: Renderer,
        target: &mut Target,
        progress: &mut Progress,
        failed: &impl Fn(io::Error) -> CliError,
    ) -> Result<(u64, Option<String>), CliError> {
        let told = |error| match error {
            RenderError::Write(error) => failed(error),
            RenderError::Row(_) => CliError::config("show a row: it is not JSON"),
        };
        let mut batches = (self.open)();
        let mut rows = 0;
        while let Some(batch) = batches.next().await {
            let (batch, total) = batch?;
            rows += batch.rows().len() as u64;
            let bytes = batch.rows().iter().map(|row| row.len() as u64).sum();
            progress.advance(batch.rows().len() as u64, bytes, total.map_or(Extent::Unknown, Extent::Rows));
            renderer.write(&batch, target).map_err(told)?;
        }
        Ok((rows, renderer.finish(target).map_err(told)?))
    }
}

/// Writes `text` and a line break to standard output.
pub(crate) fn print_line(text: &SecretString) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.expose_secret().as_bytes()).and_then(|()| stdout.write_all(b"\n"));
    written.and_then(|()| stdout.flush()).map_err(|error| CliError::io("write standard output", error))
}

/// What a run knows of its screen.
#[derive(Clone, Copy)]
pub(crate) struct Screen<'a> {
    pub(crate) printer: Printer,
    pub(crate) environment: &'a Environment,
    /// The columns that were chosen; all if empty.
    pub(crate) columns: &'a [String],
    /// Whether the command line asks for the format.
    pub(crate) is_format_asked: bool,
}

/// Whether the terminal makes texts lead somewhere.
fn has_hyperlinks() -> bool {
    supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)
}

/// The width of the terminal; 120 where there is none to ask.
fn screen_width() -> usize {
    // Some terminals say that they have no columns.
    comfy_table::Table::new().width().filter(|width| *width > 0).map_or(120, usize::from)
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
