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

/// A shell in the folder of the workspace.
pub(crate) fn shell() -> Outcome<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(root());
    Ok(shell)
}
