//! Reports of every kind, recognized by what they return.

use optimize_api::{Client, Error, GroupedRow, HyperMapRow, PageData, ProcessInstanceRow};

/// What a report returns, in a few words.
pub async fn describe(client: &Client, report: &str) -> Result<String, Error> {
    let mut pages = client.reports().data(report).limit(1000).pages();
    let Some(page) = pages.next().await else { return Ok("nothing".to_owned()) };
    let page = page?;
    Ok(match &page.data {
        PageData::Value(number) => format!("the number {}", number.json()),
        PageData::Rows(rows) => match rows.first() {
            None => "no rows".to_owned(),
            Some(row) if is::<ProcessInstanceRow>(row.as_bytes(), "processInstanceId") => {
                format!("{} process instances", page.total)
            }
            // A number for each part of a group; plain groups have one number each.
            Some(row)
                if serde_json::from_slice::<HyperMapRow>(row.as_bytes()).is_ok_and(|row| !row.value.is_empty()) =>
            {
                format!("{} groups with parts", rows.len())
            }
            Some(row) if is::<GroupedRow>(row.as_bytes(), "key") => format!("{} groups", rows.len()),
            Some(_) => format!("{} rows", rows.len()),
        },
        _ => "nothing".to_owned(),
    })
}

/// Whether a row can be read as this type and has the member that only it has.
fn is<T: serde::de::DeserializeOwned>(row: &[u8], member: &str) -> bool {
    let has = serde_json::from_slice::<serde_json::Value>(row).is_ok_and(|row| row.get(member).is_some());
    has && serde_json::from_slice::<T>(row).is_ok()
}
