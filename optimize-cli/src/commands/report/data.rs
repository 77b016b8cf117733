use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use futures_util::{StreamExt, TryStreamExt};
use optimize_api::{DataPage, PageData};

use crate::app::App;
use crate::commands::id;
use crate::config::duration;
use crate::error::CliError;
use crate::output::{Batch, Data, Outcome};

/// Print the data of a report, all pages
///
/// Raw-data reports give the rows exactly as the server sent them, grouped reports one row per group, a number report
/// one record.
#[derive(Args, Debug)]
pub(crate) struct ReportData {
    /// The id of the report, as in the address of its page
    id: String,
    /// Stop after this many rows
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Rows per page
    #[arg(long, value_name = "ROWS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    page_size: u32,
    /// How long the server keeps the snapshot between two pages, at least 60s
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = duration)]
    cursor_timeout: Duration,
    /// Write to this file, completely or not at all
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Restart up to N times if a page is lost
    #[arg(long, value_name = "N", default_value_t = 0, requires = "file")]
    restart: u32,
    /// Escape CSV cells that a spreadsheet would run as formulas
    #[arg(long)]
    csv_safe: bool,
}

impl ReportData {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let mut export = app.client().await?.reports().data(id::of("report", &self.id)?);
        export = export.page_size(self.page_size).cursor_timeout(self.cursor_timeout).prefetch(true);
        if let Some(rows) = self.limit {
            export = export.limit(rows);
        }
        let mut data = Data::new(move || export.clone().pages().map_ok(batch).map_err(CliError::from).boxed_local());
        data.file = self.file;
        data.restarts = self.restart;
        data.is_csv_safe = self.csv_safe;
        Ok(Outcome::Data(data))
    }
}

/// A page as it is shown. A single value becomes the record `{"value"}`.
fn batch(page: DataPage) -> (Batch, Option<u64>) {
    // The server notes that it returned more rows than a page has, which the user did not ask about.
    tracing::info!(notice = page.message, "page arrived");
    let total = Some(page.total);
    let batch = match page.data {
        PageData::Value(value) => Batch::Record([b"{\"value\":", value.as_bytes(), b"}"].concat().into()),
        _ => Batch::Rows(page.into_rows().into_iter().map(Bytes::from).collect()),
    };
    (batch, total)
}
