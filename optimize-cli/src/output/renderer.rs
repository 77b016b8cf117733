//! Batches in one of the formats.

use std::borrow::Cow;
use std::io::{self, Write};

use bytes::Bytes;

use super::csv::CsvWriter;
use super::json::JsonWriter;
use super::look::Look;
use super::row::RenderError;
use super::selection::Selection;
use super::table::TableWriter;
use super::{Batch, ndjson};
use crate::format::Format;

pub(super) struct Renderer {
    selection: Selection,
    writer: Writer,
}

enum Writer {
    Table(TableWriter),
    Json(JsonWriter),
    Ndjson,
    Csv(CsvWriter),
}

impl Renderer {
    pub(super) fn new(format: Format, look: &Look, selection: Selection) -> io::Result<Self> {
        let writer = match format {
            Format::Table => Writer::Table(TableWriter::new(look.clone())),
            Format::Json => Writer::Json(JsonWriter::default()),
            Format::Ndjson | Format::Auto => Writer::Ndjson,
            Format::Csv => Writer::Csv(CsvWriter::new(&selection, look.is_csv_safe)?),
        };
        Ok(Self { selection, writer })
    }

    pub(super) fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), RenderError> {
        let selection = &mut self.selection;
        match &mut self.writer {
            Writer::Table(table) => table.write(batch, selection, out),
            Writer::Json(json) => Ok(json.write(&*projected(batch, selection)?, out)?),
            Writer::Ndjson => Ok(ndjson::write(&*projected(batch, selection)?, out)?),
            Writer::Csv(csv) => csv.write(batch, selection, out),
        }
    }

    /// Ends the output. Returns what was selected, and a remark for standard error if there is one.
    pub(super) fn finish(self, out: &mut dyn Write) -> Result<(Selection, Option<String>), RenderError> {
        let remark = match self.writer {
            Writer::Table(table) => table.finish(&self.selection, out)?,
            Writer::Json(json) => json.finish(out).map(|()| None)?,
            Writer::Ndjson => None,
            Writer::Csv(csv) => csv.finish(out).map(|()| None)?,
        };
        Ok((self.selection, remark))
    }
}

/// The batch with the chosen members, each as it was.
fn projected<'a>(batch: &'a Batch, selection: &mut Selection) -> Result<Cow<'a, Batch>, RenderError> {
    if selection.is_empty() {
        return Ok(Cow::Borrowed(batch));
    }
    let mut object = |row: &Bytes| {
        let cells = selection.cells(row)?;
        let members =
            cells.iter().map(|(column, cell)| format!("{}:{}", serde_json::Value::from(column.heading()), cell.json()));
        Ok::<Bytes, RenderError>(format!("{{{}}}", members.collect::<Vec<_>>().join(",")).into())
    };
    Ok(Cow::Owned(match batch {
        Batch::Record(record) => Batch::Record(object(record)?),
        Batch::Rows(rows) => Batch::Rows(rows.iter().map(object).collect::<Result<_, _>>()?),
    }))
}
