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
    ///
    /// The file's ending tells its form, or else its first character. Rows are checked before they are sent; those that are
    /// refused are told with their place, and the others go on. After a failure nothing more is sent; with a journal the
    /// next run goes on where this one ended. Success says that every row was accepted; the server shows the data after
    /// its next import round.
    Ingest(Ingest),
}

impl Event {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let Self::Ingest(command) = self;
        let batches = app.client().await?.ingestion().event_batches();
        command.run::<CloudEvent>(app, batches).await
    }
}
