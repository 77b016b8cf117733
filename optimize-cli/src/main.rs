//! The `optimize` binary.

use std::process::ExitCode;

use optimize_cli::Environment;

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn main() -> ExitCode {
    let environment = Environment::new(std::env::vars_os());
    optimize_cli::main(&std::env::args_os().collect::<Vec<_>>(), environment)
}
