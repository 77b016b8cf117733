//! Many reports at once: definitions and data, with a state that a killed run continues from.

#[cfg(feature = "bulk")]
mod book;
mod many;
mod state;
mod status;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::app::App;
use crate::error::CliError;
use crate::export::{FormArgs, PageArgs};
use crate::output::Outcome;

/// Export definitions and data of many reports into a directory or object store
///
/// Each report is a file, or one for each of its tables, with a manifest beside it; with -f each is a sheet of one workbook, which
/// is there only if none failed. A combined report has no data of its own. The command ends with a row for each report, and exits
/// with 8 if one failed.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Export {
    #[command(subcommand)]
    command: Option<ExportCommand>,
    #[command(flatten)]
    many: ManyArgs,
}

#[derive(Debug, Subcommand)]
enum ExportCommand {
    Status(status::Status),
}

#[derive(Args, Clone, Debug)]
struct ManyArgs {
    /// The reports of these collections
    #[arg(long, value_name = "ID", required_unless_present = "all", num_args = 1.., value_delimiter = ',')]
    collection: Vec<String>,
    /// The reports of all collections (8.7 and later)
    #[arg(long, conflicts_with = "collection")]
    all: bool,
    /// The directory or URL (s3://, gs://, az://) to write to
    #[arg(short, long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// One workbook (.xlsx) with a sheet for each report instead
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["directory", "concurrency", "shard", "resume", "schema"])]
    file: Option<PathBuf>,
    /// How many reports are read at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    concurrency: u32,
    /// Of N shares of the reports, do the one with this number, counted from 0
    #[arg(long, value_name = "I/N", default_value = "0/1", value_parser = shard)]
    shard: Shard,
    /// How many cursors all shares together may keep open at the server
    #[arg(long, value_name = "N", default_value_t = 50)]
    cursor_budget: u32,
    /// Continue a run that did not end: what it completed is left alone
    #[arg(long)]
    resume: bool,
    /// Fail if a file is there already
    #[arg(long)]
    no_clobber: bool,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    pages: PageArgs,
}

/// A share of the reports: which, and of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    number: u32,
    all: u32,
}

fn shard(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(number, all)| Some((number.parse().ok()?, all.parse().ok()?)));
    match parsed {
        Some((number, all)) if number < all => Ok(Shard { number, all }),
        Some((_, all)) if all > 0 => Err(format!("the number must be from 0 to {}", all - 1)),
        _ => Err("expected two numbers, as in 0/4".to_owned()),
    }
}

impl Export {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self.command {
            Some(ExportCommand::Status(status)) => status.run(app).await,
            None => self.many.run(app).await,
        }
    }
}
