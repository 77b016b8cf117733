//! Reading secrets, late and straight into a `SecretString`.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use optimize_auth::{SecretProblem, one_line_break_less, read_secret, read_secret_file};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::auth::Occasion;
use crate::error::Error;
use crate::layers::Layers;
use crate::secret_command;
use crate::setting::SecretRef;

/// The service that entries of the keyring are filed under.
#[cfg(feature = "keyring")]
const KEYRING_SERVICE: &str = "optimize";

/// The secret, without the line break that editors and `echo` put at its end. `what` names it in errors.
///
/// `layers` hold the secrets that stand in files.
pub(crate) fn resolve(
    secret: &SecretRef,
    what: &str,
    occasion: &Occasion<'_>,
    layers: &Layers,
) -> Result<SecretString, Error> {
    let environment = occasion.environment;
    let failed = |problem: &str| Error::config(format!("read the {what} from {secret}: {problem}"));
    match secret {
        SecretRef::Inline(number) => layers.inline(*number).cloned().ok_or_else(|| failed("it is not there")),
        SecretRef::Variable(name) => {
            let value = environment.raw(name).ok_or_else(|| failed("it is not set"))?;
            let text = Zeroizing::new(value.to_str().ok_or_else(|| failed("it is not UTF-8"))?.to_owned());
            one_line_break_less(&text).ok_or_else(|| failed("it is empty"))
        }
        // What a person types is not shown.
        SecretRef::File(path) if path.as_os_str() == "-" => {
            if let Some(ask) = occasion.ask_secret.filter(|_| std::io::stdin().is_terminal()) {
                let mut name = what.to_owned();
                name[..1].make_ascii_uppercase();
                return ask(&name).map_err(Error::asking);
            }
            read_secret(std::io::stdin().lock()).map_err(|problem| match problem {
                SecretProblem::Io(error) => Error::io(format!("read the {what} from {secret}"), error),
                SecretProblem::Text(problem) => failed(problem),
                _ => failed("it is no secret"),
            })
        }
        SecretRef::File(path) if may_block(path) => {
            // A thread may wait for the other end of a FIFO; this one waits as long as the user wants.
            let (sender, receiver) = mpsc::channel();
            let (file, name) = (path.clone(), what.to_owned());
            thread::spawn(move || sender.send(read_secret_file(&file, &name)));
            match receiver.recv_timeout(occasion.limit()) {
                Ok(read) => Ok(read?),
                Err(_) => Err(failed(&format!("nothing arrived within {:?}", occasion.limit()))),
            }
        }
        SecretRef::File(path) => Ok(read_secret_file(path, what)?),
        SecretRef::Command(command) => {
            let variables = environment.for_helper(&[]).map_err(|problem| failed(&problem))?;
            secret_command::run(command, variables, occasion).map_err(|problem| failed(&problem))
        }
        #[cfg(feature = "keyring")]
        SecretRef::Keyring(entry) => Ok(optimize_auth::read_keyring_secret(KEYRING_SERVICE, entry)?),
        #[cfg(not(feature = "keyring"))]
        SecretRef::Keyring(_) => {
            Err(failed("keyrings are not built in").with_hint("build the program with --features keyring"))
        }
    }
}

/// Whether reading can wait for another process: a FIFO, a socket, a device.
pub(crate) fn may_block(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}
