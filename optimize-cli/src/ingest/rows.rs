//! Rows of JSON, NDJSON and CSV files, with the place of each.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use optimize_auth::http::without_mark;
use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;
use tokio::sync::mpsc::Sender;

use super::element::Input;
use super::journal::{self, RowDigest};
use crate::error::CliError;
use crate::input;

/// Where a row stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Counted from 0 through all files.
    pub(super) row: u64,
    /// Of what the row holds, if a journal is kept.
    pub(super) digest: RowDigest,
    file: Arc<str>,
    at: At,
}

#[derive(Clone, Copy, Debug)]
enum At {
    Line(u64),
    Element(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            At::Line(line) => write!(f, "{}, line {line}", self.file),
            At::Element(element) => write!(f, "{}, element {element}", self.file),
        }
    }
}

/// A row: an element, or why it cannot be one.
pub(super) type Row<T> = (Place, Result<T, String>);

/// A message of the reader.
pub(super) enum Event<T> {
    /// Some rows at a time, since a channel costs more than a row.
    Rows(Vec<Row<T>>),
    /// Nothing more can be read.
    Failed(CliError),
}

/// Rows per message.
const CHUNK: usize = 128;

/// Why reading ends early.
enum Stop {
    Failed(CliError),
    /// Nobody listens any more.
    Unheard,
}

impl From<CliError> for Stop {
    fn from(error: CliError) -> Self {
        Self::Failed(error)
    }
}

/// A longer row is a file of another kind, such as one without line breaks.
const LONGEST_ROW: u64 = 16 << 20;

/// Counts the bytes that are read, and ends a row without end.
struct Counted<'a, R> {
    input: R,
    count: &'a AtomicU64,
    since_row: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        self.since_row.set(self.since_row.get() + read as u64);
        // The buffer above this one may hold the rows before.
        if self.since_row.get() > LONGEST_ROW + BUFFER as u64 {
            return Err(io::Error::other(format!("a row is longer than {} MiB", LONGEST_ROW >> 20)));
        }
        Ok(read)
    }
}

/// In bytes.
const BUFFER: usize = 1 << 16;

/// Reads all files, one after another. `count` is how many bytes were read; digests are made if a journal is kept.
pub(super) fn read_all<T: Input>(files: &[PathBuf], sender: &Sender<Event<T>>, count: &AtomicU64, with_digests: bool) {
    let mut row = 0;
    for path in files {
        let mut file = Reader {
            file: input::name(path).into(),
            row: &mut row,
            chunk: Vec::new(),
            sender,
            count,
            since_row: Rc::default(),
            with_digests,
        };
        // Rows that were read before a failure are sent before it.
        let read = file.read(path);
        match file.flush().and(read) {
            Ok(()) => {}
            Err(Stop::Unheard) => return,
            Err(Stop::Failed(error)) => {
                // A receiver that is gone does not need it.
                let _ = sender.blocking_send(Event::Failed(error));
                return;
            }
        }
    }
}

struct Reader<'a, T> {
    file: Arc<str>,
    row: &'a mut u64,
    chunk: Vec<Row<T>>,
    sender: &'a Sender<Event<T>>,
    count: &'a AtomicU64,
    /// How many bytes were read since the last row.
    since_row: Rc<Cell<u64>>,
    with_digests: bool,
}

impl<T: Input> Reader<'_, T> {
    fn read(&mut self, path: &Path) -> Result<(), Stop> {
        let counted = Counted { input: input::open(path)?, count: self.count, since_row: self.since_row.clone() };
        let mut input = BufReader::with_capacity(BUFFER, counted);
        let first = self.first_character(&mut input)?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        match (first, ending.as_str()) {
            (None, _) => Ok(()),
            (Some(_), "csv") => self.csv(input),
            (Some(b'['), _) => self.array(input),
            (Some(b'{'), _) | (Some(_), "json" | "ndjson" | "jsonl") => self.lines(input),
            (Some(_), _) => self.csv(input),
        }
    }

    /// The first one that is not a space, which stays to be read; a byte order mark does not.
    fn first_character(&self, input: &mut impl BufRead) -> Result<Option<u8>, Stop> {
        let beginning = input.fill_buf().map_err(|error| self.failed(error))?;
        optimize_config::input::check_encoding(beginning).map_err(|error| self.failed(error))?;
        let mark = beginning.len() - without_mark(beginning).len();
        input.consume(mark);
        loop {
            match input.fill_buf().map_err(|error| self.failed(error))?.first() {
                Some(b'\t' | b'\r' | b' ') => input.consume(1),
                first => return Ok(first.copied()),
            }
        }
    }

    fn failed(&self, error: io::Error) -> Stop {
        Stop::Failed(CliError::io(format!("read {}", self.file), error))
    }

    fn bad(&self, problem: impl fmt::Display) -> Stop {
        Stop::Failed(CliError::config(format!("read {}: {problem}", self.file)))
    }

    fn pass_on(&mut self, at: At, json: &str) -> Result<(), Stop> {
        self.since_row.set(0);
        let digest = if self.with_digests { journal::digest(json) } else { RowDigest::default() };
        let place = Place { row: *self.row, digest, file: self.file.clone(), at };
        *self.row += 1;
        self.chunk.push((place, T::from_json(json)));
        if self.chunk.len() < CHUNK { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Stop> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let rows = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        self.sender.blocking_send(Event::Rows(rows)).map_err(|_| Stop::Unheard)
    }

    fn lines(&mut self, mut input: impl BufRead) -> Result<(), Stop> {
        let mut line = String::new();
        let mut number = 0;
        loop {
            line.clear();
            number += 1;
            if input.read_line(&mut line).map_err(|error| self.failed(error))? == 0 {
                return Ok(());
            }
            if !line.trim().is_empty() {
                self.pass_on(At::Line(number), line.trim())?;
            }
        }
    }

    fn array(&mut self, input: impl Read) -> Result<(), Stop> {
        let mut json = serde_json::Deserializer::from_reader(input);
        let mut stop = None;
        let read = json.deserialize_seq(ArrayVisitor(|number, raw: &RawValue| {
            stop = self.pass_on(At::Element(number), raw.get()).err();
            stop.is_none()
        }));
        match (stop, read.and_then(|()| json.end())) {
            (Some(stop), _) => Err(stop),
            (None, Err(error)) => Err(self.bad(format_args!("the JSON array cannot be read: {error}"))),
            (None, Ok(())) => Ok(()),
        }
    }

    fn csv(&mut self, input: impl Read) -> Result<(), Stop> {
        let (known, required) = T::COLUMNS;
        if known.is_empty() {
            return Err(self.bad("expected JSON or NDJSON"));
        }
        let mut csv = csv::ReaderBuilder::new().flexible(false).from_reader(input);
        let columns = csv.headers().map_err(|error| self.bad(error))?.clone();
        for column in &columns {
            if !known.contains(&column) {
                let error = CliError::config(format!("read {}: unknown column {column:?}", self.file));
                return Err(Stop::Failed(crate::suggest::suggest(error, column, known.iter().copied())));
            }
        }
        if let Some(missing) = known[..required].iter().find(|name| !columns.iter().any(|column| column == **name)) {
            return Err(self.bad(format_args!("there is no column {missing:?}")));
        }
        let mut record = csv::StringRecord::new();
        loop {
            match csv.read_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    let cells = columns.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
                    let object: serde_json::Map<_, _> =
                        cells.map(|(column, cell)| (column.to_owned(), cell.into())).collect();
                    self.pass_on(At::Line(line), &serde_json::Value::Object(object).to_string())?;
                }
                Err(error) => return Err(self.bad(error)),
            }
        }
    }
}

/// Passes on the elements of an array one by one; ends when the receiver is closed.
struct ArrayVisitor<F>(F);

impl<'de, F: FnMut(u64, &RawValue) -> bool> Visitor<'de> for ArrayVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(raw) = elements.next_element::<Box<RawValue>>()? {
            if !(self.0)(number, &raw) {
                return Err(serde::de::Error::custom("nobody listens"));
            }
            number += 1;
        }
        Ok(())
    }
}
