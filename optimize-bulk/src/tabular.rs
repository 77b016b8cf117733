//! Formats with columns: which there are, and of which types, is known only after the last row. Until then records wait in an
//! unnamed temporary file, unless the columns were given.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Write;

use crate::batch::Batch;
use crate::cell::Kind;
use crate::cell_codec::{Decoded, Placed, decode, encode};
use crate::error::Error;
use crate::format::{Format, Options, TypeRule, Written};
use crate::guess::Guess;
use crate::row::{Column, NODE_DURATION};
use crate::schema::{Field, Schema};
use crate::shape::Shape;
use crate::spool::Spool;
use crate::types::ColumnType;

/// What a format does with records.
pub(crate) trait Records: Send {
    /// Called for each column when it is found.
    fn column(&mut self, position: usize, heading: &str) {
        let _ = (position, heading);
    }

    /// The bytes that stand for a record until the columns are known. Cells come in the order of their positions.
    fn encode(&mut self, cells: &mut [Placed<'_>], width: usize, record: &mut Vec<u8>) {
        let _ = width;
        encode(cells, record);
    }

    /// Called once, when the columns are known.
    fn begin(&mut self, schema: &Schema, out: &mut dyn Write) -> Result<(), Error>;

    /// Writes a record that had `width` columns when it was encoded; `number` counts from 1.
    fn emit(&mut self, record: &[u8], width: usize, number: u64, out: &mut dyn Write) -> Result<(), Error>;

    /// Ends the file. Returns remarks.
    fn finish(self: Box<Self>, out: &mut dyn Write) -> Result<Vec<String>, Error>;
}

/// What a format does with records whose cells it wants to look at.
pub(crate) trait TypedRecords: Send {
    /// Called for each column when it is found.
    fn column(&mut self, position: usize, heading: &str) {
        let _ = (position, heading);
    }

    /// What stands for a cell until the columns are known. This is done while the next page arrives, the rest after the last one.
    fn prepare<'a>(&mut self, position: usize, text: Cow<'a, str>) -> Cow<'a, str> {
        let _ = position;
        text
    }

    fn begin(&mut self, schema: &Schema, out: &mut dyn Write) -> Result<(), Error>;
    fn record(&mut self, cells: &[Decoded<'_>], number: u64, out: &mut dyn Write) -> Result<(), Error>;
    fn finish(self: Box<Self>, out: &mut dyn Write) -> Result<Vec<String>, Error>;
}

/// Records that are decoded before they are written.
pub(crate) struct Typed<T> {
    inner: T,
    width: usize,
}

impl<T> Typed<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { inner, width: 0 }
    }
}

impl<T: TypedRecords> Records for Typed<T> {
    fn column(&mut self, position: usize, heading: &str) {
        self.inner.column(position, heading);
    }

    fn encode(&mut self, cells: &mut [Placed<'_>], _: usize, record: &mut Vec<u8>) {
        for (position, _, text) in cells.iter_mut() {
            *text = self.inner.prepare(*position, std::mem::take(text));
        }
        encode(cells, record);
    }

    fn begin(&mut self, schema: &Schema, out: &mut dyn Write) -> Result<(), Error> {
        self.width = schema.columns.len();
        self.inner.begin(schema, out)
    }

    fn emit(&mut self, record: &[u8], _: usize, number: u64, out: &mut dyn Write) -> Result<(), Error> {
        let mut cells = Vec::with_capacity(self.width);
        decode(record, self.width, &mut cells).map_err(Error::Spool)?;
        self.inner.record(&cells, number, out)
    }

    fn finish(self: Box<Self>, out: &mut dyn Write) -> Result<Vec<String>, Error> {
        Box::new(self.inner).finish(out)
    }
}

/// A format with columns.
pub(crate) struct Tabular {
    shape: Shape,
    columns: Columns,
    records: Box<dyn Records>,
    /// Absent once the columns are known.
    spool: Option<Spool>,
    is_begun: bool,
    rows: u64,
    written: u64,
    /// How many columns the format knows of.
    announced: usize,
    /// Columns that the given schema does not have.
    extra: HashSet<String>,
    buffer: Vec<u8>,
}

/// The columns so far.
struct Columns {
    ordered: Vec<Column<'static>>,
    positions: HashMap<Column<'static>, usize>,
    headings: HashSet<String>,
    schema: Schema,
    guesses: Vec<Guess>,
    types: TypeRule,
    /// Whether these are all there are.
    is_fixed: bool,
    value_unit: Option<String>,
}

impl Tabular {
    pub(crate) fn new(records: Box<dyn Records>, shape: Shape, options: &Options) -> Result<Self, Error> {
        let mut columns = Columns {
            ordered: Vec::new(),
            positions: HashMap::new(),
            headings: HashSet::new(),
            schema: Schema::default(),
            guesses: Vec::new(),
            types: options.types.clone(),
            is_fixed: false,
            value_unit: options.value_unit.clone(),
        };
        let chosen: Vec<_> = shape.selection.columns().cloned().collect();
        if let TypeRule::Fixed(schema) = &options.types {
            for field in &schema.columns {
                columns.add(Column::named(&field.name));
            }
            columns.schema = schema.clone();
            columns.is_fixed = true;
        } else {
            columns.is_fixed = !chosen.is_empty();
            for column in chosen {
                columns.add(column);
            }
        }
        let is_known = columns.is_fixed && options.types != TypeRule::Guessed;
        let spool = if is_known { None } else { Some(Spool::new().map_err(Error::Spool)?) };
        let (extra, buffer) = (HashSet::new(), Vec::new());
        Ok(Self { shape, columns, records, spool, is_begun: false, rows: 0, written: 0, announced: 0, extra, buffer })
    }

    /// Takes a row in, or writes it if the columns are known.
    fn row(&mut self, row: &[u8], out: &mut dyn Write) -> Result<(), Error> {
        let Self { shape, columns, records, spool, extra, buffer, rows, written, announced, .. } = self;
        *rows += 1;
        let number = *rows;
        let outcome = shape.records(row, |record| {
            let mut guess = 0;
            let mut cells: Vec<Placed<'_>> = Vec::with_capacity(record.len());
            for (column, cell) in record {
                let Some(position) = columns.position(column, guess, extra) else { continue };
                guess = position + 1;
                let (kind, text) = (cell.kind(), cell.text());
                columns.look(position, kind, &text).map_err(|problem| Error::Row(number, problem))?;
                cells.push((position, kind, text));
            }
            let width = columns.ordered.len();
            // Few rows have their members in another order than those before.
            if !cells.is_sorted_by_key(|(position, ..)| *position) {
                cells.sort_by_key(|(position, ..)| *position);
            }
            buffer.clear();
            for position in *announced..width {
                records.column(position, &columns.schema.columns[position].name);
            }
            *announced = width;
            records.encode(&mut cells, width, buffer);
            if let Some(spool) = spool {
                return spool.write(width, buffer).map_err(Error::Spool);
            }
            *written += 1;
            records.emit(buffer, width, number, out)
        });
        outcome.unwrap_or_else(|_| Err(Error::Row(number, "it is not JSON".to_owned())))
    }

    fn begin(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        if !std::mem::replace(&mut self.is_begun, true) {
            self.columns.settle();
            self.records.begin(&self.columns.schema, out)?;
        }
        Ok(())
    }
}

impl Format for Tabular {
    fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), Error> {
        if self.spool.is_none() {
            self.begin(out)?;
        }
        batch.rows().iter().try_for_each(|row| self.row(row, out))
    }

    fn finish(mut self: Box<Self>, out: &mut dyn Write) -> Result<Written, Error> {
        self.begin(out)?;
        if let Some(spool) = self.spool.take() {
            let mut spooled = spool.read().map_err(Error::Spool)?;
            let mut record = std::mem::take(&mut self.buffer);
            while let Some(width) = spooled.next(&mut record).map_err(Error::Spool)? {
                self.written += 1;
                self.records.emit(&record, width, self.written, out)?;
            }
        }
        let mut remarks = self.records.finish(out)?;
        if !self.extra.is_empty() {
            let mut extra: Vec<_> = self.extra.into_iter().collect();
            extra.sort();
            remarks.push(format!("the schema does not have these columns, which were left out: {}", extra.join(", ")));
        }
        let schema = Some(self.columns.schema);
        Ok(Written { rows: self.rows, records: self.written, schema, selection: self.shape.selection, remarks })
    }
}

impl Columns {
    /// The position of a column, which is added if it is new. `guess` is where it stands if this record is like the one before.
    fn position(&mut self, column: Column<'_>, guess: usize, extra: &mut HashSet<String>) -> Option<usize> {
        if self.ordered.get(guess) == Some(&column) {
            return Some(guess);
        }
        let known: &HashMap<Column<'_>, usize> = &self.positions;
        if let Some(position) = known.get(&column) {
            return Some(*position);
        }
        if self.is_fixed {
            let heading = column.heading();
            // `counts.incidents` of a schema stands for the part of a member.
            if let (Column::Part(..), Some(position)) =
                (&column, self.positions.get(&Column::Member(heading.clone().into())))
            {
                let position = *position;
                self.positions.insert(column.into_owned(), position);
                return Some(position);
            }
            if !extra.contains(&heading) {
                extra.insert(heading);
            }
            return None;
        }
        Some(self.add(column.into_owned()))
    }

    fn add(&mut self, column: Column<'static>) -> usize {
        let position = self.ordered.len();
        let mut heading = column.heading();
        let mut number = 1;
        // A member and a variable may have one heading, which readers would mix up.
        while !self.headings.insert(heading.clone()) {
            number += 1;
            heading = format!("{} ({number})", column.heading());
        }
        // The type is known at the end, if it is not text.
        self.schema.columns.push(Field { unit: self.unit(&column), ..Field::new(heading, ColumnType::Text) });
        self.guesses.push(Guess::default());
        self.positions.insert(column.clone(), position);
        self.ordered.push(column);
        position
    }

    /// What the numbers of a column count, by its name alone.
    fn unit(&self, column: &Column<'_>) -> Option<String> {
        let unit = match column {
            Column::Member(name) if name == "duration" => Some("ms"),
            Column::Member(name) if name == "value" => self.value_unit.as_deref(),
            Column::Part(member, _) if member == "value" => self.value_unit.as_deref(),
            Column::Part(member, _) if member == "counts" => Some("count"),
            Column::Variable(prefix, _) if *prefix == NODE_DURATION => Some("ms"),
            _ => None,
        };
        unit.map(str::to_owned)
    }

    /// Learns from a value, or checks it.
    fn look(&mut self, position: usize, kind: Kind, text: &str) -> Result<(), String> {
        // A variable that an instance does not have is an empty text.
        if kind == Kind::Null || text.is_empty() {
            return Ok(());
        }
        match self.types {
            TypeRule::Text => Ok(()),
            TypeRule::Guessed => {
                self.guesses[position].learn(kind, text);
                Ok(())
            }
            TypeRule::Fixed(_) => {
                let field = &self.schema.columns[position];
                if field.kind.read(text).is_some() {
                    return Ok(());
                }
                Err(field.unfit(text))
            }
        }
    }

    /// Fixes the types.
    fn settle(&mut self) {
        if self.types != TypeRule::Guessed {
            return;
        }
        for ((field, guess), column) in self.schema.columns.iter_mut().zip(&self.guesses).zip(&self.ordered) {
            field.kind = if is_id(column) { ColumnType::Text } else { guess.settle() };
            field.digits = guess.digits;
            field.width = guess.width;
        }
    }
}

/// Whether a column holds ids or names by what the server says of it, whatever they look like in this report.
fn is_id(column: &Column<'_>) -> bool {
    const IDS: [&str; 13] = [
        "processDefinitionKey",
        "processDefinitionId",
        "processInstanceId",
        "decisionDefinitionKey",
        "decisionDefinitionId",
        "decisionInstanceId",
        "businessKey",
        "engineName",
        "tenantId",
        "case:concept:name",
        "concept:name",
        "activity:id",
        "concept:instance",
    ];
    matches!(column, Column::Member(name) if IDS.contains(&&**name))
}
