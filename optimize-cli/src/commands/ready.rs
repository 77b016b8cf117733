//! Readiness.

use std::time::Duration;

use clap::Args;
use optimize_api::Readiness;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome};
use crate::progress::Waiting;

/// Check whether the server is ready; no token is sent
#[derive(Args, Debug)]
pub(crate) struct Ready {
    /// Wait until it is ready, at most for --timeout [default: 60s]
    #[arg(long)]
    wait: bool,
}

/// Between two questions, at first; it doubles up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Ready {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let deadline = Instant::now() + app.timeout();
        let mut pause = SHORTEST_PAUSE;
        let _waiting = self.wait.then(|| Waiting::begin("waiting for the server", app.printer));
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let client = app.anonymous_client(left.max(SHORTEST_PAUSE)).await?;
            let problem = match client.readiness().await {
                Ok(Readiness::Ready) => return Ok(Outcome::Data(Data::record(&json!({ "ready": true })))),
                Ok(state) => {
                    let status = match state {
                        Readiness::NotReady { status } => format!(": {} returned {status}", app.base_url().await?),
                        _ => String::new(),
                    };
                    CliError::not_ready(format!("the server is not ready{status}")).stating()
                }
                Err(error) if error.is_transient() => error.into(),
                Err(error) => return Err(error.into()),
            };
            if !self.wait || Instant::now() + pause >= deadline {
                return Err(problem);
            }
            sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }
}
