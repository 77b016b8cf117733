//! A page of 10,000 rows, beside `serde_json` doing nothing but finding where each row begins and ends.

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use optimize_api::DataPage;
use optimize_sandbox::Sandbox;
use serde::Deserialize;
use serde_json::value::RawValue;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[expect(clippy::disallowed_methods, reason = "the sandbox is asked without this project's code")]
/// The response to a request for 10,000 rows, as it comes over the wire.
fn response() -> Bytes {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let sandbox = Sandbox::builder().start().await.expect("a sandbox");
        let path = format!("{}/api/public/export/report/orders-raw/result/json?limit=10000", sandbox.base_url());
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = client.get(path).bearer_auth(sandbox.static_token());
        request.send().await.expect("a response").bytes().await.expect("a body")
    })
}

#[divan::bench]
fn data_page(bencher: Bencher<'_, '_>) {
    let body = response();
    bencher.counter(BytesCount::new(body.len())).bench(|| DataPage::from_json(&body));
}

#[divan::bench]
fn raw_values(bencher: Bencher<'_, '_>) {
    #[derive(Deserialize)]
    struct Response<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
    }
    let body = response();
    bencher
        .counter(BytesCount::new(body.len()))
        .bench(|| serde_json::from_slice::<Response<'_>>(&body).expect("a page").data.len());
}
