//! Events from outside.

use clap::Subcommand;
use optimize_api::CloudEvent;

use crate::app::App;
use crate::error::CliError;
use crate::ingest::Ingest;
use crate::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Event {
    /// Ingest `CloudEvents` from JSON or NDJSON
    ///
    /// An event has `id`, `source`, `type` and `traceid`, and may have `time`, `group` and `data`. The same id again
    /// overrides the event.
    Ingest(Ingest),
}

impl Event {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let Self::Ingest(command) = self;
        let batches = app.client().await?.ingestion().event_batches();
        command.run::<CloudEvent>(app, batches).await
    }
}
