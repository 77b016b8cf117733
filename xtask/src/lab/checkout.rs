//! A throwaway checkout of the repository.

use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

use crate::util::{Outcome, empty_folder, root, shell};

/// A checkout that shares the build folder, since nothing else would differ there.
pub(super) struct Checkout {
    pub(super) folder: PathBuf,
    /// In its folder.
    pub(super) shell: Shell,
}

impl Checkout {
    /// One in `place`, with what is being worked on.
    pub(super) fn make(place: &Path) -> Outcome<Self> {
        let folder = place.join("repository");
        empty_folder(&folder)?;
        let (from, shell) = (root(), shell()?);
        cmd!(shell, "git clone --quiet --no-hardlinks {from} {folder}").quiet().run()?;
        // Whatever is being worked on.
        let changes = cmd!(shell, "git diff HEAD --binary").quiet().output()?.stdout;
        shell.change_dir(&folder);
        std::os::unix::fs::symlink(root().join("target"), folder.join("target"))?;
        let checkout = Self { folder, shell };
        checkout.git(&["config", "user.name", "A Developer"])?;
        checkout.git(&["config", "user.email", "developer@example.com"])?;
        if !changes.is_empty() {
            cmd!(checkout.shell, "git apply --index").stdin(changes).quiet().run()?;
            checkout.git(&["commit", "--quiet", "--message", "What is being worked on"])?;
        }
        Ok(checkout)
    }

    pub(super) fn git(&self, arguments: &[&str]) -> Outcome {
        Ok(cmd!(self.shell, "git").args(arguments).quiet().ignore_stdout().run()?)
    }
}
