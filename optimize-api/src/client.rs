//! The client: a base URL, credentials, and a connection pool.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use optimize_auth::ServiceUrl;

use crate::builder::{ClientBuilder, check_header};
use crate::collections::Collections;
use crate::dashboards::Dashboards;
use crate::error::Error;
use crate::imports::Imports;
use crate::ingestion::Ingestion;
use crate::labels::Labels;
use crate::process_definitions::ProcessDefinitions;
use crate::reports::Reports;
use crate::sharing::Sharing;
use crate::transport::Transport;
use crate::transport::retry::RetryPolicy;

/// A client of one Optimize. Cheap to clone; clones share connections, credentials and limits.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// assert_eq!(client.readiness().await?, optimize_api::Readiness::Ready);
/// for report in client.reports().list("claims").await? {
///     println!("{report}");
/// }
/// # Ok(())
/// # });
/// ```
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

    /// The same client for calls with another timeout: see [`ClientBuilder::timeout`]. Connections, credentials and limits
    /// are shared.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: optimize_api::Client) -> Result<(), optimize_api::Error> {
    /// let patient = client.with_timeout(Duration::from_secs(600));
    /// let pages = patient.reports().data("a-large-report").pages();
    /// # drop(pages); Ok(())
    /// # }
    /// ```
    pub fn with_timeout(&self, limit: Duration) -> Self {
        self.changed(|transport| transport.timeout = limit)
    }

    /// The same client for calls with another retry policy. Its budget stays the shared one.
    pub fn with_retry(&self, policy: RetryPolicy) -> Self {
        self.changed(|transport| transport.retry = policy)
    }

    /// The same client for calls with a further header: see [`ClientBuilder::header`].
    ///
    /// Fails with [`InvalidInput`](crate::ErrorKind::InvalidInput) if it is one that the client makes itself.
    pub fn with_header(&self, name: HeaderName, mut value: HeaderValue) -> Result<Self, Error> {
        check_header(&name)?;
        value.set_sensitive(true);
        Ok(self.changed(|transport| drop(transport.headers.insert(name, value))))
    }

    fn changed(&self, change: impl FnOnce(&mut Transport)) -> Self {
        let mut transport = Transport::clone(&self.transport);
        change(&mut transport);
        Self { transport: Arc::new(transport) }
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
