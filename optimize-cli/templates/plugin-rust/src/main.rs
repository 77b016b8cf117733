//! A plugin of optimize: `optimize {{name}} COLLECTION` counts the reports in a collection.

use std::process::{Command, ExitCode, Stdio};

/// What `optimize plugin list` shows of it.
const MANIFEST: &str = r#"{"optimize_plugin":1,"name":"{{name}}","version":"0.1.0","about":"Count the reports in a collection","host":">={{host}}","needs":["request"],"commands":[]}"#;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [question] if question == "--optimize-plugin-manifest" => {
            println!("{MANIFEST}");
            ExitCode::SUCCESS
        }
        [collection] if !collection.starts_with('-') => count(collection),
        _ => {
            eprintln!("usage: optimize {{name}} COLLECTION");
            ExitCode::from(2)
        }
    }
}

/// The host adds the credential, renews it, and tries again where that is harmless. No token is seen here.
fn count(collection: &str) -> ExitCode {
    let Some(host) = std::env::var_os("OPTIMIZE_CLI") else {
        eprintln!("run it by: optimize {{name}}");
        return ExitCode::from(2);
    };
    let mut list = Command::new(host);
    list.args(["report", "list", "--output", "ndjson", "--collection", collection]).stderr(Stdio::inherit());
    match list.output() {
        Ok(listed) if listed.status.success() => {
            println!("{}", listed.stdout.iter().filter(|byte| **byte == b'\n').count());
            ExitCode::SUCCESS
        }
        // The host has printed the reason.
        Ok(listed) => ExitCode::from(listed.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("optimize cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}
