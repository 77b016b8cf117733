use optimize_sandbox::{Fault, FaultRule, Sandbox};
use serde_json::Value;

use crate::harness::{Server, User, check};

fn summary(user: &User) -> Value {
    serde_json::from_str(&user.read("run.json")).unwrap()
}

#[test]
fn a_summary_counts_what_a_run_did() {
    let rule = FaultRule::new("/api/public/export/report/*/result/json", Fault::status(503));
    let user = User::owning(Server::start(Sandbox::builder().fault(rule)));
    let ran = user.types("report data orders-raw --summary run.json -f rows.ndjson");
    assert_eq!(ran.code, Some(0), "{ran}");
    let summary = summary(&user);
    let rows = user.read("rows.ndjson").lines().count();
    assert_eq!(summary["command"], "report data");
    assert_eq!(summary["exit_code"], 0);
    assert_eq!(summary["error"], Value::Null);
    assert_eq!(summary["rows"], rows);
    assert_eq!(summary["retries"], 1);
    assert!(summary["waited_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(summary["tokens"]["fetched"], 1);
    let requests = user.server_journal().iter().filter(|entry| entry.path.starts_with("/api")).count();
    assert_eq!(summary["requests"], requests);
    assert_eq!(summary["operations"]["report.data"]["failed"], 1);
    // The server may compress them.
    assert!(summary["response_bytes"].as_u64().unwrap() > user.read("rows.ndjson").len() as u64 / 2);
    assert_eq!(user.files(), ["rows.ndjson", "rows.ndjson.manifest.json", "run.json"], "no temporary file is left");
}

#[test]
fn a_summary_is_written_of_a_run_that_fails_too() {
    let user = User::of_a_server();
    let ran = user.types("report data no-such-report --summary run.json");
    assert_eq!(ran.code, Some(6), "{ran}");
    let summary = summary(&user);
    assert_eq!((&summary["exit_code"], &summary["error"]["kind"]), (&6.into(), &"rejected".into()));
    assert_eq!(summary["error"]["operation"], "report.data");
}

#[test]
fn a_summary_has_the_counts_of_an_ingestion() {
    let user = User::of_a_server();
    user.file("rows.ndjson", "{\"id\":\"1\",\"name\":\"a\",\"value\":\"x\",\"type\":\"String\",\"processInstanceId\":\"1\",\"processDefinitionKey\":\"k\"}\n{}\n");
    let ran = user.types("variable ingest rows.ndjson --summary run.json");
    assert_eq!(ran.code, Some(8), "{ran}");
    let summary = summary(&user);
    assert_eq!((&summary["ingestion"]["accepted"], &summary["ingestion"]["rejected"]), (&1.into(), &1.into()));
    assert_eq!(summary["exit_code"], 8);
}

#[test]
fn a_summary_that_cannot_be_written_is_an_error_before_anything_is_done() {
    let user = User::of_a_server();
    check!(user.types("report list --collection claims --summary no/such/run.json"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to write the summary no/such/run.json: No such file or directory (os error 2)
    ");
    assert!(user.server_journal().is_empty());
}
