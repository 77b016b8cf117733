//! Batches in one of the formats.

use std::borrow::Cow;
use std::io::{self, Write};

use bytes::Bytes;

use super::csv::CsvWriter;
use super::json::JsonWriter;
use super::look::Look;
use super::row::{Column, RenderError, cells};
use super::table::TableWriter;
use super::{Batch, ndjson};
use crate::format::Format;

pub(super) enum Renderer {
    Table(TableWriter),
    Json(JsonWriter, Projection),
    Ndjson(Projection),
    Csv(CsvWriter),
}

impl Renderer {
    pub(super) fn new(format: Format, look: &Look) -> io::Result<Self> {
        let projection = || Projection(look.columns.clone());
        Ok(match format {
            Format::Table => Self::Table(TableWriter::new(look.clone())),
            Format::Json => Self::Json(JsonWriter::default(), projection()),
            Format::Ndjson | Format::Auto => Self::Ndjson(projection()),
            Format::Csv => Self::Csv(CsvWriter::new(&look.columns, look.is_csv_safe)?),
        })
    }

    pub(super) fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), RenderError> {
        match self {
            Self::Table(table) => table.write(batch, out),
            Self::Json(json, projection) => Ok(json.write(&*projection.of(batch)?, out)?),
            Self::Ndjson(projection) => Ok(ndjson::write(&*projection.of(batch)?, out)?),
            Self::Csv(csv) => csv.write(batch, out),
        }
    }

    /// Ends the output. A remark, if there is one, is for standard error.
    pub(super) fn finish(self, out: &mut dyn Write) -> Result<Option<String>, RenderError> {
        match self {
            Self::Table(table) => Ok(table.finish()),
            Self::Json(json, _) => Ok(json.finish(out).map(|()| None)?),
            Self::Ndjson(_) => Ok(None),
            Self::Csv(csv) => csv.finish(out).map(|()| None),
        }
    }
}

/// The members of JSON objects that were chosen; all if empty.
pub(super) struct Projection(Vec<Column>);

impl Projection {
    fn of<'a>(&self, batch: &'a Batch) -> Result<Cow<'a, Batch>, RenderError> {
        if self.0.is_empty() {
            return Ok(Cow::Borrowed(batch));
        }
        Ok(Cow::Owned(match batch {
            Batch::Record(record) => Batch::Record(self.of_row(record)?),
            Batch::Rows(rows) => Batch::Rows(rows.iter().map(|row| self.of_row(row)).collect::<Result<_, _>>()?),
        }))
    }

    /// The object with the members that are there, each as it was.
    fn of_row(&self, row: &[u8]) -> Result<Bytes, RenderError> {
        let cells = cells(row)?;
        let members = self.0.iter().filter_map(|wanted| {
            let (column, cell) = cells.iter().find(|(column, _)| column == wanted)?;
            Some(format!("{}:{}", serde_json::Value::from(column.heading()), cell.json()))
        });
        Ok(format!("{{{}}}", members.collect::<Vec<_>>().join(",")).into())
    }
}
