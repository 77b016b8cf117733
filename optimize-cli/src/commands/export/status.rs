//! What the shares of an export have done together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;

use super::many::outcome;
use super::state::{Entry, ReportOutcome, State};
use crate::app::App;
use crate::error::CliError;
use crate::export::Place;
use crate::output::Outcome;

/// Show what an export has done, all of its shares together
///
/// Exits with 8 if a report is missing or failed, a share has not begun, or a report is in two shares.
#[derive(Args, Debug)]
pub(crate) struct Status {
    /// The directory or URL that was written to
    #[arg(value_name = "DIR")]
    target: PathBuf,
}

impl Status {
    pub(super) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let target = Place::at(&self.target, app)?;
        let names = target.list().await?;
        let mut states = Vec::new();
        for name in names.iter().filter(|name| State::is_name(name)) {
            states.extend(State::read(&target.below(name)).await?);
        }
        let Some(newest) = states.iter().map(|state| state.shards).max() else {
            return Err(CliError::not_found(format!("{} holds no export", target.shown())).stating());
        };
        let there: BTreeSet<_> =
            states.iter().filter(|state| state.shards == newest).map(|state| state.shard).collect();
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        for state in states.iter().filter(|state| state.shards == newest) {
            for entry in &state.reports {
                let mut entry = entry.clone();
                if let Some(other) = entries.get(&entry.report) {
                    entry.outcome = ReportOutcome::Failed;
                    entry.error = Some(format!("it is in two shares, also with {} rows", other.rows));
                }
                // A state says what was done; the files must still be there.
                for file in entry.files.clone() {
                    if !names.contains(&file) && entry.outcome == ReportOutcome::Complete {
                        entry.outcome = ReportOutcome::Failed;
                        entry.error = Some(format!("{file} is missing"));
                    }
                }
                entries.insert(entry.report.clone(), entry);
            }
        }
        let absent: Vec<_> =
            (0..newest).filter(|shard| !there.contains(shard)).map(|shard| shard.to_string()).collect();
        let entries: Vec<_> = entries.into_values().collect();
        let mut outcome = outcome(&entries);
        if let (Outcome::Data(data), false) = (&mut outcome, absent.is_empty()) {
            data.failure = Some(
                CliError::incomplete(format!("the shares {} of {newest} have not begun", absent.join(", "))).stating(),
            );
        }
        Ok(outcome)
    }
}
