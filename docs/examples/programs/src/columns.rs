//! Rows as columns, for a library of data frames.

use std::time::SystemTime;

use optimize_api::{Client, Date, Error};
use serde::Deserialize;

/// What this program needs of a row; the rest is skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    process_instance_id: String,
    start_date: Date,
    /// In milliseconds; null while it runs.
    duration: Option<f64>,
}

/// One column for each member.
#[derive(Debug, Default)]
pub struct Columns {
    /// The ids of the instances.
    pub ids: Vec<String>,
    /// When they started.
    pub starts: Vec<SystemTime>,
    /// How long they took, in milliseconds.
    pub durations: Vec<Option<f64>>,
}

/// Reads a raw-data report of processes.
pub async fn read(client: &Client, report: &str) -> Result<Columns, Error> {
    let mut columns = Columns::default();
    let mut rows = client.reports().data(report).rows_as::<Order>();
    while let Some(row) = rows.next().await {
        let row = row?;
        columns.ids.push(row.process_instance_id);
        columns.starts.push(row.start_date.into());
        columns.durations.push(row.duration);
    }
    Ok(columns)
}
