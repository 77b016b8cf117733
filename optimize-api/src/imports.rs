//! Importing definitions.

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::definitions::Definitions;
use crate::error::Error;
use crate::ids::CollectionId;
use crate::operation;
use crate::transport::decode;
use crate::transport::spec::RequestSpec;

/// What an import has made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Imported {
    /// The new id. The server does not say which definition it belongs to.
    pub id: String,
    /// `report` or `dashboard`.
    pub entity_type: String,
}

/// Operations on definitions of reports and dashboards.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// let definitions = client.reports().export_definitions(&["claims-count".into()]).await?;
/// // Nothing is replaced: each definition becomes a new entity.
/// let imported = client.definitions().import("claims", &definitions).await?;
/// assert_eq!(imported.len(), 1);
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Imports {
    pub(crate) client: Client,
}

impl Imports {
    /// Imports definitions into a collection. `POST /api/public/import`, since 8.0 and C7 3.8. [`Never`](crate::Retry::Never) sent
    /// twice.
    ///
    /// Every definition becomes a new entity with a new id; a rejected import leaves nothing behind. The collection's scope
    /// must hold the definitions and tenants that are used, reports that a dashboard or combined report refers to must be
    /// among the definitions, and the index versions must be the server's own. [`Error::server`] says which of these does
    /// not hold.
    pub async fn import(
        &self,
        collection: impl Into<CollectionId>,
        definitions: &Definitions,
    ) -> Result<Vec<Imported>, Error> {
        let spec = import(&collection.into(), definitions)?;
        self.client.transport.send(&spec, |body| decode::json(spec.operation, &body)).await
    }
}

fn import(collection: &CollectionId, definitions: &Definitions) -> Result<RequestSpec, Error> {
    let spec = RequestSpec::of_collection(&operation::IMPORT, collection)?;
    Ok(spec.with_body(definitions.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_sent_as_they_are() {
        let definitions = Definitions::from_json("[ {\"id\":\"1\"} ]").unwrap();
        insta::assert_snapshot!(import(&"c 1".into(), &definitions).unwrap().wire_form(), @r#"
        POST /api/public/import?collectionId=c+1
        [ {"id":"1"} ]
        "#);
    }
}
