//! A web service for several tenants, each with a server and a credential of its own, that streams rows to its callers.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::StreamExt;
use optimize_api::Client;
use optimize_auth::http::HttpOptions;
use optimize_auth::{Credentials, SecretString, ServiceUrl};

/// A client for each tenant. They share one HTTP client, so that TLS is set up once and connections are shared.
#[derive(Clone, Default)]
pub struct Tenants(Arc<BTreeMap<String, Client>>);

/// Name, base URL and shared secret of a tenant.
pub type Tenant = (String, ServiceUrl, SecretString);

impl Tenants {
    /// The clients of these tenants.
    pub fn new(tenants: impl IntoIterator<Item = Tenant>) -> Result<Self, Box<dyn std::error::Error>> {
        // Clones of it share one client.
        let http = HttpOptions::default();
        let mut clients = BTreeMap::new();
        for (name, base_url, secret) in tenants {
            let credentials = Credentials::static_bearer(secret)?;
            clients.insert(name, Client::builder(base_url).http(http.clone()).credentials(credentials).build()?);
        }
        Ok(Self(Arc::new(clients)))
    }
}

/// `GET /TENANT/REPORT` returns the rows of a report as NDJSON, page by page as the caller reads them.
pub fn service(tenants: Tenants) -> Router {
    Router::new().route("/{tenant}/{report}", get(rows)).with_state(tenants)
}

async fn rows(State(tenants): State<Tenants>, Path((tenant, report)): Path<(String, String)>) -> Response {
    let Some(client) = tenants.0.get(&tenant) else { return StatusCode::NOT_FOUND.into_response() };
    let lines = client.reports().data(report).rows().map(|row| match row {
        Ok(row) => Ok([row.as_bytes(), b"\n"].concat()),
        // The response has begun: its end is broken off, so that nobody takes it for whole.
        Err(error) => Err(io::Error::other(error)),
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}
