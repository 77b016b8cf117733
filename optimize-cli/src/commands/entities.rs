//! What reports and dashboards have in common: lists, definitions, deletion.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use optimize_api::{Client, CollectionId, DashboardId, Definitions, Error, ReportId};
use serde_json::json;

use super::id;
use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Document, Outcome};
use crate::suggest::suggest;

/// A list of a collection ends there.
const MOST_LISTED: usize = 1000;

/// Which of the two a command is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Report,
    Dashboard,
}

impl Kind {
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Dashboard => "dashboard",
        }
    }

    pub(crate) async fn list(self, client: &Client, collection: &str) -> Result<Vec<String>, Error> {
        Ok(match self {
            Self::Report => client.reports().list(collection).await?.iter().map(|id| id.as_str().to_owned()).collect(),
            Self::Dashboard => {
                client.dashboards().list(collection).await?.iter().map(|id| id.as_str().to_owned()).collect()
            }
        })
    }

    pub(crate) async fn export(self, client: &Client, ids: &[String]) -> Result<Definitions, Error> {
        let ids = ids.iter().map(String::as_str);
        match self {
            Self::Report => client.reports().export_definitions(&ids.map(ReportId::from).collect::<Vec<_>>()).await,
            Self::Dashboard => {
                client.dashboards().export_definitions(&ids.map(DashboardId::from).collect::<Vec<_>>()).await
            }
        }
    }

    /// The ids in what was typed.
    fn ids(self, texts: &[String]) -> Result<Vec<String>, CliError> {
        texts.iter().map(|text| id::of(self.noun(), text)).collect()
    }

    /// What a collection lists. A collection that does not exist lists nothing, so one that lists nothing is looked for,
    /// where the server can list collections.
    async fn list_known(self, app: &App, collection: &str) -> Result<Vec<String>, CliError> {
        let (client, noun) = (app.client().await?, self.noun());
        let ids = self.list(&client, collection).await?;
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

    async fn delete(self, client: &Client, id: &str) -> Result<(), Error> {
        match self {
            Self::Report => client.reports().delete(id).await,
            Self::Dashboard => client.dashboards().delete(id).await,
        }
    }
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
        let ids = kind.list_known(app, &collection).await?;
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
        self.ids = kind.ids(&self.ids)?;
        if let Some(collection) = &self.collection {
            self.ids = kind.list_known(app, &id::of("collection", collection)?).await?;
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
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
}

impl Delete {
    /// Continues after a failure, so that one bad id does not keep the others; reports for each what was done.
    pub(crate) async fn run(mut self, kind: Kind, app: &App) -> Result<Outcome, CliError> {
        self.ids = kind.ids(&self.ids)?;
        app.check_columns(&["id", "deleted"])?;
        let client = app.client().await?;
        let noun = kind.noun();
        let what = match self.ids.as_slice() {
            [id] => format!("the {noun} {id}"),
            ids => format!("{} {noun}s ({})", ids.len(), ids.join(", ")),
        };
        app.confirm(&format!("Delete {what}?"))?;
        let mut rows = Vec::new();
        let mut failures = Vec::new();
        for id in &self.ids {
            let outcome = kind.delete(&client, id).await;
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
}
