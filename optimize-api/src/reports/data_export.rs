//! The data of a report, of any kind and size.

mod page;

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, TryStreamExt};
use optimize_auth::scrub;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::ids::ReportId;
use crate::operation;
use crate::streams::Items;
use crate::transport::spec::RequestSpec;

use page::PageHead;
pub use page::{DataPage, PageData, Row};

/// The longest page the server gives.
const LARGEST_PAGE: u32 = 10_000;
/// The first page of an export that chooses the size of its pages, and the smallest that it chooses.
const PROBE: u32 = 50;
const SMALLEST_PAGE: u32 = 20;
/// The shortest lifetime the server gives a cursor.
const SHORTEST_CURSOR_TIMEOUT: Duration = Duration::from_secs(60);

/// An export of a report's data. `GET /api/public/export/report/{id}/result/json`, since 8.0 and C7 3.7.
///
/// Raw-data reports come in pages of a snapshot; [`pages`](Self::pages) and [`rows`](Self::rows) follow the cursor to its
/// end. All other reports (number, map, hyper-map) come in one response. Combined reports have no data.
///
/// The first page is [`Idempotent`](crate::Retry::Idempotent) to request again after a transient failure. A follow-up page is
/// [`Never`](crate::Retry::Never) requested twice, since the cursor moves on even if
/// the response is lost: that is an error of kind [`Incomplete`](ErrorKind::Incomplete), as is a number of rows that differs
/// from the total of the first page; more rows than that end the export at once. An unknown report is [`NotFound`](ErrorKind::NotFound) up to 8.6 and a 500,
/// [`ServerFault`](ErrorKind::ServerFault), from 8.7 on.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// let mut rows = client.reports().data("orders-raw").page_size(1000).limit(2500).rows();
/// let mut count = 0;
/// while let Some(row) = rows.next().await {
///     assert!(row?.json().starts_with('{'));
///     count += 1;
/// }
/// assert_eq!(count, 2500);
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DataExport {
    client: Client,
    report: ReportId,
    page_size: u32,
    page_bytes: Option<u64>,
    cursor_timeout: Duration,
    limit: Option<u64>,
    prefetch: bool,
}

impl DataExport {
    pub(crate) fn new(client: Client, report: ReportId) -> Self {
        let cursor_timeout = Duration::from_secs(120);
        Self { client, report, page_size: 1000, page_bytes: None, cursor_timeout, limit: None, prefetch: false }
    }

    /// Rows per page, 1 to 10000. Default 1000, as on the server. Only raw-data reports use it.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows;
        self
    }

    /// Chooses the page size, so that a page has about so many bytes: pages of 1000 wide rows have brought servers down
    /// (camunda/camunda issue 54959). A first page of 50 rows shows how long rows are; if there are more rows than that, the
    /// export then begins with pages of the size that fits, from 20 to 10000 rows. Replaces [`page_size`](Self::page_size).
    pub fn page_bytes(mut self, bytes: u64) -> Self {
        self.page_bytes = Some(bytes);
        self
    }

    /// How long the server keeps the snapshot between two pages, in whole seconds; at least 60 s. Default 120 s.
    pub fn cursor_timeout(mut self, timeout: Duration) -> Self {
        self.cursor_timeout = timeout;
        self
    }

    /// Ends the export after this many rows; no page beyond them is requested. Default: all rows.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Whether the next page is requested, in its own task, before the one that has just arrived is decoded. It ends
    /// when the stream is dropped. Two pages are then in memory instead of one. Default false.
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.prefetch = prefetch;
        self
    }

    /// The pages, each as soon as it has arrived. The empty page that ends a raw-data report is not among them, unless
    /// it is the only one.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
    /// # example::with_sandbox(async |client, sandbox| {
    /// let mut pages = client.reports().data("orders-raw").page_size(1000).pages();
    /// let first = pages.next().await.ok_or("a report has a page")??;
    /// assert!(first.total >= first.row_count());
    /// # Ok(())
    /// # });
    /// ```
    pub fn pages(self) -> Pages {
        Pages::new(stream::try_unfold(Progress::Start, move |progress| {
            let export = self.clone();
            async move {
                let advanced = export.advance(progress).await;
                advanced.map_err(|error| error.about(Some(export.report.as_str())))
            }
        }))
    }

    /// The rows of all pages. A report that is one number gives one row, one without data gives none.
    ///
    /// ```no_run
    /// # async fn example(client: optimize_api::Client) -> Result<(), optimize_api::Error> {
    /// let mut rows = client.reports().data("invoices").rows();
    /// while let Some(row) = rows.next().await {
    ///     println!("{}", row?.json());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn rows(self) -> Rows {
        Rows::new(self.pages().map_ok(|page| stream::iter(page.into_rows().into_iter().map(Ok))).try_flatten())
    }

    /// The rows of all pages as `T`, which is read from the JSON of each.
    ///
    /// A row that does not deserialize is an error of kind [`Decode`](ErrorKind::Decode) with its number, counted from 0, and
    /// the part of it that is at fault; it ends the stream. [`ProcessInstanceRow`](crate::ProcessInstanceRow) and its like
    /// read the rows of every release.
    ///
    /// ```no_run
    /// use optimize_api::ProcessInstanceRow;
    ///
    /// # async fn example(client: optimize_api::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut rows = client.reports().data("invoices").rows_as::<ProcessInstanceRow>();
    /// while let Some(row) = rows.next().await {
    ///     let row = row?;
    ///     println!("{:?} cost {:?}", row.process_instance_id, row.variable_as::<f64>("amount")?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn rows_as<T: DeserializeOwned + Send + 'static>(self) -> RowsAs<T> {
        let mut place = 0_u64;
        let report = self.report.clone();
        RowsAs::new(self.rows().and_then(move |row| {
            let read = serde_json::from_str(row.json()).map_err(|error: serde_json::Error| {
                let part = part_at(row.json(), error.column());
                let message = format!("row {place} is not of the expected type, near {part}");
                let error = Error::new(&operation::REPORT_DATA, ErrorKind::Decode, message).with_source(error);
                error.about(Some(report.as_str()))
            });
            place += 1;
            std::future::ready(read)
        }))
    }

    async fn advance(&self, progress: Progress) -> Result<Option<(DataPage, Progress)>, Error> {
        match progress {
            Progress::Start if self.limit == Some(0) => Ok(None),
            Progress::Start => {
                let body = self.begin().await?;
                let (page, ahead) = self.read(&body, 0).await?;
                let expected = page.total;
                self.accept(page, ahead, 0, expected).map(Some)
            }
            Progress::Next { body, received, expected } => {
                let body = body.await.map_err(lost_page)?;
                let (page, ahead) = self.read(&body, received).await.map_err(lost_page)?;
                if page.row_count() == 0 {
                    Self::check_total(received, expected)?;
                    return Ok(None);
                }
                self.accept(page, ahead, received, expected).map(Some)
            }
            Progress::End { received, expected } => {
                Self::check_total(received, expected)?;
                Ok(None)
            }
            Progress::Limited => Ok(None),
        }
    }

    /// The first page.
    async fn begin(&self) -> Result<Bytes, Error> {
        let is_short = self.limit.is_some_and(|limit| limit <= u64::from(PROBE));
        let Some(bytes) = self.page_bytes.filter(|_| !is_short) else {
            return fetch(self.client.clone(), self.first_page()?).await;
        };
        let probe = Self { page_size: PROBE, cursor_timeout: SHORTEST_CURSOR_TIMEOUT, ..self.clone() };
        let body = fetch(self.client.clone(), probe.first_page()?).await?;
        let page = DataPage::from_json(&body)?;
        let rows = page.row_count();
        if rows < u64::from(PROBE) || page.total <= rows || page.cursor.is_none() {
            return Ok(body);
        }
        let fitting = bytes / (body.len() as u64 / rows).max(1);
        let page_size = u32::try_from(fitting).unwrap_or(LARGEST_PAGE).clamp(SMALLEST_PAGE, LARGEST_PAGE);
        tracing::debug!(page_size, "rows are of known length");
        fetch(self.client.clone(), Self { page_size, ..self.clone() }.first_page()?).await
    }

    /// Decodes a page. With [`prefetch`](Self::prefetch) the next one is requested first, so that the server works on it
    /// meanwhile; if the page does not begin with what that needs, nothing is requested ahead.
    async fn read(&self, body: &Bytes, before: u64) -> Result<(DataPage, Option<Ahead>), Error> {
        let mut ahead = None;
        if let Some(head) = self.prefetch.then(|| PageHead::read(body)).flatten()
            && self.limit.is_none_or(|limit| before + head.rows < limit)
        {
            let body = spawned(fetch(self.client.clone(), self.next_page(&head.cursor)?));
            ahead = Some(Ahead { cursor: head.cursor, body });
            // The request is sent before this task continues, even on a single thread.
            tokio::task::yield_now().await;
        }
        Ok((DataPage::from_json(body)?, ahead))
    }

    /// Decides what follows a page.
    fn accept(
        &self,
        mut page: DataPage,
        ahead: Option<Ahead>,
        before: u64,
        expected: u64,
    ) -> Result<(DataPage, Progress), Error> {
        let received = before + page.row_count();
        // A cursor that never ends must not be followed for ever.
        if received > expected {
            Self::check_total(received, expected)?;
        }
        if let Some(limit) = self.limit
            && received >= limit
        {
            page.truncate(limit - before);
            return Ok((page, Progress::Limited));
        }
        let Some(cursor) = page.cursor.as_deref().filter(|_| page.row_count() > 0) else {
            return Ok((page, Progress::End { received, expected }));
        };
        let body = match ahead.filter(|ahead| ahead.cursor == cursor) {
            Some(ahead) => ahead.body,
            None => Box::pin(fetch(self.client.clone(), self.next_page(cursor)?)),
        };
        Ok((page, Progress::Next { body, received, expected }))
    }

    fn check_total(received: u64, expected: u64) -> Result<(), Error> {
        if received == expected {
            return Ok(());
        }
        let message = format!("received {received} rows of the {expected} that the server announced");
        Err(Error::new(&operation::REPORT_DATA_NEXT, ErrorKind::Incomplete, message))
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

/// The pages of a [`DataExport`].
pub type Pages = Items<Result<DataPage, Error>>;

/// The rows of a [`DataExport`].
pub type Rows = Items<Result<Row, Error>>;

/// The rows of a [`DataExport`], as a type of the program.
pub type RowsAs<T> = Items<Result<T, Error>>;

/// A short part of a row that ends at a column, fit to be shown.
fn part_at(json: &str, column: usize) -> String {
    const LONGEST: usize = 60;
    let mut end = column.min(json.len());
    while !json.is_char_boundary(end) {
        end += 1;
    }
    let mut start = end.saturating_sub(LONGEST);
    while !json.is_char_boundary(start) {
        start += 1;
    }
    format!("`{}`", scrub(&json[start..end], &[]))
}

enum Progress {
    Start,
    Next { body: Body, received: u64, expected: u64 },
    End { received: u64, expected: u64 },
    Limited,
}

/// The response that holds a page, once it has arrived.
type Body = BoxFuture<'static, Result<Bytes, Error>>;

/// A page that is on its way before the one before it is decoded.
struct Ahead {
    cursor: String,
    body: Body,
}

async fn fetch(client: Client, spec: RequestSpec) -> Result<Bytes, Error> {
    client.transport.send(&spec, Ok).await
}

/// Starts at once; ends when the response is dropped.
fn spawned(body: impl Future<Output = Result<Bytes, Error>> + Send + 'static) -> Body {
    // A set of one: it aborts its task when it is dropped.
    let mut tasks = JoinSet::new();
    tasks.spawn(body.in_current_span());
    Box::pin(async move {
        match tasks.join_next().await {
            Some(Ok(body)) => body,
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            _ => Err(Error::new(&operation::REPORT_DATA_NEXT, ErrorKind::Incomplete, "the program is ending")),
        }
    })
}

/// A failure that leaves the export short of a page. One that stopped before the request could move the cursor for want
/// of credentials stays what it is.
fn lost_page(error: Error) -> Error {
    match error.kind() {
        _ if error.is_too_large() => error,
        ErrorKind::Authentication | ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::InvalidInput => error,
        _ => error.into_lost_page(),
    }
}

#[cfg(test)]
#[path = "data_export_tests.rs"]
mod tests;
