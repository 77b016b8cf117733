//! django-oauth-toolkit from PyPI: opaque tokens, hashed secrets.

use std::process::Command;

use super::materials::Materials;
use super::packages::pip;
use super::process::{Server, bring, directory, free_port};
use crate::util::Outcome;

pub(super) const VERSION: &str = "3.4.1";

pub(super) struct Django {
    pub(super) issuer: String,
    _server: Server,
}

impl Django {
    /// `None` if it cannot be fetched for want of a network.
    pub(super) fn start(materials: &Materials) -> Outcome<Option<Self>> {
        let directory = directory("django")?;
        let script = bring("django/server.py", &directory)?;
        let Some(programs) = pip(&directory, "django-oauth-toolkit", &[&format!("django-oauth-toolkit=={VERSION}")])?
        else {
            return Ok(None);
        };
        // The clients of an earlier run would keep their secrets.
        let _ = std::fs::remove_file(materials.path().join("lab.sqlite3"));
        let port = free_port()?;
        let mut command = Command::new(programs.join("python"));
        command.arg(script).arg(materials.path()).arg(port.to_string());
        let mut server = Server::start(&mut command, directory.join("server.log"))?;
        server.wait(port, "/o/.well-known/oauth-authorization-server", 60)?;
        let issuer = format!("http://127.0.0.1:{port}/o");
        eprintln!("== django-oauth-toolkit {VERSION} is up: {issuer}");
        Ok(Some(Self { issuer, _server: server }))
    }
}
