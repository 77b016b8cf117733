//! `optimize variable ingest` of 1,000,000 rows with a journal and all checks, beside `curl` that sends bodies made beforehand, as
//! many at a time; the most memory it took; and how long the same command takes once the journal has every row.

#[path = "support/server.rs"]
mod server;
#[path = "support/watch.rs"]
mod watch;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use server::Server;
use tempfile::TempDir;
use watch::{curl, watch};

const BATCH: u64 = 1000;
const CONCURRENCY: &str = "4";

fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let (rows, pairs) = if is_measured { (1_000_000, 3) } else { (4 * BATCH, 1) };
    let server = Server::start(&[]);
    let home = TempDir::new().expect("a directory");
    for format in ["ndjson", "csv"] {
        let file = write(home.path(), format, rows);
        let mut ratios = Vec::new();
        for pair in 1..=pairs {
            let journal = home.path().join(format!("journal-{format}-{pair}"));
            let journal = journal.to_str().expect("a text");
            let flags = ["--batch-size", "1000", "--concurrency", CONCURRENCY, "--journal", journal];
            let path = file.to_str().expect("a text");
            let ingest = || watch(server.command(&home, &[&["variable", "ingest", path], &flags[..]].concat()));
            let ours = ingest();
            let curl = curl_bodies(&server, home.path(), rows);
            let ratio = curl.as_secs_f64() / ours.time.as_secs_f64();
            println!(
                "{format}, pair {pair}: curl {:.2} s, optimize {:.2} s with {} KiB at most: {ratio:.2} × the speed of curl",
                curl.as_secs_f64(),
                ours.time.as_secs_f64(),
                ours.peak_memory,
            );
            ratios.push(ratio);
            let again = ingest();
            println!("{format}, again: {:.2} s with {} KiB at most", again.time.as_secs_f64(), again.peak_memory);
        }
        ratios.sort_by(f64::total_cmp);
        println!("{format}, median: {:.2} × the speed of curl, {rows} rows", ratios[ratios.len() / 2]);
    }
}

fn instance(number: u64) -> String {
    format!("instance-{number}")
}

fn write(directory: &Path, format: &str, rows: u64) -> PathBuf {
    let path = directory.join(format!("rows.{format}"));
    let mut file = BufWriter::new(fs::File::create(&path).expect("a file"));
    let mut line = |text: String| writeln!(file, "{text}").expect("the disk has room");
    if format == "csv" {
        line("name,type,value,processInstanceId,processDefinitionKey".to_owned());
    }
    for number in 0..rows {
        let instance = instance(number);
        line(match format {
            "csv" => format!("amount,Double,1021.50,{instance},invoice"),
            _ => format!(
                r#"{{"name":"amount","type":"Double","value":1021.50,"processInstanceId":"{instance}","processDefinitionKey":"invoice"}}"#
            ),
        });
    }
    path
}

fn curl_bodies(server: &Server, directory: &Path, rows: u64) -> std::time::Duration {
    let body: Vec<_> = (0..BATCH)
        .map(|number| {
            let instance = instance(number);
            format!(
                r#"{{"id":"{instance}:amount:Double","name":"amount","type":"Double","value":"1021.50","processInstanceId":"{instance}","processDefinitionKey":"invoice"}}"#
            )
        })
        .collect();
    let file = directory.join("body.json");
    fs::write(&file, format!("[{}]", body.join(","))).expect("a file");
    let url = format!("{}/api/ingestion/variable", server.setting("base_url"));
    let mut requests = String::from("header = \"Content-Type: application/json\"\n");
    for _ in 0..rows / BATCH {
        // Writing to a String cannot fail.
        let _ = writeln!(requests, "url = \"{url}\"");
    }
    let _ = writeln!(requests, "data-binary = \"@{}\"", file.display());
    curl(server, &["--parallel", "--parallel-max", CONCURRENCY], &requests)
}
