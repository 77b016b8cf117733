//! A line for each request that changes something: what was done to a server, by whom, with which result.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use optimize_auth::http::Method;
use optimize_auth::{AttemptEnded, Observer};
use serde_json::json;

use crate::error::CliError;
use crate::printer::Printer;

/// Operations that read, whatever their method is.
const READING: [&str; 3] = ["report.export", "dashboard.export", "agentic.evaluate"];

/// The file of `--audit`, which grows.
#[derive(Debug)]
pub(crate) struct Audit {
    file: Mutex<File>,
    path: PathBuf,
    command: String,
    printer: Printer,
}

impl Audit {
    /// Opens the file, so that one that cannot be written to is an error before anything is done.
    pub(crate) fn open(path: &Path, command: &str, printer: Printer) -> Result<Self, CliError> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(|error| CliError::io(format!("write the audit log {}", path.display()), error))?;
        Ok(Self { file: Mutex::new(file), path: path.to_owned(), command: command.to_owned(), printer })
    }
}

impl Observer for Audit {
    fn attempt_ended(&self, attempt: &AttemptEnded<'_>) {
        if matches!(*attempt.method, Method::GET | Method::HEAD) || READING.contains(&attempt.operation) {
            return;
        }
        let line = json!({
            "time": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "command": self.command,
            "server": attempt.server,
            "operation": attempt.operation,
            "subject": attempt.subject,
            "attempt": attempt.number,
            "status": attempt.status,
        });
        // One write for a line, so that lines of other processes stay whole.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.flush()) {
            let (path, operation) = (self.path.display(), attempt.operation);
            self.printer.warning(&format!("the audit log {path} lacks a line, of {operation}: {error}"));
        }
    }
}
