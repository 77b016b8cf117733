//! Definitions that are edited on their way into another collection, and deleted where they were.

use std::error::Error;

use optimize_api::{Client, Definitions, ReportId};
use serde_json::Value;

/// Moves a report into another collection under a new name. The old one is deleted only when the new one is there.
pub async fn move_report(
    client: &Client,
    report: &ReportId,
    collection: &str,
    name: &str,
) -> Result<String, Box<dyn Error>> {
    let exported = client.reports().export_definitions(std::slice::from_ref(report)).await?;
    // A program that edits numbers too would keep their spelling with `serde_json`'s feature `arbitrary_precision`.
    let mut definitions: Vec<Value> = serde_json::from_slice(exported.as_bytes())?;
    for definition in &mut definitions {
        definition["name"] = name.into();
    }
    let edited = Definitions::from_json(serde_json::to_vec(&definitions)?)?;
    let imported = match client.definitions().import(collection, &edited).await {
        Ok(imported) => imported,
        Err(error) if error.may_have_taken_effect() => {
            return Err(format!("look into {collection} before you try again: {error}").into());
        }
        Err(error) => return Err(error.into()),
    };
    let [new] = imported.as_slice() else { return Err("one report was expected".into()) };
    client.reports().delete(report).await?;
    Ok(new.id.clone())
}
