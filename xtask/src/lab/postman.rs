//! The Postman collection, run by newman against the sandbox of each generation.

use std::fs;

use serde_json::{Value, json};
use xshell::cmd;

use super::packages::npm;
use super::process::folder;
use super::sandbox;
use crate::util::{Outcome, root, shell};

const NEWMAN: &str = "6.2.1";

/// The folders of the collection that a generation can answer.
const FOLDERS: [(&str, &[&str]); 4] = [
    ("g2", &["Camunda 7"]),
    ("g2-8.7", &["Every release from 8.7 on"]),
    ("g3", &["Every release from 8.7 on"]),
    ("g4", &["Every release from 8.7 on", "From 8.10 on", "In development"]),
];

pub(crate) fn run() -> Outcome {
    let place = folder("postman")?;
    let shell = shell()?;
    if !npm(&place, "newman", NEWMAN)? {
        return Ok(());
    }
    let newman = place.join("node_modules/.bin/newman");
    sandbox::build()?;
    for (generation, folders) in FOLDERS {
        let (server, told) = sandbox::start(generation, &place)?;
        let file = place.join("environment.json");
        fs::write(&file, environment(&told)?.to_string())?;
        let folders = folders.iter().flat_map(|folder| ["--folder", folder]);
        eprintln!("== newman against the sandbox as {generation}");
        cmd!(shell, "{newman} run docs/postman/optimize.postman_collection.json --environment {file} --color off")
            .args(folders)
            .quiet()
            .run()?;
        drop(server);
    }
    Ok(())
}

/// The environment of the collection, filled in as a person would.
fn environment(told: &Value) -> Outcome<Value> {
    let path = root().join("docs/postman/sandbox.postman_environment.json");
    let mut environment: Value = serde_json::from_slice(&fs::read(path)?)?;
    for value in environment["values"].as_array_mut().into_iter().flatten() {
        let key = value["key"].as_str().unwrap_or_default().to_owned();
        if let Some(known) = told.get(&key) {
            value["value"] = json!(known);
        }
    }
    Ok(environment)
}
