//! Dashboards.

use crate::reports::collection_members;
use crate::transport::spec::RequestSpec;
use crate::{Client, CollectionId, DashboardId, Error, operation};

/// Operations on dashboards.
#[derive(Clone, Debug)]
pub struct Dashboards {
    pub(crate) client: Client,
}

impl Dashboards {
    /// The ids of the dashboards placed directly in a collection, in no particular order and at most 1000.
    ///
    /// `GET /api/public/dashboard`. A collection that does not exist gives an empty list, as the server does. Private
    /// dashboards cannot be listed.
    pub async fn list(&self, collection: &CollectionId) -> Result<Vec<DashboardId>, Error> {
        self.client.transport.fetch_ids(&list(collection)?).await
    }
}

fn list(collection: &CollectionId) -> Result<RequestSpec, Error> {
    collection_members(&operation::DASHBOARD_LIST, collection)
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
