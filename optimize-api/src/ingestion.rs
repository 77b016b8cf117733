//! Ingestion of variables and events from outside.

pub(crate) mod batcher;
pub(crate) mod events;
pub(crate) mod variables;

use serde::Serialize;

use crate::transport::spec::RequestSpec;
use crate::{Client, Error, operation};

use batcher::{Element, Ingest};
use events::CloudEvent;
use variables::ExternalVariable;

/// Operations that take data in. Success means that the server has accepted it; it is visible after its next import round,
/// and an unknown process instance is never reported.
#[derive(Clone, Debug)]
pub struct Ingestion {
    pub(crate) client: Client,
}

impl Ingestion {
    /// Ingests variables in one request. `POST /api/ingestion/variable`, since 8.0 and C7 3.6.
    ///
    /// All or nothing: one invalid element rejects them all, and [`Error::server`] has a text for each. For many, see
    /// [`variable_batches`](Self::variable_batches).
    pub async fn variables(&self, variables: &[ExternalVariable]) -> Result<(), Error> {
        for (index, variable) in variables.iter().enumerate() {
            if let Err(problem) = variable.check() {
                return Err(Error::invalid_input(&operation::VARIABLE_INGEST, format!("element {index}: {problem}")));
            }
        }
        self.client.transport.send_void(&variable_spec(variables)?).await
    }

    /// Ingests any number of variables in batches, several at a time; see [`Ingest`].
    pub fn variable_batches(&self) -> Ingest<ExternalVariable> {
        Ingest::new(self.client.clone(), &operation::VARIABLE_INGEST, "application/json")
    }

    /// Ingests `CloudEvents` in one request. `POST /api/ingestion/event/batch`, Camunda 7 alone. All or nothing.
    pub async fn events(&self, events: &[CloudEvent]) -> Result<(), Error> {
        for (index, event) in events.iter().enumerate() {
            if let Err(problem) = event.check() {
                return Err(Error::invalid_input(&operation::EVENT_INGEST, format!("element {index}: {problem}")));
            }
        }
        let spec = RequestSpec::new(&operation::EVENT_INGEST).with_json(&events)?;
        self.client.transport.send_void(&spec.with_content_type(events::BATCH_TYPE)).await
    }

    /// Ingests any number of events in batches, several at a time; see [`Ingest`].
    pub fn event_batches(&self) -> Ingest<CloudEvent> {
        Ingest::new(self.client.clone(), &operation::EVENT_INGEST, events::BATCH_TYPE)
    }
}

fn variable_spec(variables: &[impl Serialize]) -> Result<RequestSpec, Error> {
    RequestSpec::new(&operation::VARIABLE_INGEST).with_json(&variables)
}
