//! Rows of files that an export has written, one at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::format::FormatKind;
use crate::input::{Content, RawRow, ReadOptions, Rows, Source, read_rows};
use crate::row::cells;

/// The values of a row, by the headings of their columns.
pub(crate) type Values = BTreeMap<String, String>;

/// Calls `each` with every row of a file and its number, counted from 1.
pub(crate) fn each_row(path: &Path, each: impl FnMut(u64, Values) -> Result<(), Error>) -> Result<(), Error> {
    let name = path.display().to_string();
    if FormatKind::of_ending(path).is_none() {
        let endings: Vec<_> = FormatKind::endings().collect();
        return Err(Error::Input(format!("read {name}: its ending is not one of {}", endings.join(", "))));
    }
    let file = File::open(path).map_err(|error| Error::Input(format!("read {name}: {error}")))?;
    // The export itself writes commas, or tabs by the ending.
    read_rows(Source::new(&*name, file), &ReadOptions::default(), &mut Each { name: &name, number: 0, take: each })
}

struct Each<'a, F> {
    name: &'a str,
    number: u64,
    take: F,
}

impl<F: FnMut(u64, Values) -> Result<(), Error>> Rows for Each<'_, F> {
    fn row(&mut self, row: RawRow<'_>) -> Result<bool, Error> {
        self.number += 1;
        let failed = |problem: &str| Error::Input(format!("read {}: {}: {problem}", self.name, row.at));
        if let Some(problem) = &row.problem {
            return Err(failed(problem));
        }
        let values = match row.content {
            Content::Json(json) => {
                let cells = cells(json).ok_or_else(|| failed("it is not JSON"))?;
                cells.iter().map(|(column, cell)| (column.heading(), cell.text().into_owned())).collect()
            }
            Content::Cells(heading, cells) => values(heading, cells.iter()),
        };
        (self.take)(self.number, values)?;
        Ok(true)
    }
}

fn values<'a>(heading: &Arc<[String]>, cells: impl Iterator<Item = &'a [u8]>) -> Values {
    heading.iter().cloned().zip(cells.map(|cell| String::from_utf8_lossy(cell).into_owned())).collect()
}
