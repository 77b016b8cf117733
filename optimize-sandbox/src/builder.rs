//! The settings of a sandbox, and its start.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::crypto::aws_lc;
use tokio::net::TcpListener;

use crate::authorization::{Authorization, ForeignKeys};
use crate::clock::Clock;
use crate::connection::BreakableListener;
use crate::fault::FaultRule;
use crate::issuer::{AuthMethod, Behaviour, CLIENT_ID, Discovery, Issuer, TokenBody};
use crate::keys::TokenAlgorithm;
use crate::own::{Own, ReportData};
use crate::release::Release;
use crate::sandbox::{Certificates, Sandbox};
use crate::seed::Demo;
use crate::server;
use crate::state::State;
use crate::tls::Tls;

/// Settings of a sandbox to be started.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_sandbox::{Fault, FaultRule, Release, Sandbox};
///
/// let sandbox = Sandbox::builder()
///     .release(Release::ALL[0])
///     .seed(7)
///     .fault(FaultRule::new("/api/public/report", Fault::status(503)).times(2))
///     .start()
///     .await?;
/// assert!(sandbox.base_url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct SandboxBuilder {
    port: u16,
    release: Release,
    seed: u64,
    context_path: String,
    audience: String,
    jwks_url: Option<String>,
    issuer: Behaviour,
    tls: Option<Tls>,
    ahead: i64,
    largest_report: u64,
    unpatched: bool,
    ingestion_bytes: usize,
    ingestion_requests: usize,
    ingestion_delay: Duration,
    faults: Vec<FaultRule>,
    own: Own,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self {
            port: 0,
            release: Release::default(),
            seed: 7,
            context_path: String::new(),
            audience: "optimize.camunda.io".to_owned(),
            jwks_url: None,
            issuer: Behaviour::new(random_secret()),
            tls: None,
            ahead: 0,
            largest_report: 25_000,
            unpatched: false,
            ingestion_bytes: 10 << 20,
            ingestion_requests: 5,
            ingestion_delay: Duration::ZERO,
            faults: Vec::new(),
            own: Own::default(),
        }
    }

    /// The port on 127.0.0.1. Default 0: any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The release of Camunda to behave as. Default 8.8.
    pub fn release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// Adds a collection of one's own. Default those of the demo data: `orders`, `invoices` and `claims`.
    pub fn collection(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.own.collections.push((id.into(), name.into()));
        self
    }

    /// Adds a report with data of one's own to a collection, which is made if there is none of this id. A report of the demo
    /// data with the same id is replaced.
    pub fn report(mut self, collection: impl Into<String>, id: impl Into<String>, data: ReportData) -> Self {
        self.own.reports.push((collection.into(), id.into(), data));
        self
    }

    /// Adds a report or dashboard by its exported definition, or gives a [`report`](Self::report) of the same id this
    /// definition. Its id is that of the definition. The server also has the processes and decisions that the definition uses,
    /// in the scope of the collection, and its index version.
    pub fn definition(mut self, collection: impl Into<String>, definition: serde_json::Value) -> Self {
        self.own.definitions.push((collection.into(), definition));
        self
    }

    /// The seed of the demo data. Default 7. The same seed gives the same rows.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// A path before `/api`, such as `/optimize` or a cluster id of Camunda SaaS. Default none.
    pub fn context_path(mut self, path: &str) -> Self {
        self.context_path = leading_slash(path);
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
        self.issuer.token_lifetime = lifetime;
        self
    }

    /// A path of the issuer, such as `/realms/demo`. Default none.
    pub fn issuer_path(mut self, path: &str) -> Self {
        self.issuer.path = leading_slash(path);
        self
    }

    /// The path of the token endpoint below the issuer's, such as `/protocol/openid-connect/token`. Default `/oauth/token`.
    pub fn token_path(mut self, path: &str) -> Self {
        self.issuer.token_path = leading_slash(path);
        self
    }

    /// Where the issuer publishes its metadata. Default everywhere.
    pub fn discovery(mut self, discovery: Discovery) -> Self {
        self.issuer.discovery = discovery;
        self
    }

    /// The secret of the registered client. Default a random one.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.issuer.client_secret = secret.into();
        self
    }

    /// Registers the public keys, a JWK set, with which the client signs assertions. Default none.
    ///
    /// Fails if a key is of a kind that cannot be used.
    pub fn client_keys(mut self, jwks: serde_json::Value) -> io::Result<Self> {
        self.issuer.client_keys = serde_json::from_value(jwks).map_err(io::Error::other)?;
        Ok(self)
    }

    /// How the client may prove who it is. Default every way but [`AuthMethod::None`].
    pub fn auth_methods(mut self, methods: &[AuthMethod]) -> Self {
        self.issuer.methods = methods.to_vec();
        self
    }

    /// What the token endpoint reads. Default forms and JSON.
    pub fn token_body(mut self, body: TokenBody) -> Self {
        self.issuer.body = body;
        self
    }

    /// The algorithm of the issued tokens. Default ES256.
    pub fn token_algorithm(mut self, algorithm: TokenAlgorithm) -> Self {
        self.issuer.algorithm = algorithm;
        self
    }

    /// Issues tokens that are no JWTs.
    pub fn opaque_tokens(mut self) -> Self {
        self.issuer.is_opaque = true;
        self
    }

    /// Issues tokens for this audience whatever is asked for, as Keycloak does.
    pub fn fixed_token_audience(mut self, audience: impl Into<String>) -> Self {
        self.issuer.default_audience = audience.into();
        self.issuer.ignores_audience = true;
        self
    }

    /// A member of the token endpoint's response; null takes it out.
    pub fn token_response(mut self, name: impl Into<String>, value: serde_json::Value) -> Self {
        self.issuer.response.insert(name.into(), value);
        self
    }

    /// Returns 429 with `Retry-After` to more token requests than this in a second. Default no limit.
    pub fn token_requests_a_second(mut self, most: u32) -> Self {
        self.issuer.most_a_second = Some(most);
        self
    }

    /// Serves https. Default plain http.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets the server's clock ahead of this machine's, or behind it if negative, in seconds.
    pub fn clock_ahead(mut self, seconds: i64) -> Self {
        self.ahead = seconds;
        self
    }

    /// Responds as 8.8 and 8.9 did before their fixes: 500 to invalid requests, imports and labels that never work.
    pub fn unpatched(mut self) -> Self {
        self.unpatched = true;
        self
    }

    /// The largest ingestion that a server of 8.6 takes, in bytes. Default 10 MiB. Later ones have no limit.
    pub fn ingestion_bytes(mut self, most: usize) -> Self {
        self.ingestion_bytes = most;
        self
    }

    /// The most ingestions at a time that a server of 8.6 takes; it returns 429 to more. Default 5. Later ones have no limit.
    pub fn ingestion_requests(mut self, most: usize) -> Self {
        self.ingestion_requests = most;
        self
    }

    /// How long it takes until what was ingested is visible, as with a real server that takes it in by rounds. Default
    /// not at all.
    pub fn ingestion_delay(mut self, delay: Duration) -> Self {
        self.ingestion_delay = delay;
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
        let tls = self.tls.map(|tls| tls.prepare(CLIENT_ID)).transpose()?;
        let origin = format!("{}://{}", if tls.is_some() { "https" } else { "http" }, listener.local_addr()?);
        let trusts_itself = self.jwks_url.is_none();
        let foreign = self.jwks_url.map(ForeignKeys::new);
        let has_static_token = self.release.has_static_token() && trusts_itself;
        let static_token = has_static_token.then(random_secret);
        let authorization = Authorization { audience: self.audience.clone(), static_token, foreign };
        let mut behaviour = self.issuer;
        if !behaviour.ignores_audience {
            behaviour.default_audience = self.audience;
        }
        let (tls, certificates, client_der) = match tls {
            Some(tls) => {
                let certificates = Certificates { ca_pem: tls.ca_pem, client_pem: tls.client_pem };
                (Some(tls.acceptor), Some(certificates), Some(tls.client_der))
            }
            None => (None, None, None),
        };
        let issuer = Issuer::new(&origin, behaviour, client_der)?;
        let demo = Demo::new(self.seed, self.largest_report, self.own.reports);
        let mut state =
            State::new(self.release, self.context_path, demo, issuer, authorization, Clock::ahead(self.ahead));
        state.unpatched = self.unpatched;
        state.ingestion_bytes = self.ingestion_bytes;
        state.ingestion_requests = self.ingestion_requests;
        state.ingestion_delay = i64::try_from(self.ingestion_delay.as_millis()).unwrap_or(i64::MAX);
        let state = Arc::new(state);
        state.store().add(self.own.collections, self.own.definitions);
        for rule in self.faults {
            state.faults().add(rule);
        }
        let server = tokio::spawn(server::serve(BreakableListener::new(listener, tls), state.clone()));
        Ok(Sandbox { origin, state, certificates, server })
    }
}

fn leading_slash(path: &str) -> String {
    let path = path.trim_matches('/');
    if path.is_empty() { String::new() } else { format!("/{path}") }
}

fn random_secret() -> String {
    let mut bytes = [0; 24];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system has random numbers");
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
