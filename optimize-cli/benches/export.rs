//! `optimize report data` of 1,000,000 rows, beside `curl` of the same pages; and the most memory it took.
//!
//! Both ask the same server in turn, so that what else the machine does falls on both.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

const PAGE_SIZE: u64 = 10_000;
const OPTIMIZE: &str = env!("CARGO_BIN_EXE_optimize");

fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let (rows, pairs) = if is_measured { (1_000_000, 5) } else { (PAGE_SIZE, 1) };
    let server = Server::start(rows);
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let ours = server.export("ndjson", rows);
        let curl = server.curl(rows);
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
            let run = server.export("ndjson", rows);
            println!("{rows} rows: {} ns a row", run.time.as_nanos() / u128::from(rows));
        }
        let csv = server.export("csv", rows);
        println!("as csv: {:.2} s with {} KiB at most", csv.time.as_secs_f64(), csv.peak_memory);
    }
}

/// One run of the binary.
struct Run {
    time: Duration,
    /// In KiB; 0 where the system does not tell.
    peak_memory: u64,
}

struct Server {
    process: Child,
    base_url: String,
    token: String,
}

impl Server {
    fn start(rows: u64) -> Self {
        let mut command = Command::new(OPTIMIZE);
        command.args(["sandbox", "serve", "--rows", &rows.to_string()]).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the binary starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("it tells where it is");
        let told: Value = serde_json::from_str(&line).expect("it tells so in JSON");
        let text = |name: &str| told[name].as_str().expect("a text").to_owned();
        Self { process, base_url: text("base_url"), token: text("static_token") }
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    fn export(&self, format: &str, rows: u64) -> Run {
        let mut command = Command::new(OPTIMIZE);
        command.args(["report", "data", "orders-raw", "--format", format, "--page-size", &PAGE_SIZE.to_string()]);
        command.args(["--limit", &rows.to_string()]);
        command.env("OPTIMIZE_BASE_URL", &self.base_url).env("OPTIMIZE_TOKEN", &self.token).stdout(Stdio::null());
        let begun = Instant::now();
        let mut child = command.spawn().expect("the binary starts");
        let mut peak_memory = 0;
        let status = loop {
            peak_memory = peak_memory.max(high_water_mark(child.id()).unwrap_or(0));
            match child.try_wait().expect("a child can be waited for") {
                Some(status) => break status,
                None => sleep(Duration::from_millis(5)),
            }
        };
        let time = begun.elapsed();
        assert!(status.success(), "{status}");
        Run { time, peak_memory }
    }

    fn curl(&self, rows: u64) -> Duration {
        let url = format!("{}/api/public/export/report/orders-raw/result/json", self.base_url);
        let first = tempfile::NamedTempFile::new().expect("a temporary file");
        let request = format!("url = \"{url}?limit={PAGE_SIZE}\"\noutput = \"{}\"\n", first.path().display());
        let mut time = self.curl_requests(&request);
        let page: Value = serde_json::from_slice(&fs::read(first.path()).expect("a page")).expect("JSON");
        let cursor = page["searchRequestId"].as_str().expect("a cursor");
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("searchRequestId", cursor).finish();
        // The pages after the first, and the empty one at the end.
        let requests = format!("url = \"{url}?{query}\"\noutput = \"/dev/null\"\n")
            .repeat(usize::try_from(rows / PAGE_SIZE).expect("a count"));
        time += self.curl_requests(&requests);
        time
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    fn curl_requests(&self, requests: &str) -> Duration {
        let begun = Instant::now();
        let mut curl = Command::new("curl")
            .args(["--silent", "--fail", "--config", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("curl starts");
        let mut input = curl.stdin.take().expect("its input is a pipe");
        write!(input, "header = \"Authorization: Bearer {}\"\n{requests}", self.token).expect("curl reads");
        drop(input);
        assert!(curl.wait().expect("curl ends").success());
        begun.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The most memory a process has had so far, in KiB, where the system tells.
fn high_water_mark(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
