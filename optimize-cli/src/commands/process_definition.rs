//! Imported data of process definitions, on servers from 8.10 on.

use std::time::Duration;

use clap::{Args, Subcommand};
use optimize_api::{Client, Error, ErrorKind};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome};
use crate::progress::Waiting;

#[derive(Debug, Subcommand)]
pub(crate) enum ProcessDefinition {
    #[command(visible_alias = "rm")]
    Delete(Delete),
}

/// Delete the imported data of one version of a process definition
///
/// The server queues a job; self-managed servers run it only if that is enabled. The definition in the cluster stays.
#[derive(Args, Debug)]
pub(crate) struct Delete {
    /// The numeric key of the version
    key: i64,
    /// Wait until it is deleted, at most for --timeout [default: 60s]
    #[arg(long)]
    wait: bool,
}

/// Between two questions, at first; it doubles up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl ProcessDefinition {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let Self::Delete(command) = self;
        command.run(app).await
    }
}

impl Delete {
    async fn run(self, app: &App) -> Result<Outcome, CliError> {
        app.check_columns(&["key", "state"])?;
        let client = app.client().await?;
        app.confirm(&format!("Delete the data of the process definition {}?", self.key))?;
        let is_queued_already = match client.process_definitions().delete(self.key).await {
            Ok(()) => false,
            Err(error) if self.wait && is_queued(&error) => true,
            Err(error) => return Err(error.into()),
        };
        if is_queued_already {
            app.printer.remark("the deletion was queued before");
        }
        let state = if self.wait {
            let what = format!("waiting until the data of {} is deleted", self.key);
            let _waiting = Waiting::begin(&what, app.printer);
            self.wait_for_end(&client, app.timeout()).await?
        } else {
            "queued"
        };
        Ok(Outcome::Data(Data::record(&json!({ "key": self.key, "state": state }))))
    }

    /// There is no way to ask but to delete again: 409 while the job is queued, 404 when it is done.
    async fn wait_for_end(&self, client: &Client, patience: Duration) -> Result<&'static str, CliError> {
        let deadline = Instant::now() + patience;
        let mut pause = SHORTEST_PAUSE;
        loop {
            if Instant::now() + pause >= deadline {
                let problem = format!("see the data of {} deleted within {patience:?}: it is still queued", self.key);
                return Err(CliError::not_ready(problem)
                    .with_hint("wait longer with --timeout; on self-managed servers see that deletion jobs are run"));
            }
            sleep(pause).await;
            match client.process_definitions().delete(self.key).await {
                Ok(()) => {}
                Err(error) if is_queued(&error) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok("deleted"),
                Err(error) => return Err(error.into()),
            }
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }
}

fn is_queued(error: &Error) -> bool {
    error.status() == Some(409)
}
