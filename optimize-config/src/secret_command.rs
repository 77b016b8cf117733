//! A secret that a program prints, such as a password manager.

use std::time::Duration;

use optimize_auth::{SecretProblem, read_secret, scrub};
use secrecy::SecretString;

use crate::auth::Occasion;
use crate::bounded::Bounded;

/// The longest that the program may take. It may have to ask the user for a password.
const PATIENCE: Duration = Duration::from_secs(60);
const LIMIT: usize = 64 << 10;

/// Runs the program with this environment alone; it may write to standard error.
pub(crate) fn run(
    command: &[String],
    environment: Vec<(String, String)>,
    occasion: &Occasion<'_>,
) -> Result<SecretString, String> {
    if !command.first().is_some_and(|program| std::path::Path::new(program).is_absolute()) {
        return Err("the path of the program is not absolute".to_owned());
    }
    let bounded = Bounded {
        command,
        environment,
        shows_errors: true,
        supervisor: (occasion.supervisor)(),
        patience: PATIENCE.min(occasion.limit()),
        limit: LIMIT,
    };
    read_secret(bounded.run()?.as_slice()).map_err(|problem| match problem {
        SecretProblem::Io(error) => scrub(&error.to_string(), &[]),
        SecretProblem::Text(problem) => problem.to_owned(),
        _ => "it is no secret".to_owned(),
    })
}
