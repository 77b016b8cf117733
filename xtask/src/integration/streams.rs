//! Streams: Kafka from Maven and nats-server from the Go proxy, which the tests start and kill.

use std::path::{Path, PathBuf};

use xshell::cmd;

use super::packages::pip;
use super::process::{bring, directory};
use crate::fetch::fetch;
use crate::util::{Outcome, is_installed, shell};

/// What produces messages.
const CLIENTS: &[&str] = &["kafka-python==3.0.12", "nats-py==2.16.0"];
const NATS: &str = "github.com/nats-io/nats-server/v2@v2.15.2";

pub(crate) fn run() -> Outcome {
    let place = directory("streams")?;
    let Some(programs) = pip(&place, "clients of brokers", CLIENTS)? else { return Ok(()) };
    let mut variables = vec![
        ("OPTIMIZE_TEST_STREAM_PYTHON", programs.join("python").display().to_string()),
        ("OPTIMIZE_TEST_PRODUCE", bring("streams/produce.py", &place)?.display().to_string()),
    ];
    if let Some(libraries) = kafka(&place)? {
        variables.push(("OPTIMIZE_TEST_KAFKA", libraries.join("*").display().to_string()));
    }
    if let Some(program) = nats(&place)? {
        variables.push(("OPTIMIZE_TEST_NATS", program.display().to_string()));
    }
    let shell = shell()?;
    let tests = cmd!(
        shell,
        "cargo test --package optimize-cli --features integration,bulk,streams --test integration --locked -- streams --nocapture"
    );
    Ok(tests.envs(variables.iter().map(|(name, value)| (name, value))).run()?)
}

/// The directory with the libraries of Kafka. `None`, said out loud, if they cannot be fetched.
fn kafka(place: &Path) -> Outcome<Option<PathBuf>> {
    let libraries = place.join("kafka");
    if libraries.join("complete").exists() {
        return Ok(Some(libraries));
    }
    if !is_installed("mvn") || !is_installed("java") {
        eprintln!("!! NOT RUN: mvn or java is not installed, so Kafka is missing");
        return Ok(None);
    }
    let pom = bring("streams/pom.xml", place)?;
    let shell = shell()?;
    let copy = cmd!(shell, "mvn -q -B -f {pom} dependency:copy-dependencies -DoutputDirectory={libraries}");
    if !fetch(copy, "Kafka", "Maven Central")? {
        return Ok(None);
    }
    std::fs::write(libraries.join("complete"), "")?;
    Ok(Some(libraries))
}

/// The program nats-server. `None`, said out loud, if it cannot be fetched.
fn nats(place: &Path) -> Outcome<Option<PathBuf>> {
    let program = place.join("nats-server");
    if program.exists() {
        return Ok(Some(program));
    }
    if !is_installed("go") {
        eprintln!("!! NOT RUN: go is not installed, so nats-server is missing");
        return Ok(None);
    }
    let shell = shell()?;
    let install = cmd!(shell, "go install {NATS}").env("GOBIN", place);
    Ok(fetch(install, "nats-server", "the Go proxy")?.then_some(program))
}
