//! A plugin of optimize: `optimize rows COLLECTION` prints how many rows each report of a collection has.
//!
//! It asks by `$OPTIMIZE_CLI api`, so it never sees a token and need not know how to get one.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};

use serde_json::{Value, json};

const MANIFEST: &str = r#"{"optimize_plugin":1,"name":"rows","version":"0.1.0","about":"How many rows the reports of a collection have","host":">=0.1.0","needs":["request"]}"#;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let collection = match arguments.as_slice() {
        [question] if question == "--optimize-plugin-manifest" => {
            println!("{MANIFEST}");
            return ExitCode::SUCCESS;
        }
        [collection] if !collection.starts_with('-') => collection,
        _ => {
            eprintln!("usage: optimize rows COLLECTION");
            return ExitCode::from(2);
        }
    };
    match print_rows(collection) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => ExitCode::from(code),
    }
}

/// One JSON line per report. Fails with the exit code of the host, which has printed the reason.
fn print_rows(collection: &str) -> Result<(), u8> {
    for report in
        ask(&["report", "list", "--output", "json", "--collection", collection])?.as_array().into_iter().flatten()
    {
        let id = report["id"].as_str().unwrap_or_default();
        // One row is enough: the response has the total number.
        let response = ask(&["api", "GET", &format!("/api/public/export/report/{id}/result/json?limit=1")]);
        // Combined reports have no data.
        let rows = response.ok().map(|response| response["totalNumberOfRecords"].clone());
        println!("{}", json!({ "id": id, "rows": rows }));
    }
    Ok(())
}

/// What the host returns for a command.
#[expect(clippy::disallowed_methods, reason = "a plugin finds its host in the environment")]
fn ask(arguments: &[&str]) -> Result<Value, u8> {
    let host = env::var_os("OPTIMIZE_CLI").unwrap_or_else(|| OsString::from("optimize"));
    let response = Command::new(host).args(arguments).stderr(Stdio::inherit()).output().map_err(|error| {
        eprintln!("optimize cannot be started: {error}");
        1_u8
    })?;
    if !response.status.success() {
        return Err(response.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1));
    }
    serde_json::from_slice(&response.stdout).map_err(|error| {
        eprintln!("optimize returned no JSON: {error}");
        1
    })
}
