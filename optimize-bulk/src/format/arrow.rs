//! Apache Parquet and Apache Arrow, by the crates of the Arrow project.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Decimal128Builder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{DataType, Field as ArrowField, Schema as ArrowSchema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::cell::Kind;
use crate::cell_codec::Decoded;
use crate::error::Error;
use crate::schema::{Field, Schema};
use crate::tabular::TypedRecords;
use crate::types::{ColumnType, Typed};

/// A batch ends after so many records, or so many bytes.
const MOST_RECORDS: usize = 8192;
const MOST_BYTES: usize = 4 << 20;
/// A row group of Parquet ends when it takes this much memory.
const ROW_GROUP: usize = 16 << 20;

/// Records on their way into arrays.
#[derive(Default)]
struct Batcher {
    schema: Option<SchemaRef>,
    columns: Vec<(Field, Box<dyn ArrayBuilder>)>,
    records: usize,
    bytes: usize,
}

impl Batcher {
    fn begin(&mut self, schema: &Schema) -> SchemaRef {
        let fields = schema.columns.iter().map(|column| {
            let field = ArrowField::new(&column.name, arrow_type(column.kind), true);
            let unit = column.unit.iter().map(|unit| ("unit".to_owned(), unit.clone()));
            field.with_metadata(unit.collect::<std::collections::HashMap<_, _>>())
        });
        let arrow = Arc::new(ArrowSchema::new(fields.collect::<Vec<_>>()));
        self.columns = schema.columns.iter().map(|column| (column.clone(), builder(column.kind))).collect();
        self.schema = Some(arrow.clone());
        arrow
    }

    /// Takes a record in. Returns a batch if it is full.
    fn add(&mut self, cells: &[Decoded<'_>], number: u64) -> Result<Option<RecordBatch>, Error> {
        for (place, (field, builder)) in self.columns.iter_mut().enumerate() {
            let cell = cells.get(place).copied().flatten().filter(|(kind, _)| *kind != Kind::Null);
            let text = cell.map(|(_, text)| text).filter(|text| field.kind == ColumnType::Text || !text.is_empty());
            let value = match text {
                None => None,
                Some(text) => Some(field.kind.read(text).ok_or_else(|| Error::Row(number, field.unfit(text)))?),
            };
            append(builder.as_mut(), field.kind, value);
            self.bytes += text.map_or(0, str::len) + 8;
        }
        self.records += 1;
        Ok(if self.records >= MOST_RECORDS || self.bytes >= MOST_BYTES { Some(self.batch()?) } else { None })
    }

    fn batch(&mut self) -> Result<RecordBatch, Error> {
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(|(_, builder)| builder.finish()).collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(self.records));
        (self.records, self.bytes) = (0, 0);
        let schema = self.schema.clone().unwrap_or_else(|| Arc::new(ArrowSchema::empty()));
        // Decimals and moments have parameters that a builder's array does not know.
        let arrays = arrays.into_iter().zip(schema.fields()).map(|(array, field)| typed(&array, field.data_type()));
        Ok(RecordBatch::try_new_with_options(schema.clone(), arrays.collect(), &options).map_err(io::Error::other)?)
    }

    /// What is left at the end, if there is any.
    fn rest(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.records == 0 { Ok(None) } else { self.batch().map(Some) }
    }
}

fn typed(array: &ArrayRef, kind: &DataType) -> ArrayRef {
    let data = array.to_data().into_builder().data_type(kind.clone());
    arrow_array::make_array(data.build().unwrap_or_else(|_| array.to_data()))
}

fn arrow_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Double => DataType::Float64,
        ColumnType::Decimal(digits, scale) => DataType::Decimal128(digits, scale),
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
    }
}

fn builder(kind: ColumnType) -> Box<dyn ArrayBuilder> {
    match kind {
        ColumnType::Text => Box::new(StringBuilder::new()),
        ColumnType::Boolean => Box::new(BooleanBuilder::new()),
        ColumnType::Integer => Box::new(Int64Builder::new()),
        ColumnType::Double => Box::new(Float64Builder::new()),
        ColumnType::Decimal(..) => Box::new(Decimal128Builder::new().with_data_type(arrow_type(kind))),
        ColumnType::Timestamp => Box::new(TimestampMillisecondBuilder::new().with_data_type(arrow_type(kind))),
    }
}

/// Appends a value to the builder of its type.
fn append(builder: &mut dyn ArrayBuilder, kind: ColumnType, value: Option<Typed<'_>>) {
    let any = builder.as_any_mut();
    macro_rules! push {
        ($builder:ty, $variant:ident) => {
            if let Some(builder) = any.downcast_mut::<$builder>() {
                builder.append_option(match value {
                    Some(Typed::$variant(value)) => Some(value),
                    _ => None,
                });
            }
        };
    }
    match kind {
        ColumnType::Text => push!(StringBuilder, Text),
        ColumnType::Boolean => push!(BooleanBuilder, Boolean),
        ColumnType::Integer => push!(Int64Builder, Integer),
        ColumnType::Double => push!(Float64Builder, Double),
        ColumnType::Decimal(..) => push!(Decimal128Builder, Decimal),
        ColumnType::Timestamp => push!(TimestampMillisecondBuilder, Timestamp),
    }
}

/// A format of batches.
pub(super) trait BatchWriter: Send {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), Error>;
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<(), Error>;
    fn end(self, out: &mut dyn Write) -> Result<(), Error>;
}

/// Records on their way into a format of batches.
pub(super) struct Batches<W> {
    batcher: Batcher,
    writer: W,
}

impl<W> Batches<W> {
    pub(super) fn of(writer: W) -> Self {
        Self { batcher: Batcher::default(), writer }
    }
}

impl<W: BatchWriter> TypedRecords for Batches<W> {
    fn begin(&mut self, schema: &Schema, _: &mut dyn Write) -> Result<(), Error> {
        let schema = self.batcher.begin(schema);
        self.writer.begin(schema)
    }

    fn record(&mut self, cells: &[Decoded<'_>], number: u64, out: &mut dyn Write) -> Result<(), Error> {
        match self.batcher.add(cells, number)? {
            Some(batch) => self.writer.write(&batch, out),
            None => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>, out: &mut dyn Write) -> Result<Vec<String>, Error> {
        if let Some(batch) = self.batcher.rest()? {
            self.writer.write(&batch, out)?;
        }
        self.writer.end(out)?;
        Ok(Vec::new())
    }
}

fn hand_over(written: &mut Vec<u8>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(written)?;
    written.clear();
    Ok(())
}

/// Parquet, compressed with Zstandard.
#[derive(Default)]
pub(super) struct Parquet(Option<ArrowWriter<Vec<u8>>>);

impl BatchWriter for Parquet {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), Error> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(format!("optimize {}", env!("CARGO_PKG_VERSION")))
            .build();
        self.0 = Some(ArrowWriter::try_new(Vec::new(), schema, Some(properties)).map_err(io::Error::other)?);
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<(), Error> {
        let Some(writer) = &mut self.0 else { return Ok(()) };
        writer.write(batch).map_err(io::Error::other)?;
        if writer.memory_size() >= ROW_GROUP {
            writer.flush().map_err(io::Error::other)?;
            hand_over(writer.inner_mut(), out)?;
        }
        Ok(())
    }

    fn end(self, out: &mut dyn Write) -> Result<(), Error> {
        let Some(writer) = self.0 else { return Ok(()) };
        Ok(hand_over(&mut writer.into_inner().map_err(io::Error::other)?, out)?)
    }
}

/// Arrow's own format.
pub(super) struct Ipc {
    is_file: bool,
    writer: Option<IpcWriter>,
}

enum IpcWriter {
    File(FileWriter<Vec<u8>>),
    Stream(StreamWriter<Vec<u8>>),
}

impl Ipc {
    pub(super) fn file() -> Self {
        Self { is_file: true, writer: None }
    }

    pub(super) fn stream() -> Self {
        Self { is_file: false, writer: None }
    }
}

impl BatchWriter for Ipc {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), Error> {
        self.writer = Some(if self.is_file {
            IpcWriter::File(FileWriter::try_new(Vec::new(), &schema).map_err(io::Error::other)?)
        } else {
            IpcWriter::Stream(StreamWriter::try_new(Vec::new(), &schema).map_err(io::Error::other)?)
        });
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<(), Error> {
        let written = match &mut self.writer {
            None => return Ok(()),
            Some(IpcWriter::File(writer)) => {
                writer.write(batch).map_err(io::Error::other)?;
                writer.get_mut()
            }
            Some(IpcWriter::Stream(writer)) => {
                writer.write(batch).map_err(io::Error::other)?;
                writer.get_mut()
            }
        };
        Ok(hand_over(written, out)?)
    }

    fn end(self, out: &mut dyn Write) -> Result<(), Error> {
        let mut written = match self.writer {
            None => Vec::new(),
            Some(IpcWriter::File(writer)) => writer.into_inner().map_err(io::Error::other)?,
            Some(IpcWriter::Stream(writer)) => writer.into_inner().map_err(io::Error::other)?,
        };
        Ok(hand_over(&mut written, out)?)
    }
}
