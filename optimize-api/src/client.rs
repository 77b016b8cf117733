//! The client: a base URL, credentials, and a connection pool.

use std::sync::Arc;

use optimize_auth::ServiceUrl;

use crate::transport::Transport;
use crate::{ClientBuilder, Collections, Dashboards, Ingestion, Reports};

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

    /// Collections. Not in the published documentation; since 8.7.
    pub fn collections(&self) -> Collections {
        Collections { client: self.clone() }
    }

    /// Variables and events from outside.
    pub fn ingestion(&self) -> Ingestion {
        Ingestion { client: self.clone() }
    }

    /// Dashboards.
    pub fn dashboards(&self) -> Dashboards {
        Dashboards { client: self.clone() }
    }
}
