//! What an export of many reports has done so far, in a file of the target.

use serde::{Deserialize, Serialize};

use super::Shard;
use crate::error::CliError;
use crate::export::Place;
use crate::output::of_bulk;

const VERSION: u32 = 1;

/// What an export of many reports has done so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    version: u32,
    /// When the run began; RFC 3339.
    pub(super) started: String,
    /// The number of the share, and of how many.
    pub(super) shard: u32,
    pub(super) shards: u32,
    /// How files are written: another form is another export.
    pub(super) form: String,
    pub(super) reports: Vec<Entry>,
}

/// A report of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) report: String,
    pub(super) name: String,
    pub(super) collection: String,
    pub(super) outcome: ReportOutcome,
    pub(super) rows: u64,
    /// Paths below the target.
    pub(super) files: Vec<String>,
    pub(super) error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ReportOutcome {
    Pending,
    Complete,
    /// Several reports in one, which has no data of its own.
    Combined,
    Failed,
}

impl State {
    pub(super) fn new(started: String, shard: Shard, form: String, reports: Vec<Entry>) -> Self {
        Self { version: VERSION, started, shard: shard.number, shards: shard.all, form, reports }
    }

    /// Where it is kept.
    pub(super) fn place(target: &Place, shard: Shard) -> Place {
        let name = if shard.all == 1 {
            "optimize-export.json".to_owned()
        } else {
            format!("optimize-export.{}-of-{}.json", shard.number, shard.all)
        };
        target.below(&name)
    }

    /// Whether a file of a target holds a state.
    pub(super) fn is_name(name: &str) -> bool {
        name.starts_with("optimize-export.") && name.ends_with("json")
    }

    pub(super) async fn read(place: &Place) -> Result<Option<Self>, CliError> {
        let failed = |problem: String| CliError::config(format!("read {}: {problem}", place.shown()));
        let Some(text) = place.read().await.map_err(|error| failed(error.to_string()))? else { return Ok(None) };
        let state: Self = serde_json::from_slice(&text).map_err(|error| {
            failed(format!("it is no state of an export: {error}")).with_hint("remove it to begin again")
        })?;
        if state.version != VERSION {
            return Err(failed(format!("its version is {}, not {VERSION}", state.version)));
        }
        Ok(Some(state))
    }

    pub(super) async fn write(&self, place: &Place) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| CliError::config(format!("write {}: {error}", place.shown())))?;
        place.write((text + "\n").as_bytes()).await.map_err(|error| of_bulk(error, &place.shown()))
    }
}

impl Entry {
    /// Whether nothing is left to do.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.outcome, ReportOutcome::Complete | ReportOutcome::Combined)
    }
}
