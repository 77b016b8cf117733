//! Reports.

pub(crate) mod data_export;

use data_export::DataExport;

use crate::client::Client;
use crate::definitions::Definitions;
use crate::error::Error;
use crate::ids::{CollectionId, ReportId};
use crate::operation;
use crate::transport::spec::RequestSpec;

/// Operations on reports.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// let reports = client.reports();
/// let ids = reports.list("claims").await?;
/// let definitions = reports.export_definitions(&ids).await?;
/// assert_eq!(definitions.len(), ids.len());
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Reports {
    pub(crate) client: Client,
}

impl Reports {
    /// The ids of the reports placed directly in a collection, in no particular order and at most 1000.
    ///
    /// `GET /api/public/report`, since 8.0 and C7 3.8. [`Idempotent`](crate::Retry::Idempotent). A collection that does not exist gives an empty list, as the server does. Private
    /// reports cannot be listed.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
    /// # example::with_sandbox(async |client, sandbox| {
    /// let ids = client.reports().list("claims").await?;
    /// assert!(ids.contains(&"claims-raw".into()));
    /// # Ok(())
    /// # });
    /// ```
    pub async fn list(&self, collection: impl Into<CollectionId>) -> Result<Vec<ReportId>, Error> {
        self.client.transport.fetch_ids(&list(&collection.into())?).await
    }

    /// Deletes a report. `DELETE /api/public/report/{id}`, since 8.0 and C7 3.7. [`Once`](crate::Retry::Once).
    ///
    /// It also goes from the dashboards and combined reports that use it, and its alerts go. One that does not exist is
    /// [`NotFound`](crate::ErrorKind::NotFound), unless an earlier attempt of the same call may have deleted it.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
    /// # example::with_sandbox(async |client, sandbox| {
    /// client.reports().delete("claims-count").await?;
    /// assert!(!client.reports().list("claims").await?.contains(&"claims-count".into()));
    /// # Ok(())
    /// # });
    /// ```
    pub async fn delete(&self, report: impl Into<ReportId>) -> Result<(), Error> {
        let spec = RequestSpec::with_id(&operation::REPORT_DELETE, report.into().as_str())?;
        self.client.transport.send_void(&spec).await
    }

    /// The definitions of reports, each once, in no particular order; a combined report brings those it is made of.
    /// `POST /api/public/export/report/definition/json`, since 8.0 and C7 3.7. [`Idempotent`](crate::Retry::Idempotent).
    ///
    /// All or nothing: one id that does not exist is [`NotFound`](crate::ErrorKind::NotFound).
    pub async fn export_definitions(&self, reports: &[ReportId]) -> Result<Definitions, Error> {
        let spec = RequestSpec::new(&operation::REPORT_EXPORT).with_json(&reports)?;
        self.client.transport.send(&spec, |body| Definitions::from_response(spec.operation, &body)).await
    }

    /// The data of a report, page by page or row by row; see [`DataExport`].
    pub fn data(&self, report: impl Into<ReportId>) -> DataExport {
        DataExport::new(self.client.clone(), report.into())
    }
}

fn list(collection: &CollectionId) -> Result<RequestSpec, Error> {
    RequestSpec::of_collection(&operation::REPORT_LIST, collection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_names_the_collection() {
        let spec = list(&CollectionId::from("c0ffee00-aaaa")).unwrap();
        insta::assert_snapshot!(spec.wire_form(), @"GET /api/public/report?collectionId=c0ffee00-aaaa");
    }

    #[test]
    fn an_empty_collection_id_is_refused_before_it_is_sent() {
        let error = list(&CollectionId::from("")).unwrap_err();
        insta::assert_snapshot!(error, @"failed to list the reports of the collection: the collection id is empty");
    }
}
