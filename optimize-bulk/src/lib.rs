#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod activities;
mod batch;
mod cell;
mod cell_codec;
mod compress;
mod diff;
mod error;
mod format;
mod guess;
mod input;
mod journal;
mod known;
mod manifest;
mod rejects;
mod row;
mod schema;
mod selection;
mod shape;
mod sink;
mod source;
mod spool;
#[cfg(feature = "store")]
mod store;
#[cfg(any(feature = "kafka", feature = "nats"))]
mod stream;
mod tabular;
mod types;
mod verify;

pub use activities::Activities;
pub use batch::Batch;
pub use cell::Cell;
pub use diff::{Change, Changes, diff};
pub use error::Error;
#[cfg(feature = "xlsx")]
pub use format::xlsx::Book;
pub use format::{Compression, CsvOptions, Format, FormatKind, Options, TypeRule, Written};
pub use input::{
    At, Cells, Content, Converter, Ingestible, Mapping, RawRow, ReadOptions, RowProblem, Rows, Source, ValueRules,
    read_rows,
};
pub use journal::{Journal, JournalSummary, Mark, RowDigest};
pub use known::{Fate, Known, RowId};
pub use manifest::{Manifest, ReportSource, Sheet};
pub use rejects::{Kept, RejectForm, Rejects};
pub use row::{Column, cells};
pub use schema::{Field, Schema};
pub use selection::Selection;
pub use shape::{Shape, Table};
pub use sink::{Digesting, FileSink, NoSink, Sink, Sum, resolved};
pub use spool::temporary_file;
#[cfg(feature = "store")]
pub use store::{Store, StoreSink};
#[cfg(any(feature = "kafka", feature = "nats"))]
pub use stream::{Message, Messages, StreamAddress, StreamCredentials, StreamError};
pub use types::ColumnType;
pub use verify::{Finding, verify_file};

/// For fuzz targets: reads a journal.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn check_journal(bytes: &[u8]) {
    let _ = journal::parse(bytes);
}

/// For fuzz targets: reads a file of rows, each as a variable and as an event.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn check_rows(bytes: &[u8]) {
    struct All(Converter);
    impl Rows for All {
        fn row(&mut self, row: RawRow<'_>) -> Result<bool, Error> {
            let _ = self.0.convert::<optimize_api::ExternalVariable>(&row, None, &mut Vec::new());
            let _ = self.0.convert::<optimize_api::CloudEvent>(&row, None, &mut Vec::new());
            Ok(true)
        }
    }
    let source = Source::new("rows", std::io::Cursor::new(bytes.to_vec()));
    let _ = read_rows(source, &ReadOptions::default(), &mut All(Converter::default()));
}
