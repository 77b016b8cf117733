//! Import of definitions.

mod check;
#[cfg(fuzzing)]
pub(crate) use check::check_definitions;

use std::path::PathBuf;

use clap::Args;
use optimize_api::Definitions;
use serde_json::json;

use super::id;
use crate::app::App;
use crate::error::CliError;
use crate::input;
use crate::output::{Data, Outcome};

/// Import definitions of reports and dashboards into a collection
///
/// Every definition becomes a new report or dashboard with a new id; the server takes all of them or none. An import is
/// never sent twice.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// A JSON array of exported definitions; - for standard input
    file: PathBuf,
    /// The id of the collection, as in the address of its page
    #[arg(long, value_name = "ID")]
    collection: String,
    /// Check the file and compare it with the collection; import nothing
    #[arg(long)]
    dry_run: bool,
    /// Exit with 8 if the dry run could not check everything
    #[arg(long, requires = "dry_run")]
    strict: bool,
}

impl Import {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let name = input::name(&self.file);
        let of_file = |error: optimize_api::Error| CliError::from(error).about_file(&name);
        let definitions = Definitions::from_json(input::read(&self.file)?).map_err(of_file)?;
        let collection = id::of("collection", &self.collection)?;
        let client = app.client().await?;
        if self.dry_run {
            return check::check(app, &client, &definitions, &collection, self.strict).await;
        }
        app.check_columns(&["id", "entityType"])?;
        let imported = client.definitions().import(collection, &definitions).await.map_err(of_file)?;
        let rows = imported.iter().map(|made| json!({ "id": made.id, "entityType": made.entity_type }));
        let (made, asked) = (imported.len(), definitions.iter().count());
        let mut data = Data::rows(rows);
        data.failure = (made != asked)
            .then(|| CliError::incomplete(format!("import every definition: the server made {made} of {asked}")));
        Ok(Outcome::Data(data))
    }
}
