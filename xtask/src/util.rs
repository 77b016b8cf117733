//! What tasks share.

use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

/// Why a task failed, as it is printed.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The directory of the workspace: cargo sets it for the programs it runs, so that tasks work in a copy of the repository too.
#[expect(clippy::disallowed_methods, reason = "cargo sets it this way")]
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().unwrap_or(&own).to_owned()
}

/// Where cargo builds: `CARGO_TARGET_DIR`, or `target` in the workspace.
#[expect(clippy::disallowed_methods, reason = "cargo is configured this way")]
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Copies what is in a directory into another one.
pub(crate) fn copy_directory(from: &Path, to: &Path) -> Outcome {
    for path in files(from)? {
        let target = to.join(path.strip_prefix(from)?);
        std::fs::create_dir_all(target.parent().unwrap_or(to))?;
        std::fs::copy(&path, &target)?;
    }
    Ok(())
}

/// Makes a directory that has nothing in it, whatever was there.
pub(crate) fn empty_directory(directory: &Path) -> Outcome {
    if directory.exists() {
        std::fs::remove_dir_all(directory)?;
    }
    Ok(std::fs::create_dir_all(directory)?)
}

/// Whether a program is on the path.
/// Where cargo keeps what it has fetched.
pub(crate) fn cargo_home(shell: &Shell) -> Outcome<String> {
    Ok(shell.var("CARGO_HOME").or_else(|_| Ok::<_, xshell::Error>(format!("{}/.cargo", shell.var("HOME")?)))?)
}

pub(crate) fn is_installed(program: &str) -> bool {
    shell().is_ok_and(|shell| cmd!(shell, "which {program}").quiet().ignore_stdout().ignore_stderr().run().is_ok())
}

/// All files below a directory, in order.
pub(crate) fn files(directory: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a file has this ending.
pub(crate) fn ends_in(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|known| known == ending)
}

/// Compares a generated file with what it should be, or writes it. `fix` is the command that does.
pub(crate) fn check_or_write(path: &Path, text: &str, write: bool, fix: &str) -> Outcome {
    if write {
        std::fs::create_dir_all(path.with_file_name(""))?;
        return Ok(std::fs::write(path, text)?);
    }
    let current = std::fs::read_to_string(path).unwrap_or_default();
    if current == text {
        return Ok(());
    }
    let shown = path.strip_prefix(root()).unwrap_or(path).display();
    Err(format!("{shown} is stale; fix it with: {fix}").into())
}

/// A shell in the directory of the workspace.
pub(crate) fn shell() -> Outcome<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(root());
    Ok(shell)
}
