//! The data of a report, of any kind and size.

mod page;

use std::time::Duration;

use futures_core::Stream;
use futures_util::stream::{self, TryStreamExt};

use crate::transport::spec::RequestSpec;
use crate::{Client, Error, ErrorKind, ReportId, operation};

pub use page::{DataPage, PageData, Row};

/// The longest page the server gives.
const LARGEST_PAGE: u32 = 10_000;
/// The shortest lifetime the server gives a cursor.
const SHORTEST_CURSOR_TIMEOUT: Duration = Duration::from_secs(60);

/// An export of a report's data. `GET /api/public/export/report/{id}/result/json`, since 8.0 and C7 3.7.
///
/// Raw-data reports come in pages of a snapshot; [`pages`](Self::pages) and [`rows`](Self::rows) follow the cursor to its
/// end. All other reports (number, map, hyper-map) come in one answer. Combined reports have no data.
///
/// The first page is sent again after a transient failure. A follow-up page never is, since the cursor moves on even if
/// the answer is lost: that is an error of kind [`Incomplete`](ErrorKind::Incomplete), as is a number of rows that differs
/// from the total the server stated. An unknown report is [`NotFound`](ErrorKind::NotFound) up to 8.6 and a 500,
/// [`Rejected`](ErrorKind::Rejected), from 8.7 on.
#[derive(Clone, Debug)]
#[must_use]
pub struct DataExport {
    client: Client,
    report: ReportId,
    page_size: u32,
    cursor_timeout: Duration,
    limit: Option<u64>,
}

impl DataExport {
    pub(crate) fn new(client: Client, report: ReportId) -> Self {
        Self { client, report, page_size: 1000, cursor_timeout: Duration::from_secs(120), limit: None }
    }

    /// Rows a page, 1 to 10000. Default 1000, the server's own. Only raw-data reports heed it.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows;
        self
    }

    /// How long the server keeps the snapshot between two pages, in whole seconds; at least 60 s. Default 120 s.
    pub fn cursor_timeout(mut self, timeout: Duration) -> Self {
        self.cursor_timeout = timeout;
        self
    }

    /// Ends the export after this many rows; no page beyond them is asked for. Default: all rows.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// The pages, each as soon as it has arrived. The empty page that ends a raw-data report is not among them, unless
    /// it is the only one.
    pub fn pages(self) -> impl Stream<Item = Result<DataPage, Error>> + Send + 'static {
        stream::try_unfold(Progress::Start, move |progress| {
            let export = self.clone();
            async move { export.advance(progress).await }
        })
    }

    /// The rows of all pages. A report that is one number gives one row, one without data gives none.
    pub fn rows(self) -> impl Stream<Item = Result<Row, Error>> + Send + 'static {
        self.pages().map_ok(|page| stream::iter(page.into_rows().into_iter().map(Ok))).try_flatten()
    }

    async fn advance(&self, progress: Progress) -> Result<Option<(DataPage, Progress)>, Error> {
        match progress {
            Progress::Start if self.limit == Some(0) => Ok(None),
            Progress::Start => {
                let spec = self.first_page()?;
                let page = self.fetch(&spec).await?;
                let expected = page.total;
                Ok(Some(self.accept(page, 0, expected)))
            }
            Progress::Next { cursor, received, expected } => {
                let spec = self.next_page(&cursor)?;
                let page = self.fetch(&spec).await.map_err(lost_page)?;
                if page.row_count() == 0 {
                    check_total(received, expected)?;
                    return Ok(None);
                }
                Ok(Some(self.accept(page, received, expected)))
            }
            Progress::End { received, expected } => {
                check_total(received, expected)?;
                Ok(None)
            }
            Progress::Limited => Ok(None),
        }
    }

    async fn fetch(&self, spec: &RequestSpec) -> Result<DataPage, Error> {
        self.client.transport.send(spec, |body| DataPage::from_json(&body)).await
    }

    /// Decides what follows a page.
    fn accept(&self, mut page: DataPage, before: u64, expected: Option<u64>) -> (DataPage, Progress) {
        let received = before + page.row_count();
        if let Some(limit) = self.limit
            && received >= limit
        {
            page.truncate(limit - before);
            return (page, Progress::Limited);
        }
        let progress = match page.cursor.clone().filter(|_| page.row_count() > 0) {
            Some(cursor) => Progress::Next { cursor, received, expected },
            None => Progress::End { received, expected },
        };
        (page, progress)
    }

    fn first_page(&self) -> Result<RequestSpec, Error> {
        let operation = &operation::REPORT_DATA;
        if !(1..=LARGEST_PAGE).contains(&self.page_size) {
            let message = format!("the page size is not between 1 and {LARGEST_PAGE}: {}", self.page_size);
            return Err(Error::invalid_input(operation, message));
        }
        if self.cursor_timeout < SHORTEST_CURSOR_TIMEOUT {
            let message = format!("the cursor timeout is shorter than 60s: {:?}", self.cursor_timeout);
            return Err(Error::invalid_input(operation, message));
        }
        let rows = self.limit.map_or(u64::from(self.page_size), |limit| limit.min(self.page_size.into()));
        Ok(RequestSpec::with_id(operation, self.report.as_str())?
            .with_query("limit", rows.to_string())
            .with_query("paginationTimeout", self.cursor_timeout.as_secs().to_string()))
    }

    /// The page size is that of the first page; the timeout renews the cursor's life and would otherwise fall back to the
    /// server's default.
    fn next_page(&self, cursor: &str) -> Result<RequestSpec, Error> {
        Ok(RequestSpec::with_id(&operation::REPORT_DATA_NEXT, self.report.as_str())?
            .with_query("searchRequestId", cursor)
            .with_query("paginationTimeout", self.cursor_timeout.as_secs().to_string()))
    }
}

enum Progress {
    Start,
    Next { cursor: String, received: u64, expected: Option<u64> },
    End { received: u64, expected: Option<u64> },
    Limited,
}

fn check_total(received: u64, expected: Option<u64>) -> Result<(), Error> {
    let Some(expected) = expected.filter(|expected| *expected != received) else { return Ok(()) };
    let message = format!("received {received} rows of the {expected} that the server announced");
    Err(Error::new(&operation::REPORT_DATA_NEXT, ErrorKind::Incomplete, message))
}

/// A failure that leaves the export short of a page. One that stopped before the request could move the cursor for want
/// of credentials stays what it is.
fn lost_page(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Authentication | ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::InvalidInput => error,
        _ => error.into_lost_page(),
    }
}

#[cfg(test)]
#[path = "data_export_tests.rs"]
mod tests;
