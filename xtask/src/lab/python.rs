//! django-oauth-toolkit from PyPI: opaque tokens, hashed secrets.

use std::process::Command;

use xshell::cmd;

use super::materials::Materials;
use super::process::{Server, bring, folder, free_port};
use crate::util::{Outcome, shell};

pub(super) const VERSION: &str = "3.4.1";

pub(super) struct Django {
    pub(super) issuer: String,
    _server: Server,
}

impl Django {
    /// `None` if it cannot be fetched for want of a network.
    pub(super) fn start(materials: &Materials) -> Outcome<Option<Self>> {
        let folder = folder("django")?;
        let script = bring("django/server.py", &folder)?;
        let environment = folder.join("venv");
        let python = environment.join("bin/python");
        let shell = shell()?;
        if !environment.join("installed").exists() {
            cmd!(shell, "python3 -m venv {environment}").quiet().run()?;
            let package = format!("django-oauth-toolkit=={VERSION}");
            let install = cmd!(shell, "{python} -m pip install --quiet --disable-pip-version-check {package}");
            if !super::fetch(install, "django-oauth-toolkit", "PyPI")? {
                return Ok(None);
            }
            std::fs::write(environment.join("installed"), VERSION)?;
        }
        // The clients of an earlier run would keep their secrets.
        let _ = std::fs::remove_file(materials.path().join("lab.sqlite3"));
        let port = free_port()?;
        let mut command = Command::new(python);
        command.arg(script).arg(materials.path()).arg(port.to_string());
        let mut server = Server::start(&mut command, folder.join("server.log"))?;
        server.wait(port, "/o/.well-known/oauth-authorization-server", 60)?;
        let issuer = format!("http://127.0.0.1:{port}/o");
        eprintln!("== django-oauth-toolkit {VERSION} is up: {issuer}");
        Ok(Some(Self { issuer, _server: server }))
    }
}
