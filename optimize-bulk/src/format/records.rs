//! Rows as JSON objects, with the chosen cells or those of a table.

use bytes::Bytes;

use crate::error::Error;
use crate::shape::Shape;

/// Calls `each` with the JSON text of each record of a row.
pub(super) fn each(
    shape: &mut Shape,
    row: &Bytes,
    number: u64,
    mut each: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    if shape.is_plain() {
        return each(row);
    }
    let outcome = shape.records(row, |record| {
        let members = record
            .iter()
            .map(|(column, cell)| format!("{}:{}", serde_json::Value::from(column.heading()), cell.json()));
        each(format!("{{{}}}", members.collect::<Vec<_>>().join(",")).as_bytes())
    });
    outcome.unwrap_or_else(|_| Err(Error::Row(number, "it is not JSON".to_owned())))
}
