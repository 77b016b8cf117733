//! A registry of crates on loopback, to which this project is published as it would be to crates.io.

use std::fs;
use std::path::Path;
use std::process::Command;

use toml_edit::DocumentMut;
use xshell::{Shell, cmd};

use super::checkout::Checkout;
use super::process::{Server, bring, free_port};
use crate::release::{order, set_for_own_crates};
use crate::util::Outcome;

/// What the registry is called in manifests.
const NAME: &str = "local";

pub(super) struct Registry {
    url: String,
    _server: Server,
}

impl Registry {
    /// A registry without crates, which are kept in `place`.
    pub(super) fn start(place: &Path) -> Outcome<Self> {
        let (script, port) = (bring("registry/server.py", place)?, free_port()?);
        let mut command = Command::new("python3");
        command.arg(script).arg(port.to_string()).arg(place);
        let mut server = Server::start(&mut command, place.join("server.log"))?;
        server.wait(port, "/config.json", 10)?;
        Ok(Self { url: format!("sparse+http://127.0.0.1:{port}/"), _server: server })
    }

    /// Publishes the crates of a checkout. All that differs from crates.io is that its manifest says which
    /// registry its own crates are in.
    pub(super) fn publish(&self, checkout: &Checkout) -> Outcome {
        let file = checkout.folder.join("Cargo.toml");
        let mut manifest: DocumentMut = fs::read_to_string(&file)?.parse()?;
        set_for_own_crates(&mut manifest, "registry", NAME)?;
        fs::write(file, manifest.to_string())?;
        let crates = order()?;
        let packages = crates.iter().flat_map(|name| ["--package", name]);
        self.tell(&checkout.shell);
        let publish =
            cmd!(checkout.shell, "cargo publish --registry {NAME} --no-verify --allow-dirty --quiet {packages...}");
        Ok(publish.quiet().run()?)
    }

    /// Makes the cargo of this shell know the registry.
    pub(super) fn tell(&self, shell: &Shell) {
        shell.set_var("CARGO_REGISTRIES_LOCAL_INDEX", &self.url);
        // It takes anybody's.
        shell.set_var("CARGO_REGISTRIES_LOCAL_TOKEN", "anybody");
    }
}
