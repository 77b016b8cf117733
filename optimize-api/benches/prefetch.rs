//! An export whose rows the program looks into, with the next page fetched ahead and without, in turn.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use optimize_api::Client;
use optimize_auth::{Credentials, ServiceUrl};
use optimize_sandbox::{Fault, FaultRule, Sandbox};
use serde_json::Value;

const PAGE_SIZE: u32 = 10_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let (rows, pairs) = if is_measured { (200_000, 5) } else { (20_000, 1) };
    let sandbox = Sandbox::builder().largest_report(rows).start().await.expect("a sandbox starts");
    // A server that is as far away as one on the internet.
    let far = FaultRule::new("/api/public/export/report/*/result/json", Fault::Delay { milliseconds: 50 });
    sandbox.add_fault(far.times(u32::MAX));
    let base_url = ServiceUrl::parse(&sandbox.base_url()).expect("the sandbox has a URL");
    let token = sandbox.static_token().to_owned().into();
    let credentials = Credentials::static_bearer(token).expect("the token is a header");
    let client = Client::builder(base_url).credentials(credentials).build().expect("a client is built");
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let (without, with) = (export(&client, false, rows).await, export(&client, true, rows).await);
        let ratio = without.as_secs_f64() / with.as_secs_f64();
        println!(
            "pair {pair}: {:.2} s page by page, {:.2} s fetched ahead: {ratio:.2} ×",
            without.as_secs_f64(),
            with.as_secs_f64()
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median: {:.2} × as fast ahead, {rows} rows", ratios[ratios.len() / 2]);
}

#[expect(clippy::disallowed_methods, reason = "time is what a benchmark measures")]
async fn export(client: &Client, prefetch: bool, rows: u64) -> Duration {
    let begun = Instant::now();
    let data = client.reports().data("orders-raw").page_size(PAGE_SIZE).prefetch(prefetch);
    let mut values = pin!(data.rows_as::<Value>());
    let mut seen = 0;
    while let Some(value) = values.try_next().await.expect("the export succeeds") {
        seen += u64::from(value.is_object());
    }
    assert_eq!(seen, rows);
    begun.elapsed()
}
