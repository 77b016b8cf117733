//! oidc-provider, a certified OpenID provider from npm.

use std::process::Command;

use super::materials::Materials;
use super::packages::npm;
use super::process::{Server, bring, directory, free_port};
use crate::util::Outcome;

pub(super) const VERSION: &str = "9.13.3";

pub(super) struct OidcProvider {
    pub(super) issuer: String,
    pub(super) tls_issuer: String,
    _server: Server,
}

impl OidcProvider {
    /// `None` if it cannot be fetched for want of a network.
    pub(super) fn start(materials: &Materials) -> Outcome<Option<Self>> {
        let directory = directory("oidc-provider")?;
        let script = bring("oidc-provider/server.mjs", &directory)?;
        if !npm(&directory, "oidc-provider", VERSION)? {
            return Ok(None);
        }
        let [port, tls_port] = [free_port()?, free_port()?];
        let mut command = Command::new("node");
        command.arg(script).arg(materials.path()).args([port.to_string(), tls_port.to_string()]);
        let mut server = Server::start(&mut command, directory.join("server.log"))?;
        server.wait(port, "/.well-known/openid-configuration", 30)?;
        let [issuer, tls_issuer] = [format!("http://127.0.0.1:{port}"), format!("https://127.0.0.1:{tls_port}")];
        eprintln!("== oidc-provider {VERSION} is up: {issuer}");
        Ok(Some(Self { issuer, tls_issuer, _server: server }))
    }
}
