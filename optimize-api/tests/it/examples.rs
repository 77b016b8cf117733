//! The examples, run as a reader would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use optimize_sandbox::Sandbox;
use tempfile::TempDir;

use crate::support::sandbox;

/// Cargo builds the examples beside the tests.
fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().join("examples").join(name)
}

async fn run(name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program(name));
    command.args(arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn write(directory: &TempDir, name: &str, secret: &str) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, secret).unwrap();
    path.to_str().unwrap().to_owned()
}

fn token_file(directory: &TempDir, sandbox: &Sandbox) -> String {
    write(directory, "token", sandbox.static_token())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_token_lists_reports() {
    let (directory, sandbox) = (TempDir::new().unwrap(), sandbox().await);
    let token = token_file(&directory, &sandbox);
    let listed = run("static_token", &[&sandbox.base_url(), &token, "claims"]).await;
    assert_eq!(text(&listed).lines().count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_let_in_by_keycloak() {
    let directory = TempDir::new().unwrap();
    let keycloak = Sandbox::builder().issuer_path("/realms/camunda").token_path("/protocol/openid-connect/token");
    let sandbox = keycloak.start().await.unwrap();
    let secret = write(&directory, "secret", sandbox.client_secret());
    let arguments = [&sandbox.base_url(), sandbox.issuer(), sandbox.client_id(), &secret];
    assert_eq!(text(&run("keycloak", &arguments).await), "ready: true\nthis client is let in\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_written_into_a_file() {
    let (directory, sandbox) = (TempDir::new().unwrap(), sandbox().await);
    let token = token_file(&directory, &sandbox);
    let rows = directory.path().join("rows.ndjson");
    text(&run("export_to_file", &[&sandbox.base_url(), &token, "claims-raw", rows.to_str().unwrap()]).await);
    assert_eq!(std::fs::read_to_string(rows).unwrap().lines().count(), 2450);
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_ingested() {
    let (directory, sandbox) = (TempDir::new().unwrap(), sandbox().await);
    let token = token_file(&directory, &sandbox);
    assert_eq!(text(&run("ingestion", &[&sandbox.base_url(), &token]).await), "1000 variables are accepted\n");
    assert_eq!(sandbox.ingested_variables().len(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_is_copied_between_clusters() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (from, to) = (sandbox().await, sandbox().await);
    let (from_url, to_url) = (from.base_url(), to.base_url());
    let (from_token, to_token) = (token_file(&one, &from), token_file(&other, &to));
    let arguments = [from_url.as_str(), &from_token, "claims-overview", &to_url, &to_token, "claims"];
    let made = text(&run("between_clusters", &arguments).await);
    assert_eq!(made.lines().filter(|line| line.starts_with("dashboard ")).count(), 1, "{made}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_tested_with_the_sandbox() {
    assert_eq!(text(&run("tested", &[]).await), "all rows are counted\na lost page is an error\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_for_saas_says_what_it_wants() {
    assert!(Path::new(&program("saas")).exists());
    let output = run("saas", &[]).await;
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("REGION"));
}
