//! Import of definitions.

use std::path::PathBuf;

use clap::Args;
use optimize_api::{Client, Definitions};
use optimize_definitions::Replacement;
use serde_json::json;

use super::{definitions, id};
use crate::app::App;
use crate::error::CliError;
use crate::input;
use crate::output::{Data, Outcome, counted};

/// Import definitions of reports and dashboards into a collection
///
/// Every definition becomes a new report or dashboard with a new id; the server takes all of them or none. An import is
/// never sent twice.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags are independent of each other")]
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
    /// Replace what has the same name; what is the same already stays
    #[arg(long)]
    replace: bool,
    /// Leave what is there already as it is in the file; fail for another of the same name
    #[arg(long, conflicts_with = "replace")]
    skip_same: bool,
}

impl Import {
    /// Whether it changes something at the server.
    pub(super) fn changes(&self) -> bool {
        !self.dry_run
    }

    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let name = input::name(&self.file);
        let of_file = |error: optimize_api::Error| CliError::from(error).about_file(&name);
        let definitions = Definitions::from_json(input::read(&self.file)?).map_err(of_file)?;
        let collection = id::of("collection", &self.collection)?;
        let client = app.client().await?;
        if self.replace || self.skip_same {
            return self.replace(app, &client, &collection, &definitions).await;
        }
        if self.dry_run {
            return dry_run(app, &client, &definitions, &collection, self.strict).await;
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

    /// Imports what is not there yet, and deletes what it replaces.
    async fn replace(
        &self,
        app: &App,
        client: &Client,
        collection: &str,
        definitions: &Definitions,
    ) -> Result<Outcome, CliError> {
        let replacement = Replacement::plan(client, collection, definitions, self.replace).await?;
        let (calls, losses) = replacement.calls();
        if replacement.same > 0 {
            app.printer.remark(&format!("{} as in the file already", counted(replacement.same as u64, "definition")));
        }
        for call in &calls {
            app.printer.say(call);
        }
        for loss in &losses {
            app.printer.warning(&format!("lost, since ids change: {loss}"));
        }
        if self.dry_run || calls.is_empty() {
            return Ok(Outcome::Done);
        }
        if !losses.is_empty() {
            app.confirm("Replace these?")?;
        }
        Ok(Outcome::Data(Data::rows(definitions::rows(&replacement.apply().await?).into_iter())))
    }
}

/// A row for each problem with the definitions that have it. Only asks; changes nothing.
async fn dry_run(
    app: &App,
    client: &Client,
    definitions: &Definitions,
    collection: &str,
    is_strict: bool,
) -> Result<Outcome, CliError> {
    let checked = optimize_definitions::check(client, definitions, collection).await?;
    for warning in checked.warnings.iter().chain(&checked.unchecked) {
        app.printer.warning(warning);
    }
    let (refused, all) = (checked.refused, checked.refused + checked.good.len());
    if refused == 0 {
        app.printer.remark(&format!(
            "nothing was imported; the check found no problem in {}",
            counted(all as u64, "definition")
        ));
    }
    let groups = checked.problems.into_iter().map(|(problem, ids)| (Some(problem), ids));
    let groups = groups.chain((!checked.good.is_empty()).then_some((None, checked.good)));
    let rows = groups.map(|(problem, ids)| json!({ "count": ids.len(), "problem": problem, "ids": ids }));
    let mut data = Data::rows(rows);
    data.wraps = true;
    data.failure = match (refused, checked.unchecked.len()) {
        (0, 0) => None,
        (0, unchecked) => is_strict.then(|| {
            CliError::incomplete(format!("check everything: {} left out", counted(unchecked as u64, "check")))
                .with_hint("the warnings name what was not checked")
        }),
        (refused, _) => Some(
            CliError::config(format!("{refused} of {all} definitions would be refused"))
                .stating()
                .with_hint("the server takes all definitions or none; nothing was imported"),
        ),
    };
    Ok(Outcome::Data(data))
}
