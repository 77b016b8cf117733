//! Keycloak as the authorization server: an ordinary Maven artifact, started with the realm in `xtask/integration/keycloak`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use xshell::cmd;

use super::materials::Materials;
use super::process::{Server, directory, free_port};
use crate::util::{Outcome, root, shell};

pub(super) const VERSION: &str = "26.7.3";
const REALM_PATH: &str = "/auth/realms/camunda-platform";

/// How many seconds Keycloak may take to start. It takes about 20 on two cores.
const PATIENCE: u32 = 180;

pub(crate) fn run() -> Outcome {
    let materials = Materials::make(directory("materials")?)?;
    let Some(server) = Keycloak::start(&materials)? else { return Ok(()) };
    super::run_tests(&["keycloak::"], &[("OPTIMIZE_TEST_KEYCLOAK", server.issuer.clone())])
}

pub(super) struct Keycloak {
    pub(super) issuer: String,
    _server: Server,
}

impl Keycloak {
    /// `None` if it cannot be fetched for want of a network.
    pub(super) fn start(materials: &Materials) -> Outcome<Option<Self>> {
        let directory = directory("keycloak")?;
        let Some(home) = fetch(&directory)? else { return Ok(None) };
        let import = home.join("data/import");
        // The database of an earlier run would keep Keycloak from importing the realm.
        if home.join("data").exists() {
            fs::remove_dir_all(home.join("data"))?;
        }
        fs::create_dir_all(&import)?;
        fs::write(import.join("camunda-platform-realm.json"), realm(materials)?)?;
        let port = free_port()?;
        let mut command = Command::new(home.join("bin/kc.sh"));
        command
            .args(["start-dev", "--import-realm", "--http-host=127.0.0.1", "--http-relative-path=/auth"])
            .arg(format!("--http-port={port}"))
            .env("JAVA_HOME", java_home()?)
            .env("JAVA_OPTS_KC_HEAP", "-Xms128m -Xmx512m");
        let mut server = Server::start(&mut command, directory.join("keycloak.log"))?;
        server.wait(port, &format!("{REALM_PATH}/.well-known/openid-configuration"), PATIENCE)?;
        let issuer = format!("http://127.0.0.1:{port}{REALM_PATH}");
        eprintln!("== Keycloak {VERSION} is up: {issuer}");
        Ok(Some(Self { issuer, _server: server }))
    }
}

/// The realm, with a client for each way of authentication and each secret: `client-secret-odd` for example.
fn realm(materials: &Materials) -> Outcome<String> {
    let text = fs::read_to_string(root().join("xtask/integration/keycloak/realm.json"))?;
    let mut realm: Value = serde_json::from_str(&text)?;
    let clients = realm["clients"].as_array_mut().ok_or("the realm has no clients")?;
    let client = |id: String, authenticator: &str| {
        json!({
            "clientId": id, "enabled": true, "publicClient": false, "serviceAccountsEnabled": true,
            "standardFlowEnabled": false, "clientAuthenticatorType": authenticator,
        })
    };
    for (name, secret) in materials.secrets()? {
        for authenticator in ["client-secret", "client-secret-jwt"] {
            let mut client = client(format!("{authenticator}-{name}"), authenticator);
            client["secret"] = secret.as_str().into();
            clients.push(client);
        }
    }
    let mut signing = client("client-jwt".to_owned(), "client-jwt");
    signing["attributes"] = json!({
        "token.endpoint.auth.signing.alg": "ES256", "use.jwks.string": "true", "jwks.string": materials.jwks()?,
    });
    clients.push(signing);
    Ok(realm.to_string())
}

/// The directory of an unpacked Keycloak; `None` if it cannot be fetched for want of a network.
fn fetch(directory: &Path) -> Outcome<Option<PathBuf>> {
    let home = directory.join(format!("keycloak-{VERSION}"));
    if home.join("bin/kc.sh").exists() {
        return Ok(Some(home));
    }
    let shell = shell()?;
    let artifact = format!("org.keycloak:keycloak-quarkus-dist:{VERSION}:zip");
    let plugin = "org.apache.maven.plugins:maven-dependency-plugin:2.8:get";
    let archive = directory.join("keycloak.zip");
    let fetched = cmd!(shell, "mvn --batch-mode {plugin} -Dartifact={artifact} -Dtransitive=false -Ddest={archive}");
    if !crate::fetch::fetch(fetched, "Keycloak", "the Maven registry")? {
        return Ok(None);
    }
    cmd!(shell, "unzip -q -o {archive} -d {directory}").run()?;
    fs::remove_file(archive)?;
    Ok(Some(home))
}

/// `JAVA_HOME`, or the newest JDK of 21 or above where Debian puts them.
#[expect(clippy::disallowed_methods, reason = "a task takes its settings from the environment it runs in")]
fn java_home() -> Outcome<PathBuf> {
    if let Some(home) = std::env::var_os("JAVA_HOME").filter(|home| !home.is_empty()) {
        return Ok(home.into());
    }
    let installed = fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path());
    let with_version = installed.filter(|home| home.join("bin/java").exists()).filter_map(|home| {
        let name = home.file_name()?.to_str()?.to_owned();
        let version =
            name.split(|character: char| !character.is_ascii_digit()).find_map(|part| part.parse::<u32>().ok())?;
        (version >= 21).then_some((version, home))
    });
    let newest = with_version.max().map(|(_, home)| home);
    newest.ok_or_else(|| "Keycloak needs a JDK of 21 or newer: install one or set JAVA_HOME".into())
}
