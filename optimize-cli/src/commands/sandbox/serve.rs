use std::path::{Path, PathBuf};

use clap::Args;
use optimize_auth::private_file;
use optimize_sandbox::{FaultRule, Release, Sandbox, Tls};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::error::CliError;
use crate::output::Outcome;

/// Run an embedded server with demo data until it is interrupted
///
/// It listens on 127.0.0.1 and prints one JSON line with its URLs and secrets, which are new at each start.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The port; 0 for any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// The release of Camunda to imitate: 8.6 (for 8.0 to 8.6), 8.7, 8.8, 8.9 or 8.10
    #[arg(long, value_name = "RELEASE", default_value = "8.8")]
    release: Release,
    /// Respond as 8.8 and 8.9 did before their fixes: 500 to invalid requests, imports and labels that never work
    #[arg(long)]
    unpatched: bool,
    /// The seed of the demo data; the same seed gives the same rows
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// How many rows the largest report, orders-raw, has
    #[arg(long, value_name = "N", default_value_t = 25_000)]
    rows: u64,
    /// A JSON array of faults, such as [{"path":"/api/readyz","fault":{"status":{"code":503}}}]
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Have these definitions, too: a JSON array of exported ones for each collection, in DIRECTORY/COLLECTION.json
    #[arg(long, value_name = "DIRECTORY")]
    definitions: Option<PathBuf>,
    /// Write the JSON line to this file, which only its owner can read, when the server is up
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Accept the tokens of another issuer, whose keys are at this URL
    #[arg(long, value_name = "URL")]
    jwks_url: Option<String>,
    /// Serve https, and write ca.pem and client.pem (certificate and key of the client) to this directory
    #[arg(long, value_name = "DIRECTORY")]
    tls: Option<PathBuf>,
    /// The audience a token must have [default: optimize.camunda.io]
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<Outcome, CliError> {
        let mut builder =
            Sandbox::builder().port(self.port).release(self.release).seed(self.seed).largest_report(self.rows);
        if self.unpatched {
            builder = builder.unpatched();
        }
        if let Some(path) = &self.faults {
            builder = read_faults(path)?.into_iter().fold(builder, optimize_sandbox::SandboxBuilder::fault);
        }
        if let Some(directory) = &self.definitions {
            builder = read_definitions(directory)?
                .into_iter()
                .fold(builder, |builder, (collection, definition)| builder.definition(collection, definition));
        }
        if let Some(jwks_url) = self.jwks_url {
            builder = builder.trust(jwks_url);
        }
        if let Some(audience) = self.audience {
            builder = builder.audience(audience);
        }
        if self.tls.is_some() {
            builder = builder.tls(Tls::new());
        }
        let failed = |error| CliError::io(format!("listen on 127.0.0.1:{}", self.port), error);
        let sandbox = builder.start().await.map_err(failed)?;
        if let Some(directory) = &self.tls {
            for (name, pem) in [("ca.pem", sandbox.ca_pem()), ("client.pem", sandbox.client_identity_pem())] {
                let path = directory.join(name);
                let failed = |error| CliError::io(format!("write {}", path.display()), error);
                private_file::write(&path, pem.as_bytes()).map_err(failed)?;
            }
        }
        let line: SecretString = json!({
            "base_url": sandbox.base_url(),
            "token_url": sandbox.token_url(),
            "issuer": sandbox.issuer(),
            "client_id": sandbox.client_id(),
            "client_secret": sandbox.client_secret(),
            "static_token": sandbox.static_token(),
        })
        .to_string()
        .into();
        if let Some(path) = &self.ready_file {
            let failed = |error| CliError::io(format!("write {}", path.display()), error);
            let text: SecretString = format!("{}\n", line.expose_secret()).into();
            private_file::write(path, text.expose_secret().as_bytes()).map_err(failed)?;
        }
        Ok(Outcome::Serve(line, Box::new(sandbox)))
    }
}

/// The definitions of each file, with the collection that it is named for.
fn read_definitions(directory: &Path) -> Result<Vec<(String, serde_json::Value)>, CliError> {
    let failed = |error| CliError::io(format!("read {}", directory.display()), error);
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(collection) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")) else { continue };
        let definitions: Vec<serde_json::Value> = crate::input::read_json(&path, "the definitions")?;
        all.extend(definitions.into_iter().map(|definition| (collection.to_owned(), definition)));
    }
    Ok(all)
}

fn read_faults(path: &Path) -> Result<Vec<FaultRule>, CliError> {
    let text = optimize_config::input::read_whole(path)
        .map_err(|error| CliError::io(format!("read {}", path.display()), error))?;
    serde_json::from_slice(&text).map_err(|error| {
        CliError::config(format!("read the faults in {}: {error}", path.display()))
            .with_hint("the form of faults is described in docs/guide/sandbox.md")
    })
}
