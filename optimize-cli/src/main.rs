//! The `optimize` binary.

use std::process::ExitCode;

use optimize_cli::Environment;

fn main() -> ExitCode {
    optimize_cli::main(&std::env::args_os().collect::<Vec<_>>(), Environment::of_this_process())
}
