//! Reading secrets, late and straight into a `SecretString`.

use std::io::Read;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::schema::SecretRef;
use crate::env_vars::Environment;
use crate::error::CliError;

/// No token or secret in use is nearly as long; more is the wrong file.
const LONGEST: usize = 64 << 10;

/// The secret, without the line break that editors and `echo` put at its end. `what` names it in errors.
pub(crate) fn resolve(secret: &SecretRef, what: &str, environment: &Environment) -> Result<SecretString, CliError> {
    let failed = |problem: &str| CliError::config(format!("read the {what} from {secret}: {problem}"));
    let text = match secret {
        SecretRef::Inline(secret) => return Ok(secret.clone()),
        SecretRef::Variable(name) => {
            let value = environment.raw(name).ok_or_else(|| failed("it is not set"))?;
            Zeroizing::new(value.to_str().ok_or_else(|| failed("it is not UTF-8"))?.to_owned())
        }
        SecretRef::File(path) => {
            let bytes = read(path).map_err(|error| CliError::io(format!("read the {what} from {secret}"), error))?;
            if bytes.len() > LONGEST {
                return Err(failed("it is longer than 64 KiB"));
            }
            Zeroizing::new(std::str::from_utf8(&bytes).map_err(|_| failed("it is not UTF-8"))?.to_owned())
        }
    };
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.trim().is_empty() {
        return Err(failed("it is empty"));
    }
    Ok(SecretString::from(line))
}

fn read(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // Large enough from the start that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 64));
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
