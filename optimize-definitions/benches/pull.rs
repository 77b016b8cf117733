//! Pull, differences and plan of 500 definitions with their BPMN, beside the bare lists and exports; and the check of their
//! files.

use std::time::{Duration, Instant};

use optimize_api::Client;
use optimize_auth::{Credentials, ServiceUrl};
use optimize_definitions::{Environment, Kind, Project, PullRules, Rules, check_files};
use optimize_sandbox::Sandbox;
use serde_json::{Value, json};

const REPORTS: usize = 450;
const DASHBOARDS: usize = 50;
/// As much as a small process has.
const XML: usize = 30_000;

fn id(kind: u32, number: usize) -> String {
    format!("0000000{kind}-0000-4000-8000-{number:012}")
}

fn report(number: usize) -> Value {
    json!({
        "id": id(1, number), "exportEntityType": "single_process_report", "name": format!("Report {number}"),
        "description": null, "sourceIndexVersion": 8, "collectionId": "team",
        "data": {
            "definitions": [{ "identifier": "d", "key": "order-process", "versions": ["all"], "tenantIds": [null] }],
            "view": { "entity": "flowNode", "properties": ["frequency"] }, "filter": [], "visualization": "table",
            "configuration": { "xml": "x".repeat(XML) },
        },
    })
}

fn dashboard(number: usize) -> Value {
    let tiles = (0..9).map(|place| {
        json!({
            "id": id(1, 9 * number + place), "type": "optimize_report", "configuration": null,
            "position": { "x": 0, "y": 4 * place }, "dimensions": { "width": 6, "height": 4 },
        })
    });
    json!({
        "id": id(2, number), "exportEntityType": "dashboard", "name": format!("Dashboard {number}"), "description": null,
        "sourceIndexVersion": 8, "collectionId": "team", "tiles": tiles.collect::<Vec<_>>(), "availableFilters": [],
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
async fn timed<T>(work: impl Future<Output = T>) -> Duration {
    let begun = Instant::now();
    work.await;
    begun.elapsed()
}

/// What no tool can do without: both lists and both exports.
async fn bare(client: &Client) {
    let of = async |kind: Kind| {
        let ids = kind.list(client, "team").await.expect("a list");
        kind.export(client, &ids).await.expect("an export")
    };
    tokio::join!(of(Kind::Report), of(Kind::Dashboard));
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 7 } else { 1 };
    let definitions = (0..REPORTS).map(report).chain((0..DASHBOARDS).map(dashboard));
    let builder = definitions.fold(Sandbox::builder(), |builder, definition| builder.definition("team", definition));
    let sandbox = builder.start().await.expect("a server");
    let base_url = ServiceUrl::parse(&sandbox.base_url()).expect("a URL");
    let credentials = Credentials::static_bearer(sandbox.static_token().into()).expect("a token");
    let client = Client::builder(base_url).credentials(credentials).build().expect("a client");
    let directory = tempfile::tempdir().expect("a directory");
    let collections = [("team".to_owned(), "team".to_owned())];
    let project = Project::init(directory.path(), "bench", None, &collections).expect("a project");
    let environment = Environment::new(project.clone(), "bench", sandbox.base_url(), client.clone());
    let mut all: [Vec<f64>; 4] = Default::default();
    for _ in 0..rounds {
        let alone = timed(Box::pin(bare(&client))).await.as_secs_f64();
        let pull = timed(async { drop(environment.pull(PullRules::default()).await.expect("a pull")) }).await;
        let differences = timed(async { drop(environment.differences().await.expect("differences")) }).await;
        let plan = timed(async { drop(environment.plan(Rules::default()).await.expect("a plan")) }).await;
        let check = timed(async { assert!(check_files(&project).is_empty()) }).await;
        for (place, value) in [pull, differences, plan].iter().enumerate() {
            all[place].push(value.as_secs_f64() / alone);
        }
        all[3].push(check.as_secs_f64() * 1000.0);
    }
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let [pull, differences, plan, check] = &mut all;
    println!(
        "500 definitions: pull {:.2} ×, differences {:.2} ×, plan {:.2} × the bare requests; check of the files {:.0} ms",
        median(pull),
        median(differences),
        median(plan),
        median(check)
    );
}
