//! Ingestion of variables and events from outside.

mod batch;
pub(crate) mod batcher;
pub(crate) mod events;
mod order;
pub(crate) mod outcome;
mod pace;
pub(crate) mod variables;

use crate::client::Client;
use crate::error::Error;
use crate::operation;
use crate::operation::Operation;
use crate::transport::spec::RequestSpec;

use batcher::{Element, Ingest};
use events::CloudEvent;
use variables::ExternalVariable;

/// Operations that take data in. Success means that the server has accepted it; it is visible after its next import round,
/// and an unknown process instance is never reported.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// use optimize_api::{ExternalVariable, VariableType};
///
/// let variable = ExternalVariable::new("order-process", "2251799813700042", "paid", VariableType::Boolean).with_value("true");
/// client.ingestion().variables(&[variable]).await?;
/// assert_eq!(sandbox.ingested_variables().len(), 1);
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Ingestion {
    pub(crate) client: Client,
}

impl Ingestion {
    /// Ingests variables in one request. `POST /api/ingestion/variable`, since 8.0 and C7 3.6.
    /// [`Idempotent`](crate::Retry::Idempotent): elements are keyed by their ids.
    ///
    /// All or nothing: one invalid element rejects them all, and [`Error::server`] has a text for each. For many, see
    /// [`variable_batches`](Self::variable_batches).
    pub async fn variables(&self, variables: &[ExternalVariable]) -> Result<(), Error> {
        self.client.transport.send_void(&all(&operation::VARIABLE_INGEST, variables)?).await
    }

    /// Ingests any number of variables in batches, several at a time; see [`Ingest`].
    pub fn variable_batches(&self) -> Ingest<ExternalVariable> {
        Ingest::new(self.client.clone(), &operation::VARIABLE_INGEST, "application/json")
    }

    /// Ingests `CloudEvents` in one request. `POST /api/ingestion/event/batch`, since C7 3.0 alone.
    /// [`Idempotent`](crate::Retry::Idempotent). All or nothing.
    pub async fn events(&self, events: &[CloudEvent]) -> Result<(), Error> {
        let spec = all(&operation::EVENT_INGEST, events)?;
        self.client
            .transport
            .send_void(&spec.with_content_type(http::HeaderValue::from_static(events::BATCH_TYPE)))
            .await
    }

    /// Ingests any number of events in batches, several at a time; see [`Ingest`].
    pub fn event_batches(&self) -> Ingest<CloudEvent> {
        Ingest::new(self.client.clone(), &operation::EVENT_INGEST, events::BATCH_TYPE)
    }
}

/// A request with all elements, of which none may be one that the server is known to refuse.
fn all<T: Element>(operation: &'static Operation, elements: &[T]) -> Result<RequestSpec, Error> {
    for (index, element) in elements.iter().enumerate() {
        if let Err(problem) = element.check() {
            return Err(Error::invalid_input(operation, format!("element {index}: {problem}")));
        }
    }
    RequestSpec::new(operation).with_json(&elements)
}
