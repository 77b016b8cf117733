//! `optimize report data` of 1,000,000 rows, beside `curl` of the same pages; and the most memory it took.
//!
//! Both ask the same server in turn, so that what else the machine does falls on both.

#[path = "support/server.rs"]
mod server;
#[path = "support/watch.rs"]
mod watch;

use std::fs;
use std::time::Duration;

use serde_json::Value;
use server::Server;
use tempfile::TempDir;
use watch::{Run, curl, watch};

const PAGE_SIZE: u64 = 10_000;

fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let (rows, pairs) = if is_measured { (1_000_000, 5) } else { (PAGE_SIZE, 1) };
    let server = Server::start(&["--rows", &rows.to_string()]);
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let ours = export(&server, "ndjson", rows);
        let curl = curl_pages(&server, rows);
        let ratio = curl.as_secs_f64() / ours.time.as_secs_f64();
        println!(
            "pair {pair}: curl {:.2} s, optimize {:.2} s with {} KiB at most: {ratio:.2} × the speed of curl",
            curl.as_secs_f64(),
            ours.time.as_secs_f64(),
            ours.peak_memory,
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median: {:.2} × the speed of curl, {rows} rows", ratios[ratios.len() / 2]);
    if is_measured {
        for rows in [10_000, 100_000, 1_000_000] {
            let run = export(&server, "ndjson", rows);
            println!("{rows} rows: {} ns a row", run.time.as_nanos() / u128::from(rows));
        }
    }
    files(&server, rows);
}

/// Each format as a file, beside curl of the same pages.
fn files(server: &Server, rows: u64) {
    let everyday = ["ndjson", "csv", "csv.gz", "xes", "xes.gz"];
    let bulk = ["parquet", "arrow", "xlsx", "ndjson.zst"];
    let formats = everyday.iter().chain(bulk.iter().filter(|_| cfg!(feature = "bulk")));
    for format in formats {
        let home = TempDir::new().expect("a directory");
        let file = home.path().join(format!("rows.{format}"));
        let (path, count) = (file.to_str().expect("a path"), rows.to_string());
        let flags = ["-q", "-f", path, "--limit", &count];
        let ours = watch(server.command(&home, &[&["report", "data", "orders-raw"], &flags[..]].concat()));
        let ratio = curl_pages(server, rows).as_secs_f64() / ours.time.as_secs_f64();
        println!(
            "{format}: {:.2} s, {ratio:.2} × the speed of curl, {} rows/s, {} KiB at most, {} MB",
            ours.time.as_secs_f64(),
            u128::from(rows) * 1000 / ours.time.as_millis().max(1),
            ours.peak_memory,
            fs::metadata(&file).expect("a file").len() / 1_000_000
        );
    }
}

fn export(server: &Server, format: &str, rows: u64) -> Run {
    let home = TempDir::new().expect("a directory");
    let (page_size, rows) = (PAGE_SIZE.to_string(), rows.to_string());
    let flags = ["-o", format, "--page-size", &page_size, "--limit", &rows];
    watch(server.command(&home, &[&["report", "data", "orders-raw"], &flags[..]].concat()))
}

fn curl_pages(server: &Server, rows: u64) -> Duration {
    let url = format!("{}/api/public/export/report/orders-raw/result/json", server.setting("base_url"));
    let first = tempfile::NamedTempFile::new().expect("a temporary file");
    let request = format!("url = \"{url}?limit={PAGE_SIZE}\"\noutput = \"{}\"\n", first.path().display());
    let mut time = curl(server, &[], &request);
    let page: Value = serde_json::from_slice(&fs::read(first.path()).expect("a page")).expect("JSON");
    let cursor = page["searchRequestId"].as_str().expect("a cursor");
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("searchRequestId", cursor).finish();
    // The pages after the first, and the empty one at the end.
    let requests = format!("url = \"{url}?{query}\"\noutput = \"/dev/null\"\n")
        .repeat(usize::try_from(rows / PAGE_SIZE).expect("a count"));
    time += curl(server, &[], &requests);
    time
}
