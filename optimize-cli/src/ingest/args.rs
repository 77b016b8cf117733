//! What ingestion is asked to do.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use optimize_bulk::{Ingestible, Mapping, ReadOptions, ValueRules};

use crate::config::duration;
use crate::error::CliError;

/// The flags of ingestion. What they do together is described where the commands are declared.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags are independent of each other")]
pub(crate) struct Ingest {
    /// The files; - for standard input
    #[arg(required_unless_present_any = ["from", "template"], value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Print the names of the columns and do nothing
    #[arg(long)]
    pub(super) template: bool,
    /// Read and check everything, send nothing, and show the first request
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Rows per request
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) batch_size: u32,
    /// The most parallel requests; begins with 4, follows how fast the server is, and halves after 429
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(super) concurrency: u32,
    /// Send so many rows a second at most
    #[arg(long, value_name = "N/s", value_parser = rate)]
    pub(super) rate: Option<u32>,
    /// Record accepted rows in this file, and skip rows that it records
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,
    /// Write rejected rows to this file as they are, with the reason: .csv or .ndjson
    #[arg(long, value_name = "FILE")]
    pub(super) rejects: Option<PathBuf>,
    /// End once so many rows are rejected, or so many percent of them (5%)
    #[arg(long, value_name = "N|P%", value_parser = most_errors)]
    pub(super) max_errors: Option<MostErrors>,
    /// Exit with 8 if there is no row
    #[arg(long)]
    pub(super) require_rows: bool,
    /// What stands between the cells of CSV [default: found out]
    #[arg(long, value_name = "CHARACTER", help_heading = "Form")]
    delimiter: Option<char>,
    /// The encoding of text, such as windows-1252 [default: UTF-8, or UTF-16 with its mark]
    #[arg(long, value_name = "NAME", help_heading = "Form")]
    encoding: Option<String>,
    /// Which column is which field, or a file with a line for each
    #[arg(long, value_name = "FIELD=COLUMN,…|FILE", help_heading = "Form")]
    map: Vec<String>,
    /// A field that is the same in every row, such as type=Double
    #[arg(long, value_name = "FIELD=VALUE", help_heading = "Form", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Leave out columns that are no field
    #[arg(long, help_heading = "Form")]
    ignore_extra: bool,
    /// Each column is a variable, besides this one with the process instance
    #[arg(long, value_name = "COLUMN=processInstanceId", help_heading = "Form")]
    wide: Option<String>,
    /// What stands before the decimals of a Double
    #[arg(long, value_name = "SIGN", help_heading = "Form")]
    decimal: Option<Decimal>,
    /// The form of dates, such as %d.%m.%Y [default: that of the server, or RFC 3339]
    #[arg(long, value_name = "FORMAT", help_heading = "Form")]
    date_format: Option<String>,
    #[arg(
        help = "Read messages of kafka://BROKERS/TOPIC?group=GROUP or nats://BROKERS/STREAM?consumer=CONSUMER instead of files"
    )]
    #[arg(long, value_name = "URL", help_heading = "Streams", conflicts_with_all = ["files", "journal", "rejects", "dry_run", "max_errors", "delimiter", "encoding"])]
    pub(super) from: Option<String>,
    /// Where rejected messages go: a file (.ndjson) or topic:NAME; without it the first one ends the run
    #[arg(long, value_name = "FILE|topic:NAME", help_heading = "Streams", requires = "from")]
    pub(super) dead_letter: Option<String>,
    /// How long a message waits for others
    #[arg(long, value_name = "DURATION", help_heading = "Streams", default_value = "1s", value_parser = duration)]
    pub(super) linger: Duration,
    /// End once no message has come for so long
    #[arg(long, value_name = "DURATION", help_heading = "Streams", requires = "from", value_parser = duration)]
    pub(super) until_idle: Option<Duration>,
    /// Serve /healthz and /metrics at this address, such as 127.0.0.1:9090
    #[arg(long, value_name = "ADDRESS", help_heading = "Streams", requires = "from")]
    pub(super) listen: Option<std::net::SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Decimal {
    Point,
    Comma,
}

/// How many rows may be rejected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MostErrors {
    Count(u64),
    Percent(f64),
}

impl MostErrors {
    /// Whether too many are. A share is known once there are a hundred rows, or all of them.
    pub(super) fn are_passed(self, rejected: u64, rows: u64, is_end: bool) -> bool {
        match self {
            Self::Count(most) => rejected > most,
            #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
            Self::Percent(most) => (is_end || rows >= 100) && rejected as f64 * 100.0 > most * rows as f64,
        }
    }
}

fn most_errors(text: &str) -> Result<MostErrors, String> {
    match text.strip_suffix('%') {
        Some(share) => match share.trim().parse::<f64>() {
            Ok(share) if (0.0..=100.0).contains(&share) => Ok(MostErrors::Percent(share)),
            _ => Err("expected a share from 0% to 100%".to_owned()),
        },
        None => text.parse().map(MostErrors::Count).map_err(|_| "expected a number, or a share such as 5%".to_owned()),
    }
}

fn rate(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse();
    number.ok().filter(|rate| *rate > 0).ok_or_else(|| "expected how many rows a second, such as 500/s".to_owned())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("expected FIELD=VALUE")?;
    Ok((field.trim().to_owned(), value.to_owned()))
}

impl Ingest {
    /// Which column is which field.
    pub(super) fn mapping(&self) -> Result<Mapping, CliError> {
        let mut mapping = Mapping::default();
        for text in &self.map {
            let pairs = if text.contains('=') { text.split(',').map(str::to_owned).collect() } else { lines(text)? };
            for one in pairs {
                let (field, column) =
                    pair(&one).map_err(|_| CliError::usage(format!("--map {one}: expected FIELD=COLUMN")).stating())?;
                mapping = mapping.column(field, column.trim());
            }
        }
        for (field, value) in &self.set {
            mapping = mapping.constant(field, value);
        }
        if self.ignore_extra {
            mapping = mapping.ignore_extra();
        }
        if let Some(text) = &self.wide {
            let column = match text.split_once('=') {
                None => text.as_str(),
                Some((column, "processInstanceId") | ("processInstanceId", column)) => column,
                Some(_) => {
                    let problem = format!(
                        "--wide {text}: expected the column with the process instance, as in id=processInstanceId"
                    );
                    return Err(CliError::usage(problem).stating());
                }
            };
            mapping = mapping.wide(column);
        }
        Ok(mapping)
    }

    pub(super) fn rules(&self) -> ValueRules {
        ValueRules { has_decimal_comma: self.decimal == Some(Decimal::Comma), date_format: self.date_format.clone() }
    }

    pub(super) fn read_options<T: Ingestible>(&self, mapping: &Mapping) -> Result<ReadOptions, CliError> {
        let delimiter = match self.delimiter {
            None => None,
            Some(character) => Some(u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| {
                CliError::usage(format!("--delimiter {character:?}: it must be one ASCII character")).stating()
            })?),
        };
        let likely = T::FIELDS.iter().copied().chain(mapping.columns()).map(str::to_owned).collect();
        Ok(ReadOptions { delimiter, encoding: self.encoding.clone(), likely })
    }
}

/// The lines of a file that are not empty, and no comments.
fn lines(path: &str) -> Result<Vec<String>, CliError> {
    let text = crate::input::read(std::path::Path::new(path))?;
    let text = String::from_utf8_lossy(&text);
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect())
}
