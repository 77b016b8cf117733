//! Reading secrets, late and straight into a `SecretString`.

use optimize_auth::{SecretProblem, one_line_break_less, read_secret, read_secret_file};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::schema::SecretRef;
use super::secret_command;
use crate::descriptors;
use crate::env_vars::Environment;
use crate::error::CliError;

/// The service that entries of the keyring are filed under.
#[cfg(feature = "keyring")]
const KEYRING_SERVICE: &str = "optimize";

/// The secret, without the line break that editors and `echo` put at its end. `what` names it in errors.
pub(crate) fn resolve(secret: &SecretRef, what: &str, environment: &Environment) -> Result<SecretString, CliError> {
    let failed = |problem: &str| CliError::config(format!("read the {what} from {secret}: {problem}"));
    match secret {
        SecretRef::Inline(secret) => Ok(secret.clone()),
        SecretRef::Variable(name) => {
            let value = environment.raw(name).ok_or_else(|| failed("it is not set"))?;
            let text = Zeroizing::new(value.to_str().ok_or_else(|| failed("it is not UTF-8"))?.to_owned());
            one_line_break_less(&text).ok_or_else(|| failed("it is empty"))
        }
        SecretRef::File(path) if path.as_os_str() == "-" => {
            read_secret(std::io::stdin().lock()).map_err(|problem| match problem {
                SecretProblem::Io(error) => CliError::io(format!("read the {what} from {secret}"), error),
                SecretProblem::Text(problem) => failed(problem),
            })
        }
        SecretRef::File(path) => Ok(read_secret_file(path, what)?),
        SecretRef::Command(command) => {
            descriptors::keep_from_children();
            let variables = environment.for_helper(&[]).map_err(|problem| failed(&problem))?;
            secret_command::run(command, variables).map_err(|problem| failed(&problem))
        }
        #[cfg(feature = "keyring")]
        SecretRef::Keyring(entry) => Ok(optimize_auth::read_keyring_secret(KEYRING_SERVICE, entry)?),
        #[cfg(not(feature = "keyring"))]
        SecretRef::Keyring(_) => {
            Err(failed("keyrings are not built in").with_hint("build the program with --features keyring"))
        }
    }
}
