use clap::Args;
use optimize_api::DashboardId;

use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome};

/// List the ids of the dashboards in a collection
#[derive(Args, Debug)]
pub(crate) struct List {
    /// The id of the collection, as in the address of its page
    #[arg(long, value_name = "ID")]
    collection: String,
}

impl List {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let ids = app.client().await?.dashboards().list(&self.collection.into()).await?;
        Ok(Outcome::Data(Data::ids(ids.iter().map(DashboardId::as_str))))
    }
}
