//! The first sheet of a workbook, by `calamine`: its first row is the heading.

use std::fs::File;
use std::io::{self, BufReader};
use std::sync::Arc;

use calamine::{Data, Reader, Xlsx};

use super::{At, Cells, RawRow, Rows};
use crate::error::Error;
use crate::types::server_date;

/// From here on a number of a spreadsheet has lost digits.
const EXACT: f64 = 1e15;
/// 1 January 1970, in the days of Excel.
const EPOCH: f64 = 25_569.0;
const DAY: f64 = 86_400_000.0;

pub(super) fn read(file: File, rows: &mut dyn Rows, failed: &dyn Fn(io::Error) -> Error) -> Result<(), Error> {
    let other = |error: calamine::XlsxError| failed(io::Error::other(error.to_string()));
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(file)).map_err(other)?;
    let Some(name) = book.sheet_names().first().cloned() else { return Ok(()) };
    let range = book.worksheet_range(&name).map_err(other)?;
    let first = u64::from(range.start().map_or(0, |(row, _)| row)) + 1;
    let mut found = range.rows();
    let Some(heading) = found.next() else { return Ok(()) };
    let mut heading: Vec<_> = heading.iter().map(|cell| text(cell).trim().to_owned()).collect();
    while heading.last().is_some_and(String::is_empty) {
        heading.pop();
    }
    if let Some(name) = heading
        .iter()
        .enumerate()
        .find_map(|(place, name)| heading[..place].contains(name).then_some(name).filter(|name| !name.is_empty()))
    {
        return Err(failed(io::Error::other(format!("the column {name:?} is there twice"))));
    }
    let heading: Arc<[String]> = heading.into();
    rows.heading(&heading)?;
    let mut cells = Cells::default();
    for (number, row) in (first + 1..).zip(found) {
        if row.iter().all(|cell| matches!(cell, Data::Empty)) {
            continue;
        }
        cells.clear();
        let mut problem = None;
        for (place, cell) in row.iter().take(heading.len()).enumerate() {
            if let Data::Error(error) = cell {
                problem = Some(format!("{}: the cell holds the error {error}", heading[place]));
            }
            cells.push(text(cell).as_bytes());
        }
        let mut row = RawRow::cells(At::Row(number), &heading, &cells);
        row.problem = problem;
        if !rows.row(row)? {
            return Ok(());
        }
    }
    Ok(())
}

/// What a person sees in the cell, in the forms of the server.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Float(number) if number.abs() >= EXACT => format!("{number:E}"),
        Data::Float(number) => number.to_string(),
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of any calendar year fit")]
        Data::DateTime(date) if date.is_datetime() => server_date(((date.as_f64() - EPOCH) * DAY).round() as i64),
        Data::DateTime(date) => date.as_f64().to_string(),
        other => other.to_string(),
    }
}
