//! Collections, on servers from 8.7 on.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use optimize_api::{CollectionId, ScopeEntry};
use serde_json::json;

use super::id;
use crate::app::App;
use crate::error::CliError;
use crate::input;
use crate::output::{Data, Outcome, counted};

#[derive(Debug, Subcommand)]
pub(crate) enum Collection {
    Create(Create),
    Get(Get),
    /// List the ids of all collections
    #[command(visible_alias = "ls")]
    List,
    /// The definitions that reports in a collection may use
    #[command(subcommand)]
    Scope(Scope),
}

/// Create a collection
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// Its name
    name: String,
    /// The id of the user who owns it
    #[arg(long, value_name = "ID")]
    owner: String,
}

/// Print a collection as the server describes it
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// The id of the collection, as in the address of its page
    id: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Scope {
    Set(SetScope),
}

/// Add entries to the scope of a collection, or replace those of the same definition
#[derive(Args, Debug)]
pub(crate) struct SetScope {
    /// The id of the collection, as in the address of its page
    id: String,
    /// A JSON array such as [{"definitionType":"process","definitionKey":"invoice","tenants":[null]}]; - for standard
    /// input
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

impl Collection {
    /// Whether it changes something at the server.
    pub(super) fn changes(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Scope(_))
    }

    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Create(command) => {
                app.check_columns(&["id"])?;
                let id = app.client().await?.collections().create(&command.name, &command.owner).await?;
                Ok(Outcome::Data(Data::record(&json!({ "id": id }))))
            }
            Self::Get(command) => {
                let collection = app.client().await?.collections().get(id::of("collection", &command.id)?).await?;
                Ok(Outcome::Data(Data::raw_record(collection.json().to_owned())))
            }
            Self::List => {
                let ids = app.client().await?.collections().list().await?;
                let mut data = Data::ids(ids.iter().map(CollectionId::as_str));
                data.page = Some(app.page_of("collection").await?);
                Ok(Outcome::Data(data))
            }
            Self::Scope(Scope::Set(command)) => {
                let entries: Vec<ScopeEntry> = input::read_json(&command.file, "the scope")?;
                app.client().await?.collections().set_scope(id::of("collection", &command.id)?, &entries).await?;
                app.printer.remark(&format!("updated the scope with {}", counted(entries.len() as u64, "definition")));
                Ok(Outcome::Done)
            }
        }
    }
}
