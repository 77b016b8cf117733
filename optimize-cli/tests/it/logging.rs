use optimize_sandbox::{Fault, FaultRule, Sandbox};
use serde_json::Value;

use crate::harness::{Ran, Server, User, check};

fn lines(ran: &Ran) -> Vec<Value> {
    ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

#[test]
fn every_line_of_a_json_log_is_an_object_with_time_level_and_message() {
    let rule = FaultRule::new("/api/public/report", Fault::status(503));
    let user = User::owning(Server::start(Sandbox::builder().fault(rule.times(100)))).with("OPTIMIZE_PROFIL", "x");
    for verbosity in ["", "-v", "-vv", "-vvv"] {
        let ran = user.types(&format!("report list --collection claims --timeout 2s --log-format json {verbosity}"));
        assert_eq!(ran.code, Some(7), "{ran}");
        let lines = lines(&ran);
        for line in &lines {
            assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
            assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
        }
        assert_eq!(lines.iter().filter(|line| line["level"] == "WARN").count(), 1, "{verbosity}: {ran}");
        let last = lines.last().unwrap();
        assert_eq!((&last["level"], &last["error"]["kind"]), (&"ERROR".into(), &"unavailable".into()));
        assert_eq!(last["error"]["status"], 503);
        let attempts = lines.iter().filter(|line| line["message"] == "attempt ended").count();
        assert_eq!(attempts > 1, !verbosity.is_empty(), "{ran}");
    }
}

#[test]
fn remarks_of_a_json_log_are_objects_too() {
    let user = User::of_a_server();
    let ran = user.types("report data claims-raw -f rows.csv --log-format json");
    check!(ran, @r#"
    exit 0
    --- stdout
    --- stderr
    {"timestamp":"[TIME]","level":"INFO","message":"wrote 2450 rows to rows.csv"}
    "#);
}

#[test]
fn a_trace_shows_how_connections_are_made() {
    let user = User::of_a_server();
    let ran = user.types("report list --collection claims -vvv");
    for part in ["tls=\"rustls with aws-lc\"", "system_roots=true", "proxy=\"none\"", "version=HTTP/1.1", "duration="] {
        assert!(ran.stderr.contains(part), "{part}: {ran}");
    }
    let user = user
        .with("OPTIMIZE_BASE_URL", "https://optimize.example")
        .with("HTTPS_PROXY", "http://user:canary-3c1d@127.0.0.1:1");
    let ran = user.types("report list --collection claims -vvv --timeout 1s");
    assert!(ran.stderr.contains("variable=\"HTTPS_PROXY\" proxy=\"127.0.0.1:1\""), "{ran}");
    assert!(!ran.stderr.contains("canary"), "{ran}");
}
