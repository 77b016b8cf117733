//! The Postman collection, run by newman against the sandbox of each release.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use xshell::cmd;

use super::packages::npm;
use super::process::{bring, directory};
use super::sandbox;
use crate::util::{Outcome, root, shell};

const NEWMAN: &str = "6.2.1";
const BRUNO: &str = "0.23.0";
const INSOMNIA: &str = "3.6.0";

const COLLECTION: &str = "docs/postman/optimize.postman_collection.json";

/// The folders of the collection that a release can respond to.
const FOLDERS: [(&str, &[&str]); 4] = [
    ("8.6", &["Camunda 7"]),
    ("8.7", &["Every release from 8.7 on"]),
    ("8.8", &["Every release from 8.7 on"]),
    ("8.10", &["Every release from 8.7 on", "From 8.10 on", "In development"]),
];

pub(crate) fn run() -> Outcome {
    let place = directory("postman")?;
    let shell = shell()?;
    if !npm(&place, "newman", NEWMAN)? {
        return Ok(());
    }
    imports(&place)?;
    let newman = place.join("node_modules/.bin/newman");
    sandbox::build()?;
    for (release, folders) in FOLDERS {
        let (server, settings) = sandbox::start(release, &place)?;
        let file = place.join("environment.json");
        fs::write(&file, environment(&settings)?.to_string())?;
        let folders = folders.iter().flat_map(|folder| ["--folder", folder]);
        eprintln!("== newman against the sandbox as {release}");
        cmd!(shell, "{newman} run {COLLECTION} --environment {file} --color off").args(folders).quiet().run()?;
        drop(server);
    }
    Ok(())
}

/// Whether Bruno and Insomnia find every request when they import the collection.
fn imports(place: &Path) -> Outcome {
    let script = bring("postman/import.mjs", place)?;
    for (package, version) in [("@usebruno/converters", BRUNO), ("insomnia-importers", INSOMNIA)] {
        if !npm(place, package, version)? {
            return Ok(());
        }
    }
    let (shell, collection) = (shell()?, root().join(COLLECTION));
    let requests = fs::read_to_string(&collection)?.matches("\"method\":").count();
    let settings: Value = serde_json::from_str(&cmd!(shell, "node {script} {collection}").quiet().read()?)?;
    eprintln!("== of {requests} requests Bruno imports {}, Insomnia {}", settings["bruno"], settings["insomnia"]);
    if settings == json!({ "bruno": requests, "insomnia": requests }) {
        Ok(())
    } else {
        Err("an import loses requests".into())
    }
}

/// The environment of the collection, filled in as a person would.
fn environment(settings: &Value) -> Outcome<Value> {
    let path = root().join("docs/postman/sandbox.postman_environment.json");
    let mut environment: Value = serde_json::from_slice(&fs::read(path)?)?;
    for value in environment["values"].as_array_mut().into_iter().flatten() {
        let key = value["key"].as_str().unwrap_or_default().to_owned();
        if let Some(known) = settings.get(&key) {
            value["value"] = json!(known);
        }
    }
    Ok(environment)
}
