//! The handle of a running sandbox.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::builder::SandboxBuilder;
use crate::fault::FaultRule;
use crate::issuer::CLIENT_ID;
use crate::journal::Entry;
use crate::state::State;

/// A running sandbox on 127.0.0.1. It stops when this is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_sandbox::Sandbox;
///
/// let sandbox = Sandbox::builder().start().await?;
/// // A program uses these as it would those of a real server.
/// println!("{} {} {}", sandbox.base_url(), sandbox.token_url(), sandbox.client_id());
/// assert!(sandbox.journal().is_empty(), "nothing was requested yet");
/// # Ok(())
/// # }
/// ```
pub struct Sandbox {
    pub(crate) origin: String,
    pub(crate) state: Arc<State>,
    pub(crate) certificates: Option<Certificates>,
    pub(crate) server: JoinHandle<()>,
}

/// What clients of a sandbox with TLS need.
pub(crate) struct Certificates {
    pub(crate) ca_pem: String,
    pub(crate) client_pem: String,
}

impl Sandbox {
    /// A sandbox of Camunda 8.8 with demo data on a free port.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::new()
    }

    /// The base URL of the API: what comes before `/api`.
    pub fn base_url(&self) -> String {
        format!("{}{}", self.origin, self.state.context_path)
    }

    /// The issuer identifier, where discovery begins.
    pub fn issuer(&self) -> &str {
        &self.state.issuer.id
    }

    /// The token endpoint.
    pub fn token_url(&self) -> String {
        self.state.issuer.token_url()
    }

    /// Where the issuer's public keys are.
    pub fn jwks_url(&self) -> String {
        self.state.issuer.jwks_url()
    }

    /// The id of the one registered client.
    pub fn client_id(&self) -> &str {
        CLIENT_ID
    }

    /// The secret of that client, by default made at random at each start.
    pub fn client_secret(&self) -> &str {
        &self.state.issuer.behaviour.client_secret
    }

    /// The certificate of the authority that has signed the server's, in PEM; empty without TLS.
    pub fn ca_pem(&self) -> &str {
        self.certificates.as_ref().map_or("", |certificates| &certificates.ca_pem)
    }

    /// Certificate and key of the registered client, in PEM; empty without TLS.
    pub fn client_identity_pem(&self) -> &str {
        self.certificates.as_ref().map_or("", |certificates| &certificates.client_pem)
    }

    /// The audience a token must have, and gets when it asks for none.
    pub fn audience(&self) -> &str {
        &self.state.authorization.audience
    }

    /// The static token, made at random at each start; empty where the release or the trust in a foreign issuer
    /// allows none.
    pub fn static_token(&self) -> &str {
        self.state.authorization.static_token.as_deref().unwrap_or_default()
    }

    /// What has arrived so far, in order.
    pub fn journal(&self) -> Vec<Entry> {
        self.state.journal().clone()
    }

    /// How many token requests have arrived.
    pub fn token_requests(&self) -> usize {
        let path = &self.state.issuer.behaviour.token_path;
        self.state.journal().iter().filter(|entry| entry.path.ends_with(path)).count()
    }

    /// The statuses of the responses to requests below `/api`, in order; 0 is a broken connection.
    pub fn api_statuses(&self) -> Vec<u16> {
        let journal = self.state.journal();
        journal.iter().filter(|entry| entry.path.starts_with("/api")).map(|entry| entry.status).collect()
    }

    /// The variables that were ingested and are visible, by their ids; of several with one id the last.
    pub fn ingested_variables(&self) -> Vec<serde_json::Value> {
        self.state.store().variables.visible(self.state.clock.now())
    }

    /// The events that were ingested, oldest first.
    pub fn ingested_events(&self) -> Vec<serde_json::Value> {
        self.state.store().events.visible(self.state.clock.now())
    }

    /// The label of a variable.
    pub fn variable_label(&self, definition_key: &str, name: &str, variable_type: &str) -> Option<String> {
        let place = (definition_key.to_owned(), name.to_owned(), variable_type.to_owned());
        self.state.store().labels.get(&place).cloned()
    }

    /// Whether reports and dashboards may be shared.
    pub fn is_sharing_enabled(&self) -> bool {
        self.state.store().is_sharing_enabled
    }

    /// Carries out the deletions of process definitions that are queued.
    pub fn run_deletions(&self) {
        let mut store = self.state.store();
        let queued = std::mem::take(&mut store.queued_deletions);
        store.process_definitions.retain(|key| !queued.contains(key));
    }

    /// Adds a fault.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = optimize_sandbox::Sandbox::builder().start().await?;
    /// use optimize_sandbox::{Fault, FaultRule};
    ///
    /// // The second page of a report is lost once.
    /// let rule = FaultRule::new("/api/public/export/report/*/result/json", Fault::ResetAfter);
    /// sandbox.add_fault(rule.with_query("searchRequestId").times(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_fault(&self, rule: FaultRule) {
        self.state.faults().add(rule);
    }

    /// Whether readiness is returned 200 (the default) or 503.
    pub fn set_ready(&self, ready: bool) {
        self.state.ready.store(ready, Ordering::Relaxed);
    }

    /// Signs tokens with another key from now on. Those signed with the old one are refused.
    pub fn rotate_key(&self) -> io::Result<()> {
        self.state.issuer.rotate_key()
    }

    /// Lets time pass for this server: tokens and cursors grow older.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = optimize_sandbox::Sandbox::builder().start().await?;
    /// // Tokens that were issued before have ended now.
    /// sandbox.advance_clock(std::time::Duration::from_secs(3600));
    /// # Ok(())
    /// # }
    /// ```
    pub fn advance_clock(&self, by: Duration) {
        self.state.clock.advance(by);
    }

    /// Waits until the sandbox ends, which it does only on an error.
    pub async fn wait(&mut self) {
        let _ = (&mut self.server).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}
