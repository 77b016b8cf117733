//! The sandbox's table of cases, asked by the typed client: what is a success must be one, and an error must tell the
//! status and code of the table. What the client itself refuses must be an error there.

use std::path::Path;
use std::pin::pin;

use futures_util::TryStreamExt;
use optimize_api::{
    Client, CloudEvent, Definitions, Error, ErrorKind, ExternalVariable, ScopeEntry, VariableLabel, VariableType,
};
use optimize_auth::Credentials;
use optimize_sandbox::{Release, Sandbox};
use serde_json::Value;

use crate::support::{builder, credentials, start};

/// The members of an object as texts; `None` if one is no text.
fn texts<const N: usize>(object: &Value, names: [&str; N]) -> Option<[String; N]> {
    let mut found = [const { String::new() }; N];
    for (place, name) in found.iter_mut().zip(names) {
        object[name].as_str()?.clone_into(place);
    }
    Some(found)
}

fn list<T>(elements: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    elements.as_array()?.iter().map(read).collect()
}

fn id<T: From<String>>(value: &Value) -> Option<T> {
    Some(value.as_str()?.to_owned().into())
}

fn label(value: &Value) -> Option<VariableLabel> {
    let [name, variable_type, text] = texts(value, ["variableName", "variableType", "variableLabel"])?;
    Some(VariableLabel::new(name, VariableType::from(variable_type.as_str()), text))
}

fn variable(value: &Value) -> Option<ExternalVariable> {
    let [id, name, word, instance, definition] =
        texts(value, ["id", "name", "type", "processInstanceId", "processDefinitionKey"])?;
    let variable = ExternalVariable::new(definition, instance, name, VariableType::from(word.as_str())).with_id(id);
    Some(value["value"].as_str().map_or(variable.clone(), |text| variable.with_value(text)))
}

fn event(value: &Value) -> Option<CloudEvent> {
    let [id, source, event_type, trace] = texts(value, ["id", "source", "type", "traceid"])?;
    (value["specversion"] == "1.0").then(|| CloudEvent::new(id, source, event_type, trace))
}

/// Makes a request of the table by the typed client; `None` if it cannot make such a one.
async fn call(client: &Client, request: &Value) -> Option<Result<(), Error>> {
    let text = request["text"].as_str().map(|text| serde_json::from_str(text).unwrap_or_default());
    if request["content_type"].as_str().is_some_and(|content_type| !content_type.ends_with("json")) {
        return None;
    }
    let body = text.unwrap_or_else(|| request["json"].clone());
    let (path, query) = request["path"].as_str()?.split_once('?').unwrap_or((request["path"].as_str()?, ""));
    let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let parameter = |wanted: &str| {
        query.iter().find(|(name, value)| name == wanted && !value.is_empty()).map(|(_, value)| value.as_ref())
    };
    let segments: Vec<_> = path.strip_prefix("/api/")?.split('/').collect();
    Some(match (request["method"].as_str()?, segments.as_slice()) {
        ("GET", ["readyz"]) => client.readiness().await.map(drop),
        ("GET", ["public", "report"]) => client.reports().list(parameter("collectionId")?).await.map(drop),
        ("GET", ["public", "dashboard"]) => client.dashboards().list(parameter("collectionId")?).await.map(drop),
        ("DELETE", ["public", "report", id]) => client.reports().delete(*id).await,
        ("DELETE", ["public", "dashboard", id]) => client.dashboards().delete(*id).await,
        ("POST", ["public", "export", "report", ..]) => {
            client.reports().export_definitions(&list(&body, id)?).await.map(drop)
        }
        ("POST", ["public", "export", "dashboard", ..]) => {
            client.dashboards().export_definitions(&list(&body, id)?).await.map(drop)
        }
        ("GET", ["public", "export", "report", id, ..]) if parameter("searchRequestId").is_none() => {
            let mut data = client.reports().data(*id);
            if let Some(limit) = parameter("limit") {
                data = data.page_size(limit.parse().ok().filter(|limit| *limit > 0)?);
            }
            if let Some(timeout) = parameter("paginationTimeout") {
                data = data.cursor_timeout(std::time::Duration::from_secs(timeout.parse().ok()?));
            }
            pin!(data.pages()).try_next().await.map(drop)
        }
        ("POST", ["public", "import"]) if !body.is_null() => match Definitions::from_json(body.to_string()) {
            Ok(definitions) => client.definitions().import(parameter("collectionId")?, &definitions).await.map(drop),
            Err(error) => Err(error),
        },
        ("POST", ["public", "variables", "labels"]) => {
            let [key] = texts(&body, ["definitionKey"])?;
            client.labels().set(&key, &list(&body["labels"], label)?).await
        }
        ("POST", ["public", "share", "enable"]) => client.sharing().enable().await,
        ("POST", ["public", "share", "disable"]) => client.sharing().disable().await,
        ("POST", ["ingestion", "variable"]) => client.ingestion().variables(&list(&body, variable)?).await,
        ("POST", ["ingestion", "event", "batch"]) => client.ingestion().events(&list(&body, event)?).await,
        ("GET", ["public", "collection"]) => client.collections().list().await.map(drop),
        ("GET", ["public", "collection", id]) => client.collections().get(*id).await.map(drop),
        ("POST", ["public", "collection", "create"]) => {
            let [name, owner] = texts(&body, ["name", "ownerId"])?;
            client.collections().create(&name, &owner).await.map(drop)
        }
        ("PUT", ["public", "collection", id, "scope"]) => {
            let scope: Vec<ScopeEntry> = serde_json::from_value(body).ok()?;
            client.collections().set_scope(*id, &scope).await
        }
        ("DELETE", ["public", "process-definition", key]) => {
            client.process_definitions().delete(key.parse().ok()?).await
        }
        _ => return None,
    })
}

/// What is not as it should be.
fn complaint(outcome: Result<(), Error>, expected: &Value) -> Option<String> {
    let status = expected["status"].as_u64().unwrap();
    let error = match outcome {
        Ok(()) if (200..300).contains(&status) => return None,
        Ok(()) => return Some("succeeds".to_owned()),
        Err(error) => error,
    };
    let is_reported = error.status().map(u64::from) == Some(status)
        && (expected["code"].is_null() || error.server().code.as_deref() == expected["code"].as_str());
    let is_refused = error.kind() == ErrorKind::InvalidInput && status >= 400;
    (!is_reported && !is_refused).then(|| format!("{error:?}"))
}

#[tokio::test]
async fn the_typed_client_returns_what_the_contract_has() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../optimize-sandbox/tests/conformance");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for file in std::fs::read_dir(directory).unwrap() {
        let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        for case in &cases {
            for release in Release::ALL {
                let name = release.name();
                let mut responses = case["responses"].as_object().unwrap().iter();
                let Some((_, expected)) = responses.find(|(names, _)| names.split(' ').any(|other| other == name))
                else {
                    continue;
                };
                let mut settings = Sandbox::builder().release(release);
                match case["sandbox"].as_str() {
                    Some("unpatched") => settings = settings.unpatched(),
                    Some("small_ingestion") => settings = settings.ingestion_bytes(100),
                    other => assert_eq!(other, None),
                }
                let sandbox = start(settings).await;
                let client = match case["request"]["authorization"].as_str() {
                    None => builder(&sandbox).credentials(credentials(&sandbox)),
                    Some("none") => builder(&sandbox),
                    _ => {
                        builder(&sandbox).credentials(Credentials::static_bearer("nonsense".to_owned().into()).unwrap())
                    }
                };
                let client = client.build().unwrap();
                for request in case["first"].as_array().into_iter().flatten() {
                    let _ = call(&client, request).await;
                }
                let Some(outcome) = call(&client, &case["request"]).await else { continue };
                count += 1;
                wrong.extend(complaint(outcome, expected).map(|what| format!("{}, {name}: {what}", case["name"])));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count >= 400, "{count}");
}
