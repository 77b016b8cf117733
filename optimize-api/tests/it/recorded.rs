//! Every response that was recorded with the real web stacks, read by the client.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::TryStreamExt;
use optimize_api::{
    Client, CloudEvent, CollectionId, Definitions, Error, ExternalVariable, ReportId, RetryPolicy, VariableType,
};
use optimize_auth::Credentials;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::url;

const RECORDINGS: [&str; 5] = [
    include_str!("../../../optimize-sandbox/tests/recordings/8.6.jsonl"),
    include_str!("../../../optimize-sandbox/tests/recordings/8.7.jsonl"),
    include_str!("../../../optimize-sandbox/tests/recordings/8.8.jsonl"),
    include_str!("../../../optimize-sandbox/tests/recordings/8.9.jsonl"),
    include_str!("../../../optimize-sandbox/tests/recordings/8.10.jsonl"),
];

/// The size of a token that is too large for the servers.
const LARGE: usize = 9000;

/// A server that returns for every request with the same bytes, and closes the connection.
async fn parrot(response: Arc<Mutex<Vec<u8>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let response = response.lock().unwrap().clone();
            tokio::spawn(async move {
                // Each request here fits into one read.
                let _ = stream.read(&mut vec![0; 65536]).await;
                let _ = stream.write_all(&response).await;
            });
        }
    });
    format!("http://{address}")
}

fn bytes(case: &Value) -> Vec<u8> {
    let text = |name: &str| case[name].as_str();
    let body = match &case["body"] {
        Value::String(body) => body.clone(),
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let mut response =
        format!("HTTP/1.1 {} Recorded\r\nConnection: close\r\nContent-Length: {}\r\n", case["status"], body.len());
    let headers = [("Content-Type", text("content_type")), ("WWW-Authenticate", text("www_authenticate"))];
    for (name, value) in headers.into_iter().chain([("Location", case["headers"]["Location"].as_str())]) {
        if let Some(value) = value {
            write!(response, "{name}: {value}\r\n").unwrap();
        }
    }
    (response + "\r\n" + &body).into_bytes()
}

/// The operation that a recorded request is one of, called with a token that is as large as the recorded one.
async fn call(client: &Client, request: &str) -> Option<(&'static str, Result<(), Error>)> {
    let (report, collection) = (ReportId::from("r"), CollectionId::from("c"));
    let variable = ExternalVariable::new("d", "i", "n", VariableType::Long);
    let definitions = Definitions::from_json("[]").unwrap();
    let mut words = request.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let path = target.split('?').next()?;
    let is = |wanted: &str, prefix: &str, suffix: &str| {
        method == wanted && path.starts_with(prefix) && path.ends_with(suffix)
    };
    Some(if is("GET", "/api/readyz", "") {
        ("ready", client.readiness().await.map(drop))
    } else if is("GET", "/api/public/report", "report") {
        ("report.list", client.reports().list(&collection).await.map(drop))
    } else if is("GET", "/api/public/export/report/", "/result/json") {
        ("report.data", client.reports().data(&report).rows().try_collect::<Vec<_>>().await.map(drop))
    } else if is("DELETE", "/api/public/report/", "") {
        ("report.delete", client.reports().delete(&report).await)
    } else if is("POST", "/api/public/export/report/definition/json", "") {
        ("report.export", client.reports().export_definitions(&[report]).await.map(drop))
    } else if is("POST", "/api/public/import", "") {
        ("import", client.definitions().import(&collection, &definitions).await.map(drop))
    } else if is("POST", "/api/public/variables/labels", "") {
        ("variable.label", client.labels().set("d", &[]).await)
    } else if is("POST", "/api/public/share/", "") {
        ("sharing.enable", client.sharing().enable().await)
    } else if is("POST", "/api/ingestion/variable", "") {
        ("variable.ingest", client.ingestion().variables(&[variable]).await)
    } else if is("POST", "/api/ingestion/event/batch", "") {
        ("event.ingest", client.ingestion().events(&[CloudEvent::new("1", "s", "t", "c")]).await)
    } else if is("POST", "/api/public/collection/create", "") {
        ("collection.create", client.collections().create("n", "o").await.map(drop))
    } else if is("PUT", "/api/public/collection/", "/scope") {
        ("collection.scope", client.collections().set_scope(&collection, &[]).await)
    } else if is("GET", "/api/public/collection/", "") {
        ("collection.get", client.collections().get(&collection).await.map(drop))
    } else if is("GET", "/api/public/collection", "") || is("GET", "/api/public/nothing", "") {
        ("collection.list", client.collections().list().await.map(drop))
    } else if is("DELETE", "/api/public/process-definition/", "") || is("DELETE", "/api/public/nothing", "") {
        ("process-definition.delete", client.process_definitions().delete(1).await)
    } else {
        return None;
    })
}

/// What a user sees: the class of the error and the id of its hint.
fn shown(outcome: &Result<(), Error>) -> String {
    match outcome {
        Ok(()) => "a response, no error".to_owned(),
        Err(error) => match error.hint() {
            Some(hint) => format!("{:?}, `{}`", error.kind(), hint.id),
            None => format!("{:?}", error.kind()),
        },
    }
}

#[tokio::test]
async fn every_recorded_response_is_read() {
    let response = Arc::<Mutex<Vec<u8>>>::default();
    let base_url = parrot(response.clone()).await;
    let [small, large] = [40, LARGE].map(|size| {
        let credentials = Credentials::static_bearer("t".repeat(size).into()).unwrap();
        let policy = RetryPolicy::default().with_first_wait(Duration::ZERO);
        Client::builder(url(&base_url)).credentials(credentials).retry(policy).build().unwrap()
    });
    let mut read: BTreeMap<(&str, String, String), u32> = BTreeMap::new();
    let mut count = 0;
    for recording in RECORDINGS {
        for line in recording.lines().skip(1) {
            let case: Value = serde_json::from_str(line).unwrap();
            let (Some(request), true) = (case["request"].as_str(), case["status"].is_u64()) else { continue };
            // What is asked for with HEAD or in an odd way has no body, and no operation asks so.
            let name = case["name"].as_str().unwrap();
            if request.starts_with("HEAD") || case["bytes_on_the_wire"].is_u64() {
                continue;
            }
            let is_large = ["9000 bytes", "20000", "70000"].iter().any(|size| name.contains(size));
            let client = if is_large { &large } else { &small };
            *response.lock().unwrap() = bytes(&case);
            let Some((operation, outcome)) = call(client, request).await else { continue };
            count += 1;
            let status = case["status"].to_string();
            check(&case, is_large, operation, &outcome);
            *read.entry((operation, status, shown(&outcome))).or_insert(0) += 1;
        }
    }
    assert!(count > 900, "{count}");
    let read = read.iter().map(|((operation, status, shown), count)| format!("{operation} {status} {shown}: {count}"));
    insta::assert_snapshot!(read.collect::<Vec<_>>().join("\n"));
}

/// What must hold whatever the response is.
fn check(case: &Value, is_large: bool, operation: &str, outcome: &Result<(), Error>) {
    let name = &case["name"];
    let (status, body) = (case["status"].as_u64().unwrap(), &case["body"]);
    let hint = outcome.as_ref().err().and_then(Error::hint).map(|hint| hint.id);
    let text = body["detailedMessage"].as_str().unwrap_or_default();
    let wanted = match status {
        302 if case["headers"]["Location"].as_str().is_some_and(|target| target.contains("response_type=")) => {
            Some("login-page")
        }
        302 => Some("base-url"),
        414 | 431 => Some("request-size"),
        400 if is_large => Some("request-size"),
        404 if text == "HTTP 404 Not Found" && !is_everywhere(operation) => Some("operation"),
        500 if (text.starts_with("No static") || text.starts_with("Request method")) && !is_everywhere(operation) => {
            Some("operation")
        }
        500 if body["errorCode"].is_null() && operation != "ready" => Some("server-failure"),
        401 if operation == "event.ingest" => Some("events"),
        401 if case["www_authenticate"].as_str().is_some_and(|challenge| challenge.contains("expired")) => {
            Some("token-expired")
        }
        _ => None,
    };
    if let Some(wanted) = wanted {
        assert_eq!(hint, Some(wanted), "{operation}: {name}: {outcome:?}");
    }
    if status >= 300 && operation != "ready" {
        assert!(outcome.is_err(), "{operation}: {name}");
    }
}

fn is_everywhere(operation: &str) -> bool {
    !(operation.starts_with("collection") || operation.starts_with("process-definition"))
}
