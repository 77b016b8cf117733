//! One answer of a data export, split into rows without copying or interpreting them.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use crate::transport::decode;
use crate::{Error, Operation};

/// One page of a raw-data report, or the whole of any other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DataPage {
    /// The report, as the server echoes it.
    pub report_id: String,
    /// A remark of the server, for example that it disregarded the page size.
    pub message: Option<String>,
    /// The rows there are in all pages; 1 for a number, 0 for no data. Every release known to us states it.
    pub total: Option<u64>,
    /// What the report holds.
    pub data: PageData,
    pub(crate) cursor: Option<String>,
}

/// The `data` of a page. The answer does not name its kind, so it is told by its shape.
#[derive(Clone, Debug)]
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
#[derive(Clone, PartialEq, Eq)]
pub struct Row(Bytes);

impl Row {
    /// The JSON text.
    pub fn json(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a raw JSON value is text")
    }

    /// The bytes of the JSON text.
    pub fn as_bytes(&self) -> &[u8] {
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
    pub(crate) fn read(operation: &'static Operation, body: Bytes) -> Result<Self, Error> {
        let answer: Answer = decode::json(operation, &body)?;
        let data = match answer.data {
            Elements::Missing => PageData::Missing,
            Elements::Several(rows) => {
                PageData::Rows(rows.into_iter().map(|row| Row(body.slice_ref(row.get().as_bytes()))).collect())
            }
            Elements::One => {
                let Scalar { data } = decode::json(operation, &body)?;
                PageData::Value(Row(body.slice_ref(data.get().as_bytes())))
            }
        };
        let cursor = answer.search_request_id.filter(|cursor| !cursor.is_empty());
        let (report_id, message) = (answer.report_id.unwrap_or_default(), answer.message);
        Ok(Self { report_id, message, total: answer.total_number_of_records, data, cursor })
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    search_request_id: Option<String>,
    message: Option<String>,
    total_number_of_records: Option<u64>,
    report_id: Option<String>,
    #[serde(borrow, default)]
    data: Elements<'a>,
}

#[derive(Deserialize)]
struct Scalar<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

/// `data` in a single pass: the elements of an array as slices. Of anything else only that it is there, since going
/// through a serde type would change the digits of a number.
#[derive(Default)]
enum Elements<'a> {
    #[default]
    Missing,
    Several(Vec<&'a RawValue>),
    One,
}

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementsVisitor)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("report data")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = elements.next_element()? {
            rows.push(row);
        }
        Ok(Elements::Several(rows))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Elements::Missing)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Elements::One)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Elements::One)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Elements::One)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Elements::One)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Elements::One)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Elements::One)
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
