//! A program that reads report data.

use futures_util::TryStreamExt;
use optimize_api::{Client, Error, ReportId};

/// How many rows the reports of a collection have, by report.
pub async fn rows(client: &Client, collection: &str) -> Result<Vec<(ReportId, usize)>, Error> {
    let mut counts = Vec::new();
    for report in client.reports().list(&collection.into()).await? {
        let rows: Vec<_> = client.reports().data(&report).rows().try_collect().await?;
        counts.push((report, rows.len()));
    }
    Ok(counts)
}
