//! Text with a heading and something between cells: RFC 4180, and what spreadsheets make of it.

use std::io::Read;
use std::sync::Arc;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::buffer::{Buffer, LONGEST_ROW};
use super::{At, Cells, REJECTED, RawRow, ReadOptions, Rows};
use crate::error::Error;

/// What may stand between cells, if it is not said.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

pub(super) fn read<R: Read>(
    buffer: &mut Buffer<R>,
    options: &ReadOptions,
    rows: &mut dyn Rows,
    failed: &dyn Fn(std::io::Error) -> Error,
) -> Result<(), Error> {
    let mut line = 1;
    let mut delimiter = options.delimiter;
    // What Excel itself writes and reads before the heading.
    if let Some(end) = buffer.line_end(0).map_err(failed)?
        && let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', sign, ..] = *buffer.here()[..end].trim_ascii_end()
    {
        delimiter = delimiter.or(Some(sign));
        buffer.take(end);
        line += 1;
    }
    let Some(end) = buffer.line_end(0).map_err(failed)? else { return Ok(()) };
    let first = &buffer.here()[..end];
    let mut parser = Parser::new(delimiter.unwrap_or_else(|| found(first, &options.likely)));
    let end = parser.end(buffer).map_err(failed)?.unwrap_or(end);
    parser.split(&buffer.here()[..end]);
    let heading = heading(&parser.cells).map_err(|problem| failed(std::io::Error::other(problem)))?;
    let breaks = lines(&buffer.here()[..end]);
    buffer.take(end);
    line += breaks;
    rows.heading(&heading)?;
    loop {
        let Some(end) = buffer.line_end(0).map_err(failed)? else { return Ok(()) };
        if buffer.here()[..end].trim_ascii().is_empty() {
            buffer.take(end);
            line += 1;
            continue;
        }
        let first_line = end;
        // Without an end the quote belongs to this line alone, and the next one is a row again.
        let whole = parser.end(buffer).map_err(failed)?;
        let mut end = whole.unwrap_or(first_line);
        parser.split(&buffer.here()[..end]);
        let mut problem = parser.misfit(heading.len());
        if end > first_line && problem.is_some() || whole.is_none() {
            end = first_line;
            let shown = end.min(LONGEST_ROW);
            parser.split_as_is(&buffer.here()[..shown]);
            problem = Some("it has a quote without an end, or a line break that is not in quotes".to_owned());
        }
        let mut row = RawRow::cells(At::Line(line), &heading, &parser.cells);
        row.problem = problem.or_else(|| not_utf8(&heading, &parser.cells));
        if !rows.row(row)? {
            return Ok(());
        }
        line += lines(&buffer.here()[..end]);
        let is_cut = end > LONGEST_ROW && buffer.here().get(end - 1) != Some(&b'\n');
        buffer.take(end);
        if is_cut {
            buffer.take_line().map_err(failed)?;
        }
    }
}

/// How many lines a record is.
fn lines(record: &[u8]) -> u64 {
    let breaks = memchr::memchr_iter(b'\n', record).count() as u64;
    breaks.max(1)
}

fn heading(cells: &Cells) -> Result<Arc<[String]>, String> {
    let mut names: Vec<String> = Vec::with_capacity(cells.len());
    for cell in cells.iter() {
        let name = std::str::from_utf8(cell)
            .map_err(|_| "its heading is not UTF-8: pass --encoding, such as windows-1252".to_owned())?;
        let name = name.trim();
        if !name.is_empty() && names.iter().any(|known| known == name) {
            return Err(format!("the column {name:?} is there twice"));
        }
        names.push(name.to_owned());
    }
    // What a delimiter at the end of the line leaves.
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    Ok(names.into())
}

/// What stands between the cells of a heading: that which shows the most likely names, else the most cells.
fn found(heading: &[u8], likely: &[String]) -> u8 {
    let quality = |delimiter: &u8| {
        let mut parser = Parser::new(*delimiter);
        parser.split(heading);
        let is_likely = |cell: &[u8]| {
            std::str::from_utf8(cell)
                .is_ok_and(|name| likely.iter().any(|known| known == name.trim()) || name.starts_with(REJECTED))
        };
        (parser.cells.iter().filter(|cell| is_likely(cell)).count(), parser.cells.len())
    };
    // The first of several that are as good.
    DELIMITERS.into_iter().rev().max_by_key(quality).unwrap_or(b',')
}

fn not_utf8(heading: &[String], cells: &Cells) -> Option<String> {
    if std::str::from_utf8(&cells.bytes).is_ok() {
        return None;
    }
    let bad = cells.iter().enumerate().find_map(|(place, cell)| Some((place, std::str::from_utf8(cell).err()?)));
    let (place, error) = bad?;
    let byte = cells.get(place)?.get(error.valid_up_to())?;
    let column = heading.get(place).map_or("", String::as_str);
    Some(format!("{column}: the byte {byte:#04X} is not UTF-8: pass --encoding, such as windows-1252"))
}

struct Parser {
    delimiter: u8,
    reader: Reader,
    cells: Cells,
}

impl Parser {
    fn new(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { delimiter, reader, cells: Cells::default() }
    }

    /// Where the record ends, its line break included; `None` if a quote has no end.
    fn end<R: Read>(&self, buffer: &mut Buffer<R>) -> std::io::Result<Option<usize>> {
        let Some(mut end) = buffer.line_end(0)? else { return Ok(None) };
        if memchr::memchr(b'"', &buffer.here()[..end]).is_none() {
            return Ok(Some(end));
        }
        let (mut place, mut is_quoted, mut is_begin) = (0, false, true);
        loop {
            let here = buffer.here();
            while place < end {
                let byte = here[place];
                match byte {
                    b'"' if is_quoted && here.get(place + 1) == Some(&b'"') => place += 1,
                    b'"' if is_quoted => is_quoted = false,
                    b'"' if is_begin => is_quoted = true,
                    _ => {}
                }
                is_begin = !is_quoted && (byte == self.delimiter || byte == b'\n');
                place += 1;
            }
            if !is_quoted {
                return Ok(Some(end));
            }
            match buffer.line_end(end)? {
                Some(next) if next <= LONGEST_ROW => end = next,
                _ => return Ok(None),
            }
        }
    }

    /// Makes cells of a record.
    fn split(&mut self, record: &[u8]) {
        if memchr::memchr(b'"', record).is_none() {
            return self.split_as_is(record);
        }
        let Self { reader, cells, .. } = self;
        reader.reset();
        cells.clear();
        cells.bytes.resize(record.len() + 1, 0);
        cells.ends.resize(record.len() + 1, 0);
        let (mut input, mut written, mut ended) = (record, 0, 0);
        loop {
            let (result, read, bytes, ends) =
                reader.read_record(input, &mut cells.bytes[written..], &mut cells.ends[ended..]);
            (input, written, ended) = (&input[read..], written + bytes, ended + ends);
            // The room is enough for every record of this length.
            if !matches!(result, ReadRecordResult::InputEmpty) || read == 0 && input.is_empty() && ended > 0 {
                break;
            }
        }
        cells.bytes.truncate(written);
        cells.ends.truncate(ended);
    }

    /// The same of a record without quotes, or of one that is to stay as it is.
    fn split_as_is(&mut self, record: &[u8]) {
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        let record = record.strip_suffix(b"\r").unwrap_or(record);
        self.cells.clear();
        let mut begin = 0;
        for place in memchr::memchr_iter(self.delimiter, record) {
            self.cells.push(&record[begin..place]);
            begin = place + 1;
        }
        self.cells.push(&record[begin..]);
    }

    /// What is wrong if there are not as many cells as columns. Empty ones at the end do no harm.
    fn misfit(&mut self, columns: usize) -> Option<String> {
        while self.cells.len() > columns && self.cells.get(self.cells.len() - 1) == Some(&[]) {
            self.cells.ends.pop();
        }
        let count = self.cells.len();
        (count != columns).then(|| {
            let cells = if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
            format!("it has {cells}, and the heading {columns}")
        })
    }
}
