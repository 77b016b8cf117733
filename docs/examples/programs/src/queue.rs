//! Variables from a queue: each message is acknowledged once the server has it.

use futures_util::stream;
use optimize_api::{Client, ErrorKind, ExternalVariable};
use std::time::Duration;
use tokio::sync::mpsc;

/// A message of the queue: its offset, and the variable in it.
pub type Message = (u64, ExternalVariable);

/// What becomes of messages.
#[derive(Debug, Default)]
pub struct Report {
    /// The offsets that the server has accepted.
    pub accepted: Vec<u64>,
    /// Those that it never will, each with the reason: for a queue of dead letters.
    pub dead: Vec<(u64, String)>,
    /// Those to send again.
    pub again: Vec<Message>,
}

/// Ingests until the queue is closed. A batch that is not full is sent after half a second.
pub async fn ingest(client: &Client, queue: mpsc::Receiver<Message>) -> Report {
    let messages = stream::unfold(queue, |mut queue| async move { Some((queue.recv().await?, queue)) });
    let batches = client.ingestion().variable_batches().batch_count(100).linger(Duration::from_millis(500));
    let mut outcomes = batches.send_keyed(messages);
    let mut report = Report::default();
    while let Some(outcome) = outcomes.next().await {
        report.accepted.extend(outcome.accepted.into_iter().map(|(offset, _)| offset));
        report.dead.extend(outcome.refused.into_iter().map(|refused| (refused.key, refused.problem)));
        if let Some(failed) = outcome.failed {
            // To send a variable twice does no harm: it has the same id. Only what cannot succeed is given up.
            if failed.error.is_transient() || failed.error.kind() == ErrorKind::Unauthorized {
                report.again.extend(failed.elements);
            } else {
                let problem = failed.error.to_string();
                report.dead.extend(failed.elements.into_iter().map(|(offset, _)| (offset, problem.clone())));
            }
        }
    }
    report
}
