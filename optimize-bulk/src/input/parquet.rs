//! Rows of Parquet: each column of its schema is a cell.

use std::fs::File;
use std::io;
use std::sync::Arc;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::{At, Cells, RawRow, Rows};
use crate::error::Error;
use crate::types::server_date;

pub(super) fn read(file: File, rows: &mut dyn Rows, failed: &dyn Fn(io::Error) -> Error) -> Result<(), Error> {
    let reader = SerializedFileReader::new(file).map_err(|error| failed(io::Error::other(error)))?;
    let schema = reader.metadata().file_metadata().schema();
    let heading: Arc<[String]> = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    rows.heading(&heading)?;
    let mut cells = Cells::default();
    let found = reader.get_row_iter(None).map_err(|error| failed(io::Error::other(error)))?;
    for (number, row) in (1..).zip(found) {
        let row = row.map_err(|error| failed(io::Error::other(error)))?;
        cells.clear();
        for (_, value) in row.get_column_iter() {
            cells.push(text(value).as_bytes());
        }
        if !rows.row(RawRow::cells(At::Row(number), &heading, &cells))? {
            return Ok(());
        }
    }
    Ok(())
}

fn text(value: &Field) -> String {
    match value {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::TimestampMillis(moment) => server_date(*moment),
        Field::TimestampMicros(moment) => server_date(moment.div_euclid(1000)),
        other => other.to_string(),
    }
}
