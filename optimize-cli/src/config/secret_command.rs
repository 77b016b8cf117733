//! A secret that a program prints, such as a password manager.

use std::process::Command;
use std::time::Duration;

use optimize_auth::{SecretProblem, read_secret, scrub};
use secrecy::SecretString;

use crate::bounded::Bounded;

/// How long the program may take. It may have to ask the person for a password of its own.
const PATIENCE: Duration = Duration::from_secs(60);
const LIMIT: usize = 64 << 10;

/// Runs the program with this environment alone; it may write to standard error.
pub(super) fn run(
    command: &[String],
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<SecretString, String> {
    let (program, arguments) = command.split_first().ok_or("there is no program")?;
    if !std::path::Path::new(program).is_absolute() {
        return Err("the path of the program is not absolute".to_owned());
    }
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment);
    let printed = Bounded { command, patience: PATIENCE, limit: LIMIT }.run()?;
    read_secret(printed.as_slice()).map_err(|problem| match problem {
        SecretProblem::Io(error) => scrub(&error.to_string(), &[]),
        SecretProblem::Text(problem) => problem.to_owned(),
    })
}
