//! The two kinds of entities that the server lists, exports and deletes.

use std::fmt;

use optimize_api::{Client, DashboardId, Definitions, Error, ReportId};
use serde::{Deserialize, Serialize};

/// A report or a dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Reports of all kinds.
    Report,
    /// Dashboards.
    Dashboard,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Report, Self::Dashboard];

    /// `report` or `dashboard`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Dashboard => "dashboard",
        }
    }

    /// The directory of its files.
    pub(crate) fn directory(self) -> &'static str {
        match self {
            Self::Report => "reports",
            Self::Dashboard => "dashboards",
        }
    }

    /// The ids of all of a collection. A collection that does not exist has none.
    pub async fn list(self, client: &Client, collection: &str) -> Result<Vec<String>, Error> {
        Ok(match self {
            Self::Report => client.reports().list(collection).await?.into_iter().map(String::from).collect(),
            Self::Dashboard => client.dashboards().list(collection).await?.into_iter().map(String::from).collect(),
        })
    }

    /// The definitions of these, and of the reports that they use.
    pub async fn export(self, client: &Client, ids: &[String]) -> Result<Definitions, Error> {
        let ids = ids.iter().map(String::as_str);
        match self {
            Self::Report => client.reports().export_definitions(&ids.map(ReportId::from).collect::<Vec<_>>()).await,
            Self::Dashboard => {
                client.dashboards().export_definitions(&ids.map(DashboardId::from).collect::<Vec<_>>()).await
            }
        }
    }

    /// Deletes one.
    pub async fn delete(self, client: &Client, id: &str) -> Result<(), Error> {
        match self {
            Self::Report => client.reports().delete(id).await,
            Self::Dashboard => client.dashboards().delete(id).await,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.noun())
    }
}
