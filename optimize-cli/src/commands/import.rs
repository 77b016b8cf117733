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
    /// Check the definitions, and what the server tells of the collection, and import nothing
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let definitions = Definitions::from_json(input::read(&self.file)?)
            .map_err(|error| CliError::from(error).with_hint(format!("it is about {}", input::name(&self.file))))?;
        let collection = id::of("collection", &self.collection)?;
        let client = app.client().await?;
        if self.dry_run {
            return check::check(app, &client, &definitions, &collection).await;
        }
        app.check_columns(&["id", "entityType"])?;
        let imported = client.import(&collection.into(), &definitions).await?;
        let rows = imported.iter().map(|made| json!({ "id": made.id, "entityType": made.entity_type }));
        let (made, asked) = (imported.len(), definitions.iter().count());
        let mut data = Data::rows(rows);
        data.failure = (made != asked)
            .then(|| CliError::incomplete(format!("import every definition: the server made {made} of {asked}")));
        Ok(Outcome::Data(data))
    }
}
