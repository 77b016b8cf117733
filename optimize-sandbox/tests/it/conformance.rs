//! The table of cases in `tests/conformance`: a request and the response of each release, as the contract has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use optimize_sandbox::{Release, Sandbox};
use serde::Deserialize;
use serde_json::Value;

use crate::support::{Response, http, send, start, token};

/// One case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The page and the heading of `docs/dev/contract` that it is from, such as `operations.md#report-data`.
    source: String,
    /// What the sandbox must be for it.
    sandbox: Option<Setup>,
    /// What is sent before, whatever it comes to.
    #[serde(default)]
    first: Vec<Request>,
    request: Request,
    /// By releases, `8.7 8.8 8.10`.
    responses: BTreeMap<String, Expected>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Setup {
    Unpatched,
    /// Ingestions of more than 100 bytes are too large for 8.6.
    SmallIngestion,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    json: Option<Value>,
    text: Option<String>,
    content_type: Option<String>,
    #[serde(default)]
    authorization: Authorization,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Authorization {
    #[default]
    Token,
    Wrong,
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: u16,
    /// `errorCode`.
    code: Option<String>,
    content_type: Option<String>,
    /// Texts that headers hold.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Whether there is no body.
    #[serde(default)]
    empty: bool,
    /// What the body holds: of objects these members, of arrays exactly these elements.
    body: Option<Value>,
    /// The length of the body's array.
    count: Option<usize>,
    /// What some elements of the body's array hold.
    #[serde(default)]
    contains: Vec<Value>,
    /// What its last element holds.
    last: Option<Value>,
    /// Members that the body has and are not null.
    #[serde(default)]
    members: Vec<String>,
    /// Members that it has not.
    #[serde(default)]
    absent: Vec<String>,
}

fn holds(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(name, value)| found.get(name).is_some_and(|found| holds(found, value)))
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| holds(found, expected))
        }
        _ => found == expected,
    }
}

impl Expected {
    /// What is not as it should be.
    fn complaints(&self, response: &Response) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                complaints.push(what.to_owned());
            }
        };
        let body: Value = serde_json::from_str(&response.text).unwrap_or_default();
        let elements = body.as_array().map(Vec::as_slice).unwrap_or_default();
        expect(response.status == self.status, &format!("status {} instead of {}", response.status, self.status));
        expect(!self.empty || response.text.is_empty(), "there is a body");
        for (name, part) in self
            .content_type
            .iter()
            .map(|value| ("content-type", value))
            .chain(self.headers.iter().map(|(name, value)| (name.as_str(), value)))
        {
            expect(response.header(name).contains(part.as_str()), &format!("{name}: {:?}", response.header(name)));
        }
        if let Some(code) = &self.code {
            expect(body["errorCode"] == code.as_str(), &format!("the code is {}", body["errorCode"]));
        }
        expect(self.body.as_ref().is_none_or(|expected| holds(&body, expected)), "the body is another");
        expect(self.count.is_none_or(|count| elements.len() == count), &format!("{} elements", elements.len()));
        for part in &self.contains {
            expect(elements.iter().any(|element| holds(element, part)), &format!("nothing holds {part}"));
        }
        let last = self.last.as_ref();
        expect(last.is_none_or(|last| elements.last().is_some_and(|found| holds(found, last))), "the last is another");
        for name in &self.members {
            expect(!body[name].is_null(), &format!("there is no {name}"));
        }
        for name in &self.absent {
            expect(body.is_object() && body.get(name).is_none(), &format!("there is {name}"));
        }
        complaints
    }
}

async fn ask(client: &reqwest::Client, sandbox: &Sandbox, token: &str, request: &Request) -> Response {
    let method = request.method.parse().unwrap();
    let mut sent = client.request(method, format!("{}{}", sandbox.base_url(), request.path));
    sent = match request.authorization {
        Authorization::Token => sent.bearer_auth(token),
        Authorization::Wrong => sent.bearer_auth("nonsense"),
        Authorization::None => sent,
    };
    if let Some(json) = &request.json {
        sent = sent.json(json);
    }
    if let Some(text) = &request.text {
        sent = sent.body(text.clone());
    }
    if let Some(content_type) = &request.content_type {
        sent = sent.header("content-type", content_type);
    }
    send(sent).await
}

async fn complaints(client: &reqwest::Client, case: &Case, expected: &Expected, release: Release) -> Vec<String> {
    let builder = Sandbox::builder().release(release);
    let sandbox = start(match case.sandbox {
        None => builder,
        Some(Setup::Unpatched) => builder.unpatched(),
        Some(Setup::SmallIngestion) => builder.ingestion_bytes(100),
    })
    .await;
    let token = token(&sandbox, &[]).await;
    for request in &case.first {
        ask(client, &sandbox, &token, request).await;
    }
    let response = ask(client, &sandbox, &token, &case.request).await;
    let complaints = expected.complaints(&response);
    complaints.into_iter().map(|what| format!("{what}; returned: {:.300}", response.text)).collect()
}

#[tokio::test]
async fn the_sandbox_responds_as_the_contract_has_it() {
    let mut wrong = String::new();
    let mut counts = BTreeMap::new();
    let client = http();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let area = path.file_stem().unwrap().to_string_lossy().into_owned();
        let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for case in &cases {
            for release in Release::ALL {
                let mut responses = case.responses.iter();
                let is_meant = |names: &str| names.split(' ').any(|name| name == release.name());
                let Some((_, expected)) = responses.find(|(names, _)| is_meant(names)) else { continue };
                *counts.entry(release.name()).or_insert(0) += 1;
                for what in complaints(&client, case, expected, release).await {
                    writeln!(wrong, "{area}, {}, {release}: {what} ({})", case.name, case.source).unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(counts.len() == 5 && counts.values().all(|count| *count >= 150), "{counts:?}");
}

#[test]
fn every_case_is_from_a_heading_of_the_contract() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in std::fs::read_dir(root.join("tests/conformance")).unwrap() {
        let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        for case in cases {
            let (page, heading) = case.source.split_once('#').unwrap();
            let text = std::fs::read_to_string(root.join("../docs/dev/contract").join(page)).unwrap();
            assert!(text.contains(&format!("\n## {heading}\n")), "{}: {}", case.name, case.source);
        }
    }
}
