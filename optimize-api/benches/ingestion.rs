//! Ingestion in batches, beside a plain loop that sends bodies made beforehand to the same server at the same concurrency.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use optimize_api::{Client, ExternalVariable, VariableType};
use optimize_auth::{Credentials, ServiceUrl};
use optimize_sandbox::{Release, Sandbox};

const BATCH: usize = 1000;
const CONCURRENCY: usize = 4;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let (count, pairs) = if is_measured { (1_000_000, 3) } else { (4 * BATCH, 1) };
    let sandbox = Sandbox::builder().release(Release::V8_8).start().await.expect("a sandbox starts");
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let (plain, ours) = (plain(&sandbox, count).await, ours(&sandbox, count).await);
        let ratio = plain.as_secs_f64() / ours.as_secs_f64();
        println!(
            "pair {pair}: plain loop {:.2} s, batches {:.2} s: {ratio:.2} × the speed of the loop",
            plain.as_secs_f64(),
            ours.as_secs_f64()
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median: {:.2} × the speed of the loop, {count} variables", ratios[ratios.len() / 2]);
}

/// The same ids come again and again, so that the memory of the server does not grow.
fn variable(number: usize) -> ExternalVariable {
    let instance = format!("instance-{}", number % 10_000);
    ExternalVariable::new("invoice", instance, "amount", VariableType::Double).with_value("1021.50")
}

#[expect(clippy::disallowed_methods, reason = "time is what a benchmark measures")]
async fn ours(sandbox: &Sandbox, count: usize) -> Duration {
    let base_url = ServiceUrl::parse(&sandbox.base_url()).expect("the sandbox has a URL");
    let token = sandbox.static_token().to_owned().into();
    let credentials = Credentials::static_bearer(token).expect("the token is a header");
    let client = Client::builder(base_url).credentials(credentials).build().expect("a client is built");
    let begun = Instant::now();
    let batches = client.ingestion().variable_batches().batch_count(BATCH).concurrency(CONCURRENCY);
    let outcomes = batches.send(stream::iter((0..count).map(variable)));
    let accepted = outcomes.fold(0, |sum, outcome| async move { sum + outcome.accepted.len() }).await;
    assert_eq!(accepted, count);
    begun.elapsed()
}

#[expect(clippy::disallowed_methods, reason = "the loop to compare with uses nothing of the SDK")]
async fn plain(sandbox: &Sandbox, count: usize) -> Duration {
    let variables: Vec<_> = (0..BATCH).map(variable).collect();
    let body = bytes::Bytes::from(serde_json::to_vec(&variables).expect("variables are JSON"));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client is built");
    let url = format!("{}/api/ingestion/variable", sandbox.base_url());
    let begun = Instant::now();
    let requests = stream::iter((0..count / BATCH).map(Ok::<_, reqwest::Error>));
    let sent = requests.try_for_each_concurrent(CONCURRENCY, |_| async {
        let request = client.post(&url).bearer_auth(sandbox.static_token()).body(body.clone());
        request.header("content-type", "application/json").send().await?.error_for_status().map(drop)
    });
    sent.await.expect("the server takes them");
    begun.elapsed()
}
