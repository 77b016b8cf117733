//! How a service is, for those that run it: `/healthz` for probes, `/metrics` for Prometheus.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::error::CliError;

/// A service whose work has failed for so long is not well.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a stream has done so far.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) messages: u64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    pub(super) commits: u64,
    pub(super) retries: u64,
    /// Messages that were read and are neither accepted nor rejected.
    pub(super) in_flight: u64,
    /// Since when the server or the broker has failed, and how.
    pub(super) trouble: Option<(Instant, String)>,
}

/// What a stream has done so far, as it is shared with those who ask.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(Arc<Mutex<State>>);

impl Health {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a failure that may go away. Returns whether it is the first one.
    pub(super) fn fails(&self, problem: &str) -> bool {
        let mut state = self.state();
        state.retries += 1;
        let is_first = state.trouble.is_none();
        let since = state.trouble.as_ref().map_or_else(Instant::now, |(since, _)| *since);
        state.trouble = Some((since, problem.to_owned()));
        is_first
    }

    /// Notes that it has gone away.
    pub(super) fn works(&self) {
        self.state().trouble = None;
    }

    fn check(&self) -> (StatusCode, String) {
        match &self.state().trouble {
            Some((since, problem)) if since.elapsed() > PATIENCE => (
                StatusCode::SERVICE_UNAVAILABLE,
                format!("failing for {} s: {}\n", since.elapsed().as_secs(), optimize_auth::visible(problem)),
            ),
            _ => (StatusCode::OK, "ok\n".to_owned()),
        }
    }

    fn metrics(&self) -> String {
        let state = self.state();
        let mut text = String::new();
        let mut add = |name: &str, kind: &str, help: &str, value: u64| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# HELP optimize_ingest_{name} {help}\n# TYPE optimize_ingest_{name} {kind}");
            let _ = writeln!(text, "optimize_ingest_{name} {value}");
        };
        add("messages_total", "counter", "Messages that were read.", state.messages);
        add("accepted_total", "counter", "Elements that the server has accepted.", state.accepted);
        add("rejected_total", "counter", "Messages that were rejected and went to the dead letters.", state.rejected);
        add("commits_total", "counter", "Commits at the broker.", state.commits);
        add("retries_total", "counter", "Waits for the server or the broker.", state.retries);
        add("in_flight", "gauge", "Messages that were read and not dealt with yet.", state.in_flight);
        add(
            "failing",
            "gauge",
            "Whether the server or the broker fails at the moment.",
            u64::from(state.trouble.is_some()),
        );
        text
    }

    /// Answers at this address from now on.
    pub(super) async fn listen(&self, address: SocketAddr) -> Result<SocketAddr, CliError> {
        let failed = |error| CliError::io(format!("listen at {address}"), error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let own = listener.local_addr().map_err(failed)?;
        let (health, metrics) = (self.clone(), self.clone());
        let router = Router::new()
            .route("/healthz", get(move || std::future::ready(health.check())))
            .route("/metrics", get(move || std::future::ready(metrics.metrics())));
        tokio::spawn(async move {
            // It ends with the process.
            let _ = axum::serve(listener, router).await;
        });
        Ok(own)
    }
}
