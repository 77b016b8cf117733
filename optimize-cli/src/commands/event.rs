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
    /// An event has `id`, `source`, `type` and `traceid`, and may have `time`, `group` and `data`. A later event
    /// with the same id replaces the event.
    ///
    /// The format is taken from the file name, or from the first character. Rows are checked before they are sent. Refused
    /// rows are reported with file and line; the rest is sent. After a failure nothing more is sent; with a journal the
    /// next run continues there. Success means that the server accepted every row; it shows the data after its next import
    /// round.
    Ingest(Ingest),
}

impl Event {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let Self::Ingest(command) = self;
        let batches = app.client().await?.ingestion().event_batches();
        command.run::<CloudEvent>(app, batches).await
    }
}
