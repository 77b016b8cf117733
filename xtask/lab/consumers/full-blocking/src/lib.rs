//! A program without async.

use optimize_api::{Blocking, Client, Error};

/// How many rows a report has.
pub fn rows(blocking: &Blocking, client: &Client, report: &str) -> Result<usize, Error> {
    let mut count = 0;
    for row in blocking.iterate(client.reports().data(&report.into()).rows()) {
        row?;
        count += 1;
    }
    Ok(count)
}
