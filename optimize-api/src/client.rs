//! The client: a base URL, credentials, and a connection pool.

use std::sync::Arc;

use optimize_auth::ServiceUrl;

use crate::builder::ClientBuilder;
use crate::collections::Collections;
use crate::dashboards::Dashboards;
use crate::imports::Imports;
use crate::ingestion::Ingestion;
use crate::labels::Labels;
use crate::process_definitions::ProcessDefinitions;
use crate::reports::Reports;
use crate::sharing::Sharing;
use crate::transport::Transport;

/// A client of one Optimize. Cheap to clone; clones share connections, credentials and limits.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) transport: Arc<Transport>,
}

impl Client {
    /// A client of the Optimize at `base_url`, for example `https://optimize.example.com` or, on Camunda SaaS,
    /// `https://bru-2.optimize.camunda.io/CLUSTER-ID`. The URL ends where `/api` would begin.
    pub fn builder(base_url: ServiceUrl) -> ClientBuilder {
        ClientBuilder::new(base_url)
    }

    /// Reports and their data.
    pub fn reports(&self) -> Reports {
        Reports { client: self.clone() }
    }

    /// Dashboards.
    pub fn dashboards(&self) -> Dashboards {
        Dashboards { client: self.clone() }
    }

    /// Definitions of reports and dashboards, to be imported.
    pub fn definitions(&self) -> Imports {
        Imports { client: self.clone() }
    }

    /// Collections. Not in the published documentation; since 8.7.
    pub fn collections(&self) -> Collections {
        Collections { client: self.clone() }
    }

    /// External variables and events.
    pub fn ingestion(&self) -> Ingestion {
        Ingestion { client: self.clone() }
    }

    /// Labels of variables.
    pub fn labels(&self) -> Labels {
        Labels { client: self.clone() }
    }

    /// Sharing of reports and dashboards by link.
    pub fn sharing(&self) -> Sharing {
        Sharing { client: self.clone() }
    }

    /// The imported data of process definitions. Since 8.10.
    pub fn process_definitions(&self) -> ProcessDefinitions {
        ProcessDefinitions { client: self.clone() }
    }

    /// The agentic dashboard of servers in development.
    #[cfg(feature = "unstable")]
    pub fn agentic(&self) -> crate::AgenticDashboard {
        crate::AgenticDashboard { client: self.clone() }
    }
}
