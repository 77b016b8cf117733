//! Events from outside.

use clap::Subcommand;
use optimize_api::CloudEvent;

use crate::app::App;
use crate::error::CliError;
use crate::ingest::Ingest;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Event {
    /// Ingest `CloudEvents` from NDJSON, JSON, CSV, Kafka or NATS
    ///
    /// An event has `id`, `source`, `type` and `traceid`, and may have `time`, `group` and `data`. A later event
    /// with the same id replaces the event.
    ///
    /// Rows are checked before they are sent. A bad row is rejected with file, line and reason, and ends nothing. After a failure
    /// of the server nothing more is sent; with a journal the next run continues there. Success means that the server accepted
    /// every row; it shows the data after its next import round.
    Ingest(Box<Ingest>),
}

impl Event {
    /// Whether something is sent.
    pub(crate) fn changes(&self) -> bool {
        let Self::Ingest(command) = self;
        command.changes()
    }

    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let Self::Ingest(command) = self;
        let batches = app.client().await?.ingestion().event_batches();
        command.run::<CloudEvent>(app, batches).await
    }
}
