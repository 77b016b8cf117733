//! The sandbox as a server of each release, for tools that know nothing of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use xshell::cmd;

use super::process::Server;
use crate::util::{Outcome, shell, target};

/// Builds the binary, with the features of the other integration tests, so that nothing is built twice.
pub(super) fn build() -> Outcome {
    let shell = shell()?;
    Ok(cmd!(shell, "cargo build --workspace --features optimize-cli/integration,optimize-cli/keyring,redis-store/integration --locked")
        .run()?)
}

/// A sandbox of this release, and the settings it prints. Its files are in `place`.
pub(super) fn start(release: &str, place: &Path) -> Outcome<(Server, Value)> {
    let ready = place.join("sandbox.json");
    if ready.exists() {
        fs::remove_file(&ready)?;
    }
    let mut serve = Command::new(target().join("debug/optimize"));
    serve.args(["sandbox", "serve", "--release", release, "--ready-file"]).arg(&ready);
    let server = Server::start(&mut serve, place.join("server.log"))?;
    for _ in 0..100 {
        if let Ok(text) = fs::read(&ready) {
            return Ok((server, serde_json::from_slice(&text)?));
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err(format!("the sandbox is not up after 10 s; see {}", place.join("server.log").display()).into())
}

/// A token of a sandbox, whose release may have no static one.
pub(super) fn token(printed: &Value) -> Outcome<String> {
    let text = |name: &str| printed[name].as_str().unwrap_or_default().to_owned();
    let static_token = text("static_token");
    if !static_token.is_empty() {
        return Ok(static_token);
    }
    let shell = shell()?;
    let optimize = target().join("debug/optimize");
    let token = cmd!(shell, "{optimize} auth token").quiet();
    let variables = [
        ("OPTIMIZE_BASE_URL", text("base_url")),
        ("OPTIMIZE_TOKEN_URL", text("token_url")),
        ("OPTIMIZE_CLIENT_ID", text("client_id")),
        ("OPTIMIZE_CLIENT_SECRET", text("client_secret")),
        ("OPTIMIZE_TOKEN_CACHE", "off".to_owned()),
    ];
    Ok(token.envs(variables).read()?)
}
