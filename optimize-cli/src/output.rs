//! What a command hands over, and how it is shown.

pub(crate) mod csv;
mod json;
mod ndjson;
mod row;
mod table;
mod target;

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::ValueEnum;
use futures_util::StreamExt;
use futures_util::stream::{self, LocalBoxStream};
use secrecy::{ExposeSecret, SecretString};

use self::csv::{CsvOptions, CsvWriter};
use self::json::JsonWriter;
use self::table::TableWriter;
use self::target::Target;
use crate::error::CliError;
use crate::printer::Printer;
use crate::progress::Progress;

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
    /// A server that runs until it is interrupted, and the line that tells where.
    Serving(SecretString, Box<optimize_sandbox::Sandbox>),
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table on a terminal; elsewhere ndjson, or json for a single record; by its ending for a file
    Auto,
    /// For people
    Table,
    /// One array or object
    Json,
    /// One object a line
    Ndjson,
    /// RFC 4180, with a heading line
    Csv,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

impl Format {
    /// All names, for errors.
    pub(crate) fn names() -> String {
        Self::value_variants().iter().map(Self::to_string).collect::<Vec<_>>().join(", ")
    }

    /// The format to use: `auto` depends on where the output goes.
    fn settle(self, file: Option<&Path>) -> Self {
        if self != Self::Auto {
            return self;
        }
        match file.map(|file| file.extension().and_then(|ending| ending.to_str()).unwrap_or_default()) {
            Some(ending) if ending.eq_ignore_ascii_case("csv") => Self::Csv,
            Some(ending) if ending.eq_ignore_ascii_case("json") => Self::Json,
            None if io::stdout().is_terminal() => Self::Table,
            // A record looks the same in json.
            _ => Self::Ndjson,
        }
    }
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
    pub(crate) csv: CsvOptions,
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
            csv: CsvOptions::default(),
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
    pub(crate) async fn show(self, format: Format, printer: Printer) -> Result<(), CliError> {
        let target_name =
            self.file.as_ref().map_or_else(|| "standard output".to_owned(), |file| file.display().to_string());
        let failed = |error| CliError::io(format!("write {target_name}"), error);
        let mut target = Target::open(self.file.as_deref()).map_err(failed)?;
        let format = self.format.unwrap_or(format).settle(self.file.as_deref());
        let to_screen = self.file.is_none() && io::stdout().is_terminal();
        let mut restarts = self.restarts;
        let mut progress = Progress::new(printer.quiet, to_screen);
        let (rows, remark) = loop {
            let renderer = Renderer::new(format, self.wraps, &self.csv).map_err(failed)?;
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
            progress.advance(batch.rows().len() as u64, total);
            renderer.write(&batch, target).map_err(told)?;
        }
        Ok((rows, renderer.finish(target).map_err(told)?))
    }
}

/// Bytes to be written as they are.
pub(crate) struct Document {
    bytes: Bytes,
    file: Option<PathBuf>,
    /// Whether not even a line break is added.
    pub(crate) is_untouched: bool,
    /// What the command ends with once everything is written.
    pub(crate) failure: Option<CliError>,
}

impl Document {
    /// For this file, or for standard output.
    pub(crate) fn new(bytes: impl Into<Bytes>, file: Option<PathBuf>) -> Self {
        Self { bytes: bytes.into(), file, is_untouched: false, failure: None }
    }

    pub(crate) fn write(self, printer: Printer) -> Result<(), CliError> {
        let name = self.file.as_ref().map_or_else(|| "standard output".to_owned(), |file| file.display().to_string());
        let write = || {
            let mut target = Target::open(self.file.as_deref())?;
            target.write_all(&self.bytes)?;
            if !self.is_untouched && !self.bytes.ends_with(b"\n") {
                target.write_all(b"\n")?;
            }
            target.finish()
        };
        write().map_err(|error| CliError::io(format!("write {name}"), error))?;
        if self.file.is_some() {
            printer.remark(&format!("wrote {name}"));
        }
        self.failure.map_or(Ok(()), Err)
    }
}

/// Writes `text` and a line break to standard output.
pub(crate) fn print_line(text: &SecretString) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.expose_secret().as_bytes()).and_then(|()| stdout.write_all(b"\n"));
    written.and_then(|()| stdout.flush()).map_err(|error| CliError::io("write standard output", error))
}

enum Renderer {
    Table(TableWriter),
    Json(JsonWriter),
    Ndjson,
    Csv(CsvWriter),
}

/// Why a batch could not be rendered.
#[derive(Debug)]
pub(crate) enum RenderError {
    Write(io::Error),
    Row(serde_json::Error),
}

impl From<io::Error> for RenderError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(error) => error.fmt(f),
            Self::Row(error) => error.fmt(f),
        }
    }
}

impl Renderer {
    fn new(format: Format, wraps: bool, csv: &CsvOptions) -> io::Result<Self> {
        Ok(match format {
            Format::Table => Self::Table(TableWriter::new(screen_width(), wraps)),
            Format::Json => Self::Json(JsonWriter::default()),
            Format::Ndjson | Format::Auto => Self::Ndjson,
            Format::Csv => Self::Csv(CsvWriter::new(csv)?),
        })
    }

    fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), RenderError> {
        match self {
            Self::Table(table) => table.write(batch, out),
            Self::Json(json) => Ok(json.write(batch, out)?),
            Self::Ndjson => Ok(ndjson::write(batch, out)?),
            Self::Csv(csv) => csv.write(batch, out),
        }
    }

    /// Ends the output. A remark, if there is one, is for standard error.
    fn finish(self, out: &mut dyn Write) -> Result<Option<String>, RenderError> {
        match self {
            Self::Table(table) => Ok(table.finish()),
            Self::Json(json) => Ok(json.finish(out).map(|()| None)?),
            Self::Ndjson => Ok(None),
            Self::Csv(csv) => csv.finish(out).map(|()| None),
        }
    }
}

/// The width of the terminal; 120 where there is none to ask.
fn screen_width() -> usize {
    comfy_table::Table::new().width().map_or(120, usize::from)
}
