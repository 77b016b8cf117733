//! Dashboards.

use crate::client::Client;
use crate::definitions::Definitions;
use crate::error::Error;
use crate::ids::{CollectionId, DashboardId};
use crate::operation;
use crate::transport::spec::RequestSpec;

/// Operations on dashboards.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// let dashboards = client.dashboards();
/// let ids = dashboards.list("claims").await?;
/// // A dashboard comes with the reports that it shows.
/// assert!(dashboards.export_definitions(&ids).await?.len() > ids.len());
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Dashboards {
    pub(crate) client: Client,
}

impl Dashboards {
    /// The ids of the dashboards placed directly in a collection, in no particular order and at most 1000.
    ///
    /// `GET /api/public/dashboard`, since 8.0 and C7 3.8. [`Idempotent`](crate::Retry::Idempotent). A collection that does not exist gives an empty list, as the server does. Private
    /// dashboards cannot be listed.
    pub async fn list(&self, collection: impl Into<CollectionId>) -> Result<Vec<DashboardId>, Error> {
        self.client.transport.fetch_ids(&list(&collection.into())?).await
    }

    /// Deletes a dashboard; its reports stay. `DELETE /api/public/dashboard/{id}`, since 8.0 and C7 3.7.
    /// [`Once`](crate::Retry::Once).
    pub async fn delete(&self, dashboard: impl Into<DashboardId>) -> Result<(), Error> {
        let spec = RequestSpec::with_id(&operation::DASHBOARD_DELETE, dashboard.into().as_str())?;
        self.client.transport.send_void(&spec).await
    }

    /// The definitions of dashboards and of all reports they use: first the reports, then the dashboards.
    /// `POST /api/public/export/dashboard/definition/json`, since 8.0 and C7 3.7. [`Idempotent`](crate::Retry::Idempotent).
    ///
    /// All or nothing: one id that does not exist is [`NotFound`](crate::ErrorKind::NotFound), and a dashboard that still
    /// refers to a deleted report is a 500.
    pub async fn export_definitions(&self, dashboards: &[DashboardId]) -> Result<Definitions, Error> {
        let spec = RequestSpec::new(&operation::DASHBOARD_EXPORT).with_json(&dashboards)?;
        self.client.transport.send(&spec, |body| Definitions::from_response(spec.operation, &body)).await
    }
}

fn list(collection: &CollectionId) -> Result<RequestSpec, Error> {
    RequestSpec::of_collection(&operation::DASHBOARD_LIST, collection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_names_the_collection() {
        let spec = list(&CollectionId::from("c 1&2")).unwrap();
        insta::assert_snapshot!(spec.wire_form(), @"GET /api/public/dashboard?collectionId=c+1%262");
    }
}
