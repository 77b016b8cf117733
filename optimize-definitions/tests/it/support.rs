//! A project and a server.

use std::path::{Path, PathBuf};

use optimize_api::Client;
use optimize_auth::{Credentials, ServiceUrl};
use optimize_definitions::{Applied, Environment, Kind, Project, PullRules, Rules};
use optimize_sandbox::{Release, Sandbox, SandboxBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct World {
    pub(crate) directory: TempDir,
    pub(crate) sandbox: Sandbox,
}

/// A report on the process `order-process`.
pub(crate) fn report(number: usize) -> Value {
    json!({
        "id": format!("00000000-0000-4000-8000-{number:012}"), "exportEntityType": "single_process_report",
        "name": format!("Report {number}"), "description": null, "sourceIndexVersion": 8, "collectionId": "team",
        "data": {
            "definitions": [{ "identifier": "d", "key": "order-process", "versions": ["all"], "tenantIds": [null] }],
            "view": { "entity": "flowNode", "properties": ["frequency"] }, "filter": [], "visualization": "table",
            "configuration": { "xml": "<definitions/>", "targetValue": { "value": 1.50 } },
        },
    })
}

/// A dashboard with these reports.
pub(crate) fn dashboard(number: usize, reports: &[usize]) -> Value {
    let tiles = reports.iter().enumerate().map(|(place, report)| {
        json!({
            "id": format!("00000000-0000-4000-8000-{report:012}"), "type": "optimize_report", "configuration": null,
            "position": { "x": 0, "y": 4 * place }, "dimensions": { "width": 6, "height": 4 },
        })
    });
    json!({
        "id": format!("00000000-0000-4000-9000-{number:012}"), "exportEntityType": "dashboard",
        "name": format!("Dashboard {number}"), "description": null, "sourceIndexVersion": 8, "collectionId": "team",
        "tiles": tiles.collect::<Vec<_>>(), "availableFilters": [],
    })
}

impl World {
    /// A server with a collection `team` that has these definitions, and an empty project.
    pub(crate) async fn new(definitions: Vec<Value>) -> Self {
        Self::of(Sandbox::builder().release(Release::V8_10), definitions).await
    }

    pub(crate) async fn of(builder: SandboxBuilder, definitions: Vec<Value>) -> Self {
        let builder = builder.collection("team", "Team");
        let builder =
            definitions.into_iter().fold(builder, |builder, definition| builder.definition("team", definition));
        let sandbox = builder.start().await.unwrap();
        let world = Self { directory: TempDir::new().unwrap(), sandbox };
        let scope = [optimize_api::ScopeEntry::process("order-process")];
        world.client().collections().set_scope("team", &scope).await.unwrap();
        Project::init(world.directory.path(), "test", None, &[("team".to_owned(), "team".to_owned())]).unwrap();
        world
    }

    pub(crate) fn client(&self) -> Client {
        let secret = self.sandbox.client_secret().to_owned().into();
        let token_url = ServiceUrl::parse(&self.sandbox.token_url()).unwrap();
        let source = optimize_auth::ClientCredentials::new(
            token_url,
            self.sandbox.client_id(),
            optimize_auth::ClientAuth::Post(secret),
        )
        .with_audience("optimize.camunda.io");
        let base_url = ServiceUrl::parse(&self.sandbox.base_url()).unwrap();
        Client::builder(base_url).credentials(Credentials::new(source)).build().unwrap()
    }

    pub(crate) fn environment(&self) -> Environment {
        let project = Project::find(self.directory.path()).unwrap();
        Environment::new(project, "test", self.sandbox.base_url(), self.client())
    }

    pub(crate) async fn pull(&self) -> optimize_definitions::Pulled {
        self.environment().pull(PullRules::default()).await.unwrap()
    }

    pub(crate) async fn apply(&self, rules: Rules) -> Result<Applied, optimize_definitions::Error> {
        let environment = self.environment();
        let hold = environment.hold()?;
        environment.recover(&hold).await?;
        let plan = environment.plan(rules).await?;
        environment.apply(&plan, &hold).await
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join("team").join(file)
    }

    /// Replaces a text in a file.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    /// The names of what the collection has, sorted.
    pub(crate) async fn names(&self) -> Vec<String> {
        let client = self.client();
        let mut names = Vec::new();
        for kind in Kind::ALL {
            let ids = kind.list(&client, "team").await.unwrap();
            let definitions = kind.export(&client, &ids).await.unwrap();
            names.extend(definitions.iter().filter(|found| ids.contains(&found.id)).map(|found| found.name));
        }
        names.sort();
        names
    }

    /// Every file of the project's collection with its text.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        collect(&self.directory.path().join("team"), &mut all);
        all.sort();
        all
    }
}

fn collect(directory: &Path, all: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, all);
        } else {
            all.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}
