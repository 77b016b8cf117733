//! Collections and reports of a test's own, beside the demo data.

use serde_json::Value;

/// The data of a report of one's own.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> std::io::Result<()> {
/// use optimize_sandbox::{ReportData, Sandbox};
/// use serde_json::json;
///
/// let rows = vec![json!({"processInstanceId": "1", "variables": {"amount": "12.5"}})];
/// let sandbox = Sandbox::builder().report("payments", "payments-raw", ReportData::Raw(rows)).start().await?;
/// # drop(sandbox);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ReportData {
    /// Raw data, which comes in pages: a row each, sent as it is.
    Raw(Vec<Value>),
    /// The groups of a report that groups, which come in one response.
    Grouped(Vec<Value>),
    /// A number; `None` if there is nothing to compute.
    Number(Option<f64>),
}

/// What a test has added.
#[derive(Debug, Default)]
pub(crate) struct Own {
    /// Ids and names of collections.
    pub(crate) collections: Vec<(String, String)>,
    /// Collections, ids and data of reports.
    pub(crate) reports: Vec<(String, String, ReportData)>,
    /// Definitions, each with its collection.
    pub(crate) definitions: Vec<(String, Value)>,
}
