//! One response of a data export, split into rows without copying or interpreting them.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind};
use crate::operation;
use crate::transport::decode;

/// One page of a raw-data report, or the whole of any other.
///
/// ```
/// use optimize_api::{DataPage, PageData};
///
/// let body = r#"{"numberOfRecordsInResponse":1,"totalNumberOfRecords":1,"reportId":"r","data":12.5}"#;
/// let page = DataPage::from_json(&body.into())?;
/// assert!(matches!(page.data, PageData::Value(number) if number.json() == "12.5"));
/// # Ok::<(), optimize_api::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataPage {
    /// The report, as the server echoes it.
    pub report_id: String,
    /// A remark of the server, for example that it disregarded the page size.
    pub message: Option<String>,
    /// The number of rows in all pages; 1 for a number, 0 for no data.
    pub total: u64,
    /// What the report holds.
    pub data: PageData,
    pub(crate) cursor: Option<String>,
}

/// The `data` of a page. The response does not name its kind, so its shape decides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageData {
    /// Raw data of a process or decision, or the groups of a map or hyper-map.
    Rows(Vec<Row>),
    /// A single value: a number in every release so far.
    Value(Row),
    /// Nothing to compute.
    Missing,
}

/// One element of a report's data: its JSON text exactly as the server sent it. Cheap to clone.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// let mut rows = client.reports().data("claims-by-month").rows();
/// let row = rows.next().await.ok_or("a group")??;
/// let group: optimize_api::GroupedRow = serde_json::from_slice(row.as_bytes())?;
/// assert!(group.value.is_some());
/// # Ok(())
/// # });
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Row(Bytes);

impl Row {
    /// The JSON text.
    #[expect(clippy::missing_panics_doc, reason = "a raw JSON value is always UTF-8")]
    pub fn json(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a raw JSON value is text")
    }

    /// The bytes of the JSON text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The JSON value itself.
impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decode::raw(&self.0, serializer)
    }
}

impl AsRef<[u8]> for Row {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Row> for Bytes {
    fn from(row: Row) -> Self {
        row.0
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json())
    }
}

impl DataPage {
    /// Reads a response of the server, such as one kept in a file. The rows share its memory.
    ///
    /// Fails with [`Misconfigured`](crate::ErrorKind::Misconfigured) if it is not a data page: every release states both
    /// counts, and `data` is missing only where there is nothing to compute.
    pub fn from_json(body: &Bytes) -> Result<Self, Error> {
        let row = |raw: &RawValue| Row(body.slice_ref(raw.get().as_bytes()));
        // Nearly every response holds an array, which is split in a single pass; a single value takes a second one.
        if let Ok(response) = serde_json::from_slice::<PageBody<Vec<&RawValue>>>(body) {
            return Self::new(response, |rows| Some(PageData::Rows(rows.into_iter().map(row).collect())));
        }
        let response: PageBody<&RawValue> = decode::json(&operation::REPORT_DATA, body)?;
        Self::new(response, |value| is_scalar(value).then(|| PageData::Value(row(value))))
    }

    fn new<T>(response: PageBody<T>, data: impl FnOnce(T) -> Option<PageData>) -> Result<Self, Error> {
        let is_no_page = |what: &str| {
            Error::new(
                &operation::REPORT_DATA,
                ErrorKind::Misconfigured,
                format!("the response is not a page of data: {what}"),
            )
        };
        let Some(total) = response.total_number_of_records else {
            return Err(is_no_page("`totalNumberOfRecords` is missing"));
        };
        let Some(here) = response.number_of_records_in_response else {
            return Err(is_no_page("`numberOfRecordsInResponse` is missing"));
        };
        let data = match response.data.map(data) {
            None if here == 0 => PageData::Missing,
            None => return Err(is_no_page("`data` is missing")),
            Some(None) => return Err(is_no_page("`data` is an object")),
            Some(Some(data)) => data,
        };
        let cursor = response.search_request_id.filter(|cursor| !cursor.is_empty());
        Ok(Self { report_id: response.report_id.unwrap_or_default(), message: response.message, total, data, cursor })
    }

    /// How many rows this page has. Counted, not taken from `numberOfRecordsInResponse`.
    pub fn row_count(&self) -> u64 {
        match &self.data {
            PageData::Rows(rows) => rows.len() as u64,
            PageData::Value(_) => 1,
            PageData::Missing => 0,
        }
    }

    /// The rows of this page; a single value is one row.
    pub fn into_rows(self) -> Vec<Row> {
        match self.data {
            PageData::Rows(rows) => rows,
            PageData::Value(row) => vec![row],
            PageData::Missing => Vec::new(),
        }
    }

    pub(crate) fn truncate(&mut self, rows: u64) {
        if let PageData::Rows(all) = &mut self.data {
            all.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
        }
    }
}

/// Whether a value can be the result of a report that is one value. An object cannot: groups come in an array.
fn is_scalar(value: &RawValue) -> bool {
    !value.get().starts_with('{')
}

/// What stands before the rows of a page and says that another follows it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PageHead {
    pub(super) cursor: String,
    /// As announced, not counted.
    pub(super) rows: u64,
}

impl PageHead {
    /// Reads no further than the beginning of `data`. `None` if the page has no rows or no cursor, or says so only later.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut head = Self::default();
        // The error at `data` is how the reading ends; whether the rest is sound is for those who read all of it.
        let _ = serde_json::Deserializer::from_slice(body).deserialize_map(HeadVisitor(&mut head));
        (head.rows > 0 && !head.cursor.is_empty()).then_some(head)
    }
}

struct HeadVisitor<'a>(&'a mut PageHead);

impl<'de> Visitor<'de> for HeadVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a data page")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "searchRequestId" => self.0.cursor = members.next_value::<Option<String>>()?.unwrap_or_default(),
                "numberOfRecordsInResponse" => self.0.rows = members.next_value()?,
                "data" => break,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageBody<T> {
    search_request_id: Option<String>,
    message: Option<String>,
    number_of_records_in_response: Option<u64>,
    total_number_of_records: Option<u64>,
    report_id: Option<String>,
    data: Option<T>,
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
