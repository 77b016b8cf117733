//! Two hundred tenants, each with a client and a credential of its own, beside one tenant that sends as many requests: the
//! CPU time of the whole process. The clients share one `HttpOptions`, and with it TLS and connections.

use std::time::Duration;

use optimize_api::{Client, RetryPolicy};
use optimize_auth::http::HttpOptions;
use optimize_auth::{Credentials, ServiceUrl};
use rustix::time::{ClockId, clock_gettime};

const TENANTS: usize = 200;

fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

fn client(http: &HttpOptions, tenant: usize) -> Client {
    // Nothing listens there: what is measured is the client, not the server.
    let base_url = ServiceUrl::parse("https://127.0.0.1:9").expect("a URL");
    let credentials = Credentials::static_bearer(format!("secret-{tenant}").into()).expect("a token");
    let builder = Client::builder(base_url).http(http.clone()).credentials(credentials);
    builder.retry(RetryPolicy::default().with_attempts(1)).build().expect("a client")
}

/// The CPU time of so many clients that send so many requests each, the making of the clients included.
async fn cost(tenants: usize, requests: usize) -> Duration {
    let before = cpu();
    let http = HttpOptions::default();
    for tenant in 0..tenants {
        let client = client(&http, tenant);
        for _ in 0..requests {
            client.collections().list().await.expect_err("nothing listens there");
        }
    }
    cpu().saturating_sub(before)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 9 } else { 1 };
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let (many, one) = (cost(TENANTS, 1).await, cost(1, TENANTS).await);
        ratios.push((many.as_secs_f64() / one.as_secs_f64(), many, one));
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, many, one) = ratios[ratios.len() / 2];
    println!("{TENANTS} tenants: {many:.1?} CPU beside {one:.1?} of one with as many requests: {ratio:.2} ×");
}
