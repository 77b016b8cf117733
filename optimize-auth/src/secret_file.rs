//! Secrets in files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::error::{AuthError, AuthErrorKind};
use crate::http::{is_utf16, without_mark};

/// No token, secret or key in use is nearly as long; more is the wrong file.
const LONGEST: usize = 64 << 10;

/// The text of a file, without the line break that editors and `echo` put at its end; at most 64 KiB. `what` names it in
/// errors, for example `token`. A file that does not exist is [`AuthErrorKind::NotFound`].
pub fn read_secret_file(path: &Path, what: &str) -> Result<SecretString, AuthError> {
    let failed = |kind, problem: &str| {
        AuthError::new(kind, format!("failed to read the {what} from file {}{problem}", path.display()))
    };
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => failed(AuthErrorKind::NotFound, "").with_source(error),
        _ => failed(AuthErrorKind::InvalidInput, "").with_source(error),
    })?;
    read_secret(file).map_err(|problem| match problem {
        SecretProblem::Io(error) => failed(AuthErrorKind::InvalidInput, "").with_source(error),
        SecretProblem::Text(problem) => failed(AuthErrorKind::InvalidInput, &format!(": {problem}")),
    })
}

/// Like [`read_secret_file`], for asynchronous code: a FIFO that nobody writes to holds up neither the runtime nor a caller
/// that gives up.
pub(crate) async fn read_secret_file_async(path: &Path, what: &'static str) -> Result<SecretString, AuthError> {
    if path.metadata().map_or(true, |metadata| metadata.is_file() || metadata.is_dir()) {
        return read_secret_file(path, what);
    }
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let file = path.to_owned();
    // Not a thread of the runtime, which would wait for it at its end.
    let reader = std::thread::Builder::new().name("secret file".to_owned());
    let failed = |error: std::io::Error| {
        AuthError::new(AuthErrorKind::Unavailable, format!("failed to read the {what} from file {}", path.display()))
            .with_source(error)
    };
    reader.spawn(move || sender.send(read_secret_file(&file, what))).map_err(failed)?;
    receiver.await.unwrap_or_else(|_| Err(failed(std::io::ErrorKind::Interrupted.into())))
}

/// Why a secret could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum SecretProblem {
    /// The source failed.
    Io(std::io::Error),
    /// What was read is not a secret; the text gives the reason and does not repeat it.
    Text(&'static str),
}

/// The secret that a reader gives, under the rules of [`read_secret_file`].
///
/// ```
/// use optimize_auth::{ExposeSecret, read_secret};
///
/// let secret = read_secret("my-secret\n".as_bytes()).unwrap();
/// assert_eq!(secret.expose_secret(), "my-secret");
/// ```
pub fn read_secret(reader: impl Read) -> Result<SecretString, SecretProblem> {
    // Large enough from the start that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 64));
    reader.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(SecretProblem::Io)?;
    if bytes.len() > LONGEST {
        return Err(SecretProblem::Text("it is longer than 64 KiB"));
    }
    if is_utf16(&bytes) {
        return Err(SecretProblem::Text("it is UTF-16; save it as UTF-8"));
    }
    let text = std::str::from_utf8(without_mark(&bytes)).map_err(|_| SecretProblem::Text("it is not UTF-8"))?;
    one_line_break_less(text).ok_or(SecretProblem::Text("it is empty"))
}

/// The text without one line break at its end; `None` if nothing else is left.
pub fn one_line_break_less(text: &str) -> Option<SecretString> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    (!line.trim().is_empty()).then(|| SecretString::from(line))
}
