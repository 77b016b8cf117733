//! Programs from crates.io, each of one version, kept in the user's cache so that every clone shares them.

use std::path::PathBuf;

use xshell::cmd;

use crate::fetch::fetch;
use crate::util::{Outcome, shell};

/// A package of crates.io whose program has the package's name.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
    /// Further arguments of the installation.
    arguments: &'static [&'static str],
}

pub(crate) const MDBOOK: Tool = Tool { name: "mdbook", version: "0.5.4", arguments: &[] };
pub(crate) const PUBLIC_API: Tool = Tool { name: "cargo-public-api", version: "0.52.0", arguments: &[] };
pub(crate) const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2", arguments: &[] };
pub(crate) const CYCLONEDX: Tool = Tool { name: "cargo-cyclonedx", version: "0.5.9", arguments: &[] };
pub(crate) const DEB: Tool = Tool { name: "cargo-deb", version: "3.8.0", arguments: &[] };
pub(crate) const GENERATE_RPM: Tool = Tool { name: "cargo-generate-rpm", version: "0.21.1", arguments: &[] };
pub(crate) const LLVM_COV: Tool = Tool { name: "cargo-llvm-cov", version: "0.9.1", arguments: &[] };
pub(crate) const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2", arguments: &[] };
/// An object store on files, with real signatures. Quick to build, and only for tests.
pub(crate) const S3: Tool = Tool { name: "s3s-fs", version: "0.14.1", arguments: &["--features", "binary", "--debug"] };

impl Tool {
    /// The program, built at its first use. `None`, said out loud, if crates.io cannot be reached.
    pub(crate) fn program(&self) -> Outcome<Option<PathBuf>> {
        let Self { name, version, arguments } = *self;
        let place = cache()?.join(format!("{name}-{version}"));
        let program = place.join("bin").join(name);
        if program.exists() {
            return Ok(Some(program));
        }
        eprintln!("   {name} {version} is built once, for all clones: {}", place.display());
        let shell = shell()?;
        let install =
            cmd!(shell, "cargo install --locked --quiet --root {place} {name} --version {version} {arguments...}");
        Ok(fetch(install, name, "crates.io")?.then_some(program))
    }
}

#[expect(clippy::disallowed_methods, reason = "a task of the maintainer's own machine")]
fn cache() -> Outcome<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    Ok(cache.ok_or("neither XDG_CACHE_HOME nor HOME names a directory for tools")?.join("optimize-xtask"))
}
