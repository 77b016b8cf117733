//! How rows are read and written, on the command line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use optimize_api::DataExport;
use optimize_bulk::{CsvOptions, Options, Schema, Table, TypeRule};

use crate::config::duration;
use crate::error::CliError;
use crate::format::{Form, Kind, kind};

/// A page has about so many bytes.
const PAGE: u64 = 8 << 20;

/// How rows are written.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Form")]
#[expect(clippy::struct_excessive_bools, reason = "flags are independent of each other")]
pub(crate) struct FormArgs {
    /// The format: ndjson, json, csv, tsv, parquet, arrow, arrows, xlsx, xes or singer, with .gz or .zst after it; otherwise by the
    /// ending of the file
    #[arg(long, value_name = "FORMAT", value_parser = kind)]
    pub(crate) format: Option<Kind>,
    /// The records of a raw-data report: a process instance each, or a flow node each as event logs have them
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<TableArg>,
    /// A record for each outer group of a report that is grouped twice, with a column for each inner one
    #[arg(long)]
    wide: bool,
    /// A record for each pair of groups; formats with columns do this by themselves
    #[arg(long, conflicts_with = "wide")]
    long: bool,
    /// Where the types of columns come from in formats that have them: the values, or all are text
    #[arg(long, value_name = "RULE", conflicts_with = "schema")]
    types: Option<TypesArg>,
    /// Write exactly the columns of this file, with its types; a value that does not fit is an error
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// CSV in the form that a program reads
    #[arg(long, value_name = "PROGRAM")]
    csv: Option<CsvArg>,
    /// What stands between the fields of CSV
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// Begin CSV with a byte order mark
    #[arg(long)]
    bom: bool,
    /// What stands before the decimals of a number in CSV
    #[arg(long, value_name = "SIGN")]
    decimal: Option<DecimalArg>,
    /// Escape CSV cells that a spreadsheet would run as formulas
    #[arg(long)]
    csv_safe: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableArg {
    /// A process instance, with variables and durations of flow nodes as columns
    Instances,
    /// A flow node instance, with the columns of event logs
    Events,
    /// A row as the server sends it
    Rows,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TypesArg {
    /// Numbers, moments and so on where every value comes back as it was, else text
    Values,
    /// Text
    Text,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CsvArg {
    /// Semicolons, decimal commas, a byte order mark, long numbers kept, dates that it reads
    Excel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DecimalArg {
    Point,
    Comma,
}

impl TableArg {
    pub(crate) fn table(self) -> Table {
        match self {
            Self::Instances => Table::Instances,
            Self::Events => Table::Events,
            Self::Rows => Table::Rows,
        }
    }
}

impl FormArgs {
    /// How rows look; `is_typed` if the format shows types, or a file of the schema is to be written.
    pub(crate) fn form(&self, is_typed: bool) -> Result<Form, CliError> {
        let excel = self.csv.is_some();
        let delimiter = match self.delimiter {
            Some(character) => {
                u8::try_from(character).ok().filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte)).ok_or_else(
                    || CliError::usage(format!("--delimiter {character:?}: it must be one ASCII character")).stating(),
                )?
            }
            None => {
                if excel {
                    b';'
                } else {
                    b','
                }
            }
        };
        let csv = CsvOptions {
            delimiter,
            has_bom: self.bom || excel,
            has_decimal_comma: self.decimal.map_or(excel, |sign| sign == DecimalArg::Comma),
            is_for_excel: excel,
            is_safe: self.csv_safe,
        };
        let types = match (&self.schema, self.types) {
            (Some(path), _) => {
                TypeRule::Fixed(Schema::read(path).map_err(|error| CliError::config(error.to_string()).stating())?)
            }
            (None, Some(TypesArg::Values)) => TypeRule::Guessed,
            (None, None) if is_typed || csv.has_decimal_comma || excel => TypeRule::Guessed,
            _ => TypeRule::Text,
        };
        let options = Options { types, csv, ..Options::default() };
        let table = if self.long { self.table.or(Some(TableArg::Instances)) } else { self.table };
        let table = table.map(TableArg::table);
        Ok(Form { kind: self.format, table, is_of_report: true, is_wide: self.wide, options })
    }

    /// What the rows depend on, for the manifest.
    pub(crate) fn options(&self, columns: &[String]) -> BTreeMap<String, String> {
        let mut options = BTreeMap::new();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                options.insert(name.to_owned(), value);
            }
        };
        let flag = |is_set: bool| is_set.then(|| "true".to_owned());
        add("wide", flag(self.wide));
        add("types", self.types.map(|types| format!("{types:?}").to_lowercase()));
        add("schema", self.schema.as_ref().map(|path| path.display().to_string()));
        add("csv", self.csv.map(|csv| format!("{csv:?}").to_lowercase()));
        add("delimiter", self.delimiter.map(String::from));
        add("decimal", self.decimal.map(|sign| format!("{sign:?}").to_lowercase()));
        add("csv-safe", flag(self.csv_safe));
        add("columns", (!columns.is_empty()).then(|| columns.join(",")));
        options
    }
}

/// How rows are read.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Pages")]
pub(crate) struct PageArgs {
    /// Rows per page [default: as many as have about 8 MiB]
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) page_size: Option<u32>,
    /// How long the server keeps the snapshot between two pages, at least 60s
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = duration)]
    cursor_timeout: Duration,
    /// Restart up to N times if a page is lost [default: 3 for a file]
    #[arg(long, value_name = "N")]
    pub(crate) restart: Option<u32>,
}

impl PageArgs {
    pub(crate) fn of(&self, export: DataExport) -> DataExport {
        let export = export.cursor_timeout(self.cursor_timeout).prefetch(true);
        match self.page_size {
            Some(rows) => export.page_size(rows),
            None => export.page_bytes(PAGE),
        }
    }

    pub(crate) fn restarts(&self) -> u32 {
        self.restart.unwrap_or(3)
    }
}
