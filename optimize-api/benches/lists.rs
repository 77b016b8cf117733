//! A thousand list calls at a time, beside the same requests by a bare HTTP client, in turn.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use optimize_api::Client;
use optimize_auth::{Credentials, ServiceUrl};
use optimize_sandbox::Sandbox;
use serde_json::Value;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let (calls, pairs) = if is_measured { (1000, 7) } else { (20, 1) };
    let sandbox = Sandbox::builder().start().await.expect("a sandbox starts");
    let base_url = ServiceUrl::parse(&sandbox.base_url()).expect("the sandbox has a URL");
    let credentials = Credentials::static_bearer(sandbox.static_token().to_owned().into()).expect("a header");
    let client = Client::builder(base_url).credentials(credentials).build().expect("a client is built");
    #[expect(clippy::disallowed_methods, reason = "what to compare with uses nothing of the SDK")]
    let bare = reqwest::Client::builder().no_proxy().build().expect("a client is built");
    let url = format!("{}/api/public/report?collectionId=orders", sandbox.base_url());
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let plain = timed(try_join_all((0..calls).map(|_| async {
            let response = bare.get(&url).bearer_auth(sandbox.static_token()).send().await?;
            response.json::<Value>().await
        })));
        let plain = plain.await;
        let lists = timed(try_join_all((0..calls).map(|_| async {
            let reports = client.reports();
            reports.list("orders").await
        })));
        let lists = lists.await;
        let ratio = plain.as_secs_f64() / lists.as_secs_f64();
        println!("pair {pair}: bare {plain:.1?}, lists {lists:.1?}: {ratio:.2} × the speed of the bare client");
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median: {:.2} × the speed of the bare client, {calls} calls at a time", ratios[ratios.len() / 2]);
}

#[expect(clippy::disallowed_methods, reason = "time is what a benchmark measures")]
async fn timed<T, E: std::fmt::Debug>(work: impl Future<Output = Result<T, E>>) -> Duration {
    let begun = Instant::now();
    work.await.expect("every call succeeds");
    begun.elapsed()
}
