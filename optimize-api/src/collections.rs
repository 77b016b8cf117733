//! Collections. These operations are not in the published documentation; servers have them from 8.7 on.

use bytes::Bytes;
use serde::{Deserialize, Serialize, Serializer};

use crate::client::Client;
use crate::error::Error;
use crate::ids::CollectionId;
use crate::operation;
use crate::transport::decode;
use crate::transport::spec::RequestSpec;

/// Operations on collections.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// use optimize_api::ScopeEntry;
///
/// let id = client.collections().create("Depot", "demo").await?;
/// client.collections().set_scope(&id, &[ScopeEntry::process("order-process")]).await?;
/// assert_eq!(client.collections().get(&id).await?.name, "Depot");
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Collections {
    pub(crate) client: Client,
}

/// A collection as the server describes it. Its inside is not documented, so it is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collection {
    /// The id.
    pub id: CollectionId,
    /// The name; empty if the server left it out.
    pub name: String,
    json: Bytes,
}

impl Collection {
    pub(crate) fn read(json: Bytes) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Head {
            id: CollectionId,
            name: Option<String>,
        }
        let head: Head = decode::json(&operation::COLLECTION_GET, &json)?;
        Ok(Self { id: head.id, name: head.name.unwrap_or_default(), json })
    }

    /// The JSON text exactly as the server sent it.
    #[expect(clippy::missing_panics_doc, reason = "JSON that was read is always UTF-8")]
    pub fn json(&self) -> &str {
        std::str::from_utf8(&self.json).expect("JSON is text")
    }
}

/// A definition that reports in a collection may use, and the tenants of which.
///
/// ```
/// use optimize_api::ScopeEntry;
///
/// let entry = ScopeEntry::process("order-process").with_tenants(vec![None, Some("north".to_owned())]);
/// assert_eq!(entry.definition_type, "process");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ScopeEntry {
    /// `process` or `decision`.
    pub definition_type: String,
    /// The key of the definition: the BPMN process id or the decision's id.
    pub definition_key: String,
    /// The tenants; `None` stands for none. Newer servers of Camunda 8 call the only one `<default>`.
    #[serde(default = "no_tenant")]
    pub tenants: Vec<Option<String>>,
}

fn no_tenant() -> Vec<Option<String>> {
    vec![None]
}

impl ScopeEntry {
    /// A process, without tenants.
    pub fn process(key: impl Into<String>) -> Self {
        Self { definition_type: "process".to_owned(), definition_key: key.into(), tenants: no_tenant() }
    }

    /// A decision, without tenants.
    pub fn decision(key: impl Into<String>) -> Self {
        Self { definition_type: "decision".to_owned(), ..Self::process(key) }
    }

    /// The tenants; `None` stands for none.
    pub fn with_tenants(mut self, tenants: Vec<Option<String>>) -> Self {
        self.tenants = tenants;
        self
    }
}

/// The JSON of the server.
impl Serialize for Collection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decode::raw(&self.json, serializer)
    }
}

impl Collections {
    /// The ids of all collections. `GET /api/public/collection`, since 8.7. [`Idempotent`](crate::Retry::Idempotent).
    pub async fn list(&self) -> Result<Vec<CollectionId>, Error> {
        self.client.transport.fetch_ids(&RequestSpec::new(&operation::COLLECTION_LIST)).await
    }

    /// A collection. `GET /api/public/collection/{id}`, since 8.7. [`Idempotent`](crate::Retry::Idempotent).
    /// [`NotFound`](crate::ErrorKind::NotFound) if no collection has this id.
    pub async fn get(&self, id: impl Into<CollectionId>) -> Result<Collection, Error> {
        let spec = RequestSpec::with_id(&operation::COLLECTION_GET, id.into().as_str())?;
        self.client.transport.send(&spec, Collection::read).await
    }

    /// Creates a collection that belongs to a user. `POST /api/public/collection/create`, since 8.7.
    /// [`Never`](crate::Retry::Never) sent twice.
    pub async fn create(&self, name: &str, owner: &str) -> Result<CollectionId, Error> {
        #[derive(Deserialize)]
        struct Created {
            id: CollectionId,
        }
        let spec = create(name, owner)?;
        let created: Created = self.client.transport.send(&spec, |body| decode::json(spec.operation, &body)).await?;
        Ok(created.id)
    }

    /// Adds entries to the scope of a collection, or replaces those of the same definition.
    /// `PUT /api/public/collection/{id}/scope`, since 8.7. [`Idempotent`](crate::Retry::Idempotent). Whether others stay is not known of
    /// every release.
    pub async fn set_scope(&self, id: impl Into<CollectionId>, scope: &[ScopeEntry]) -> Result<(), Error> {
        let spec = RequestSpec::with_id(&operation::COLLECTION_SCOPE, id.into().as_str())?.with_json(&scope)?;
        self.client.transport.send_void(&spec).await
    }
}

fn create(name: &str, owner: &str) -> Result<RequestSpec, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Request<'a> {
        name: &'a str,
        owner_id: &'a str,
    }
    for (what, value) in [("name", name), ("owner's id", owner)] {
        if value.trim().is_empty() {
            return Err(Error::invalid_input(&operation::COLLECTION_CREATE, format!("the {what} is empty")));
        }
    }
    RequestSpec::new(&operation::COLLECTION_CREATE).with_json(&Request { name, owner_id: owner })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_those_of_the_contract() {
        insta::assert_snapshot!(create("Depot analytics", "ops-user").unwrap().wire_form(), @r#"
        POST /api/public/collection/create
        {"name":"Depot analytics","ownerId":"ops-user"}
        "#);
        let scope = [
            ScopeEntry::process("parcelRouting"),
            ScopeEntry::decision("pickCarrier").with_tenants(vec![Some("t".to_owned())]),
        ];
        let spec = RequestSpec::with_id(&operation::COLLECTION_SCOPE, "c").unwrap().with_json(&scope).unwrap();
        insta::assert_snapshot!(spec.wire_form(), @r#"
        PUT /api/public/collection/c/scope
        [{"definitionType":"process","definitionKey":"parcelRouting","tenants":[null]},{"definitionType":"decision","definitionKey":"pickCarrier","tenants":["t"]}]
        "#);
        assert!(create("", "x").is_err() && create("x", " ").is_err());
    }
}
