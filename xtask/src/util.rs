//! What tasks share.

use std::path::{Path, PathBuf};

use xshell::Shell;

/// Why a task failed, as it is told.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Compares a generated file with what it should be, or writes it. `mend` is the command that does.
pub(crate) fn check_or_write(path: &Path, text: &str, write: bool, mend: &str) -> Outcome {
    if write {
        return Ok(std::fs::write(path, text)?);
    }
    let current = std::fs::read_to_string(path).unwrap_or_default();
    if current == text {
        return Ok(());
    }
    let shown = path.strip_prefix(root()).unwrap_or(path).display();
    Err(format!("{shown} is stale; mend it with: {mend}").into())
}

/// A shell in the folder of the workspace.
pub(crate) fn shell() -> Outcome<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(root());
    Ok(shell)
}
