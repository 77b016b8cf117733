//! What reports and dashboards have in common: lists, definitions, deletion.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use optimize_api::{Client, CollectionId, ErrorKind};
pub(crate) use optimize_definitions::Kind;
use serde_json::json;

use super::id;
use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Document, Outcome};
use crate::suggest::suggest;

/// A list of a collection ends there.
const MOST_LISTED: usize = 1000;

/// The ids in what was typed.
fn ids(kind: Kind, texts: &[String]) -> Result<Vec<String>, CliError> {
    texts.iter().map(|text| id::of(kind.noun(), text)).collect()
}

/// What a collection lists. A collection that does not exist lists nothing, so one that lists nothing is looked for,
/// where the server can list collections.
pub(crate) async fn list_known(kind: Kind, app: &App, collection: &str) -> Result<Vec<String>, CliError> {
    let (client, noun) = (app.client().await?, kind.noun());
    let ids = kind.list(&client, collection).await?;
    match ids.len() {
        0 => match client.collections().list().await {
            Ok(all) if all.iter().all(|known| known.as_str() != collection) => {
                let error = CliError::not_found(format!("there is no collection {collection}")).stating();
                return Err(suggest(error, collection, all.iter().map(CollectionId::as_str)));
            }
            Ok(_) => {}
            // Servers before 8.7 cannot list them.
            Err(_) => app.printer.warning(&format!(
                "the collection {collection} lists no {noun}s; a collection that does not exist lists none either"
            )),
        },
        MOST_LISTED => app.printer.warning(&format!(
            "the server lists {MOST_LISTED} {noun}s and no more; there may be others in the collection {collection}"
        )),
        _ => {}
    }
    Ok(ids)
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// The id of the collection, as in the address of its page
    #[arg(long, value_name = "ID")]
    collection: String,
}

impl List {
    pub(crate) async fn run(self, kind: Kind, app: &App) -> Result<Outcome, CliError> {
        let collection = id::of("collection", &self.collection)?;
        let ids = list_known(kind, app, &collection).await?;
        let mut data = Data::ids(ids.iter().map(String::as_str));
        data.page = Some(app.page_of(kind.noun()).await?);
        Ok(Outcome::Data(data))
    }
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The ids, as in the addresses of their pages
    #[arg(value_name = "ID", required_unless_present = "collection", conflicts_with = "collection")]
    ids: Vec<String>,
    /// Everything in this collection
    #[arg(long, value_name = "ID")]
    collection: Option<String>,
    /// Write to this file, completely or not at all
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Export {
    pub(crate) async fn run(mut self, kind: Kind, app: &App) -> Result<Outcome, CliError> {
        self.ids = ids(kind, &self.ids)?;
        if let Some(collection) = &self.collection {
            self.ids = list_known(kind, app, &id::of("collection", collection)?).await?;
            if self.ids.is_empty() {
                return Ok(Outcome::Document(Document::new("[]", self.file)));
            }
        }
        let definitions = kind.export(&app.client().await?, &self.ids).await?;
        let exported: BTreeSet<_> = definitions.iter().map(|definition| definition.id).collect();
        let missing: Vec<_> = self.ids.iter().filter(|id| !exported.contains(*id)).map(String::as_str).collect();
        if !missing.is_empty() {
            let problem = format!("export every {}: the server left out {}", kind.noun(), missing.join(", "));
            return Err(CliError::incomplete(problem).with_hint("nothing was written"));
        }
        Ok(Outcome::Document(Document::new(definitions, self.file)))
    }
}

#[derive(Args, Debug)]
pub(crate) struct Delete {
    /// The ids, as in the addresses of their pages
    #[arg(value_name = "ID", required_unless_present = "collection", conflicts_with = "collection")]
    ids: Vec<String>,
    /// Everything in this collection
    #[arg(long, value_name = "ID")]
    collection: Option<String>,
    /// Show what would be deleted; delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Count what is not there as deleted
    #[arg(long)]
    ignore_not_found: bool,
}

impl Delete {
    /// Continues after a failure, so that one bad id does not keep the others; reports for each what was done.
    pub(crate) async fn run(mut self, kind: Kind, app: &App) -> Result<Outcome, CliError> {
        self.ids = ids(kind, &self.ids)?;
        app.check_columns(&["id", "deleted"])?;
        let client = app.client().await?;
        let noun = kind.noun();
        if let Some(collection) = &self.collection {
            self.ids = list_known(kind, app, &id::of("collection", collection)?).await?;
        }
        if self.dry_run {
            return self.show(kind, &client).await;
        }
        if self.ids.is_empty() {
            app.printer.remark(&format!("there is no {noun} to delete"));
            return Ok(Outcome::Done);
        }
        let what = match self.ids.as_slice() {
            [id] => format!("the {noun} {id}"),
            ids => format!("{} {noun}s ({})", ids.len(), ids.join(", ")),
        };
        app.confirm(&format!("Delete {what}?"))?;
        let mut rows = Vec::new();
        let mut failures = Vec::new();
        for id in &self.ids {
            let outcome = match kind.delete(&client, id).await {
                Err(error) if self.ignore_not_found && error.kind() == ErrorKind::NotFound => Ok(()),
                outcome => outcome,
            };
            rows.push(json!({ "id": id, "deleted": outcome.is_ok() }));
            failures.extend(outcome.err().map(CliError::from));
        }
        let all = self.ids.len();
        let mut data = Data::rows(rows.into_iter());
        data.failure = match failures.len() {
            0 => None,
            1 if all == 1 => failures.pop(),
            count => {
                for error in &failures {
                    app.printer.warning(&error.in_full());
                }
                Some(CliError::incomplete(format!("delete {count} of {all} {noun}s")))
            }
        };
        Ok(Outcome::Data(data))
    }

    /// A row for each, with its name; nothing is deleted.
    async fn show(&self, kind: Kind, client: &Client) -> Result<Outcome, CliError> {
        let mut rows = Vec::new();
        for id in &self.ids {
            match kind.export(client, std::slice::from_ref(id)).await {
                Ok(definitions) => {
                    let name = definitions.iter().find(|found| found.id == *id).map(|found| found.name);
                    rows.push(json!({ "id": id, "name": name, "exists": true }));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    rows.push(json!({ "id": id, "name": null, "exists": false }));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let missing = rows.iter().filter(|row| row["exists"] == false).count();
        let mut data = Data::rows(rows.into_iter());
        data.failure = (missing > 0 && !self.ignore_not_found).then(|| {
            CliError::not_found(format!("{missing} of {} {}s do not exist", self.ids.len(), kind.noun())).stating()
        });
        Ok(Outcome::Data(data))
    }
}
