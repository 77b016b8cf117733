//! A thread that reads files, so that rows are read while others are sent.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use optimize_bulk::{
    At, Content, Converter, Error, Fate, Ingestible, Kept, Known, Mark, RawRow, ReadOptions, RowDigest, RowId,
    RowProblem, Rows, Source, read_rows,
};
use tokio::sync::mpsc::Sender;

use super::of_reading;
use crate::error::CliError;
use crate::input;

/// Where a row stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    file: Arc<str>,
    at: At,
    /// What it holds, if a journal is kept.
    pub(super) content: RowDigest,
    /// The row itself, if it may have to be written to a file of rejected rows.
    pub(super) kept: Option<Arc<Kept>>,
}

impl Place {
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn row(&self) -> String {
        self.at.to_string()
    }

    /// Whether another place is in the same row.
    pub(super) fn is_same_row(&self, other: &Self) -> bool {
        self.at == other.at && Arc::ptr_eq(&self.file, &other.file)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.file, self.at)
    }
}

/// A row: an element, or why it cannot be one.
pub(super) type Row<T> = (Place, Result<T, RowProblem>);

/// A message of the reader.
pub(super) enum Event<T> {
    /// Some rows at a time, since a channel costs more than a row.
    Rows(Vec<Row<T>>),
    /// A file, or what is left of it, cannot be read.
    Failed(CliError),
}

/// What the reader counts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Bytes that were read.
    pub(super) bytes: AtomicU64,
    /// Rows that the server has.
    pub(super) skipped: AtomicU64,
}

/// Rows per message.
const CHUNK: usize = 128;

pub(super) struct Reader<T> {
    pub(super) converter: Converter,
    pub(super) options: ReadOptions,
    /// What a journal knows, if one is kept.
    pub(super) known: Option<Known>,
    pub(super) keeps_rows: bool,
    pub(super) counts: Arc<Counts>,
    pub(super) sender: Sender<Event<T>>,
}

impl<T: Ingestible> Reader<T> {
    /// Reads all files, one after another. One that cannot be read does not keep the others.
    pub(super) fn run(mut self, files: &[PathBuf]) {
        let mut work = Work {
            context: self.converter.context().into_bytes(),
            heading: RowDigest::default(),
            file: Arc::default(),
            chunk: Vec::new(),
            elements: Vec::new(),
            held: HashMap::new(),
            is_heard: true,
            reader: &mut self,
        };
        for path in files {
            work.file = input::name(path).into();
            let read = input::open(path).and_then(|input| {
                let input = Counted { input, counts: work.reader.counts.clone() };
                let source = Source::new(&*work.file, input);
                let options = work.reader.options.clone();
                read_rows(source, &options, &mut work).map_err(|error| of_reading(error, &work.file))
            });
            // Rows that were read before a failure are sent before it.
            work.flush();
            if let (Err(error), true) = (read, work.is_heard) {
                work.is_heard = work.reader.sender.blocking_send(Event::Failed(error)).is_ok();
            }
            if !work.is_heard {
                return;
            }
        }
        work.release();
    }
}

/// Counts the bytes that are read.
struct Counted {
    input: Box<dyn Read + Send>,
    counts: Arc<Counts>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.counts.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

struct Work<'a, T> {
    reader: &'a mut Reader<T>,
    /// What decides, beside its text, what a row is.
    context: Vec<u8>,
    /// The same of a file with columns.
    heading: RowDigest,
    file: Arc<str>,
    chunk: Vec<Row<T>>,
    elements: Vec<T>,
    /// Rows that the server had before it was given later ones of their ids, which may come yet.
    held: HashMap<RowId, (Place, T)>,
    is_heard: bool,
}

impl<T: Ingestible> Rows for Work<'_, T> {
    fn heading(&mut self, heading: &Arc<[String]>) -> Result<(), Error> {
        self.heading = RowDigest::new(&self.context, heading.iter().map(String::as_bytes));
        self.reader.converter.check_heading::<T>(heading).map_err(|error| match error {
            Error::Input(problem) => Error::Input(format!("read {}: {problem}", self.file)),
            other => other,
        })
    }

    fn row(&mut self, row: RawRow<'_>) -> Result<bool, Error> {
        let content = if self.reader.known.is_some() { self.digest(&row) } else { RowDigest::default() };
        let is_wide = self.reader.converter.is_wide();
        let fate = match &mut self.reader.known {
            Some(known) if !is_wide => known.fate(content),
            _ => Fate::Send,
        };
        if let Fate::Skip(id) = fate {
            self.skip(id);
            return Ok(self.is_heard);
        }
        let kept = self.reader.keeps_rows.then(|| Arc::new(Kept::new(&row)));
        let place = Place { file: self.file.clone(), at: row.at, content, kept };
        let mut elements = std::mem::take(&mut self.elements);
        match self.reader.converter.convert(&row, None, &mut elements) {
            Err(problem) => self.push(place, Err(problem)),
            Ok(()) => {
                for (number, element) in elements.drain(..).enumerate() {
                    let content = if is_wide { content.part(number) } else { content };
                    let place = Place { content, ..place.clone() };
                    let fate = match &mut self.reader.known {
                        Some(known) if is_wide => known.fate(content),
                        _ => fate,
                    };
                    self.deal(fate, place, element);
                }
            }
        }
        self.elements = elements;
        Ok(self.is_heard)
    }
}

impl<T: Ingestible> Work<'_, T> {
    fn digest(&self, row: &RawRow<'_>) -> RowDigest {
        match row.content {
            Content::Json(json) => RowDigest::new(&self.context, [json]),
            Content::Cells(_, cells) => self.heading.of_cells(cells),
        }
    }

    fn skip(&mut self, id: RowId) {
        self.reader.counts.skipped.fetch_add(1, Ordering::Relaxed);
        self.held.remove(&id);
    }

    fn deal(&mut self, fate: Fate, place: Place, element: T) {
        match fate {
            Fate::Skip(id) => self.skip(id),
            Fate::Hold(id) => {
                self.reader.counts.skipped.fetch_add(1, Ordering::Relaxed);
                self.held.insert(id, (place, element));
            }
            Fate::Send => {
                if let Some(known) = &mut self.reader.known {
                    let id = RowId::of(&Mark::new(place.content, element.id()));
                    known.sends(id);
                    self.held.remove(&id);
                }
                self.push(place, Ok(element));
            }
        }
    }

    /// Sends the rows that were held and that no later one has replaced.
    fn release(&mut self) {
        let Some(known) = &mut self.reader.known else { return };
        let left = known.left();
        let held = std::mem::take(&mut self.held);
        for (_, (place, element)) in held.into_iter().filter(|(id, _)| left.contains(id)) {
            self.reader.counts.skipped.fetch_sub(1, Ordering::Relaxed);
            self.push(place, Ok(element));
        }
        self.flush();
    }

    fn push(&mut self, place: Place, row: Result<T, RowProblem>) {
        self.chunk.push((place, row));
        if self.chunk.len() >= CHUNK {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.chunk.is_empty() && self.is_heard {
            let rows = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
            self.is_heard = self.reader.sender.blocking_send(Event::Rows(rows)).is_ok();
        }
    }
}
