//! Journals of ingestions.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use optimize_bulk::Journal as File;
use serde_json::json;

use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    Show(Show),
}

/// Show what a journal of an ingestion holds
///
/// A damaged journal is an error with the place of the damage; a cut end is none, since the next run sends its rows again.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The journal
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Journal {
    pub(crate) fn run(self, app: &App) -> Result<Outcome, CliError> {
        let Self::Show(Show { file }) = self;
        app.check_columns(&["target", "accepted", "elements", "blocks", "first", "last", "soundBytes", "cutBytes"])?;
        let summary = File::summary(&file).map_err(|error| CliError::config(error.to_string()).stating())?;
        Ok(Outcome::Data(Data::record(&json!(summary))))
    }
}
