//! Starting a sandbox, and the handle of a running one.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jsonwebtoken::crypto::aws_lc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::fault::FaultRule;
use crate::gate::{Gate, Keys};
use crate::generation::Generation;
use crate::issuer::Issuer;
use crate::journal::Entry;
use crate::keys::SigningKey;
use crate::seed::Demo;
use crate::server;
use crate::state::State;

/// Settings of a sandbox to be started.
#[derive(Debug)]
#[must_use]
pub struct SandboxBuilder {
    port: u16,
    generation: Generation,
    seed: u64,
    context_path: String,
    audience: String,
    jwks_url: Option<String>,
    token_lifetime: Duration,
    largest_report: u64,
    faults: Vec<FaultRule>,
}

/// A running sandbox on 127.0.0.1. It stops when this is dropped.
pub struct Sandbox {
    origin: String,
    state: Arc<State>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// A sandbox of generation G3 with demo data on a free port.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder {
            port: 0,
            generation: Generation::default(),
            seed: 7,
            context_path: String::new(),
            audience: "optimize.camunda.io".to_owned(),
            jwks_url: None,
            token_lifetime: Duration::from_secs(300),
            largest_report: 25_000,
            faults: Vec::new(),
        }
    }

    /// The base URL of the API: what comes before `/api`.
    pub fn base_url(&self) -> String {
        format!("{}{}", self.origin, self.state.context_path)
    }

    /// The issuer identifier, where discovery begins.
    pub fn issuer(&self) -> &str {
        &self.origin
    }

    /// The token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}/oauth/token", self.origin)
    }

    /// Where the issuer's public keys are.
    pub fn jwks_url(&self) -> String {
        format!("{}/oauth/jwks", self.origin)
    }

    /// The id of the one registered client.
    pub fn client_id(&self) -> &str {
        self.state.issuer.client_id()
    }

    /// The secret of that client, made at random at each start.
    pub fn client_secret(&self) -> &str {
        self.state.issuer.client_secret()
    }

    /// The audience a token must have, and gets when it asks for none.
    pub fn audience(&self) -> &str {
        &self.state.gate.audience
    }

    /// The static token, made at random at each start; empty where the generation or the trust in a foreign issuer
    /// allows none.
    pub fn static_token(&self) -> &str {
        self.state.gate.static_token.as_deref().unwrap_or_default()
    }

    /// What has arrived so far, in order.
    pub fn journal(&self) -> Vec<Entry> {
        self.state.journal().clone()
    }

    /// Adds a fault.
    pub fn add_fault(&self, rule: FaultRule) {
        self.state.faults().add(rule);
    }

    /// Whether readiness is answered with 200 (the default) or 503.
    pub fn set_ready(&self, ready: bool) {
        self.state.ready.store(ready, Ordering::Relaxed);
    }

    /// Lets time pass for this server: tokens and cursors grow older.
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

impl SandboxBuilder {
    /// The port on 127.0.0.1. Default 0: any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The server generation to behave as. Default G3.
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// The seed of the demo data. Default 7. The same seed gives the same rows.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// A path before `/api`, such as `/optimize` or a cluster id of Camunda SaaS. Default none.
    pub fn context_path(mut self, path: &str) -> Self {
        let path = path.trim_matches('/');
        self.context_path = if path.is_empty() { String::new() } else { format!("/{path}") };
        self
    }

    /// The audience a token must have. Default `optimize.camunda.io`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Trusts the tokens of a foreign issuer, whose keys are at this URL, instead of its own; there is then no static
    /// token, as with the real server.
    pub fn trust(mut self, jwks_url: impl Into<String>) -> Self {
        self.jwks_url = Some(jwks_url.into());
        self
    }

    /// The lifetime of issued tokens. Default 300 s.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// The rows of the largest report, `orders-raw`. Default 25,000; rows are made when asked for, so more cost nothing.
    pub fn largest_report(mut self, rows: u64) -> Self {
        self.largest_report = rows;
        self
    }

    /// Adds a fault.
    pub fn fault(mut self, rule: FaultRule) -> Self {
        self.faults.push(rule);
        self
    }

    /// Listens and serves until the [`Sandbox`] is dropped. Fails if the port is taken.
    pub async fn start(self) -> io::Result<Sandbox> {
        // A provider that is already installed is the same one or the host program's choice; both work.
        let _ = aws_lc::DEFAULT_PROVIDER.install_default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let key = SigningKey::generate()?;
        let keys = match self.jwks_url {
            Some(jwks_url) => Keys::Foreign { jwks_url, fetched: tokio::sync::Mutex::default() },
            None => Keys::Own(serde_json::from_value(key.jwks().clone()).map_err(io::Error::other)?),
        };
        let has_static_token = self.generation.has_static_token() && matches!(keys, Keys::Own(_));
        let gate = Gate { audience: self.audience.clone(), static_token: has_static_token.then(random_secret), keys };
        let issuer = Issuer::new(origin.clone(), key, random_secret(), self.audience, self.token_lifetime);
        let demo = Demo::new(self.seed, self.largest_report);
        let state = Arc::new(State::new(self.generation, self.context_path, demo, issuer, gate));
        for rule in self.faults {
            state.faults().add(rule);
        }
        let server = tokio::spawn(server::serve(listener, state.clone()));
        Ok(Sandbox { origin, state, server })
    }
}

fn random_secret() -> String {
    let mut bytes = [0; 24];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system has random numbers");
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
