//! Each operation, with what it leaves behind at the server.

use std::collections::BTreeSet;
use std::path::Path;

use futures_util::TryStreamExt;
use optimize_api::{
    Client, CloudEvent, CollectionId, DashboardId, DefinitionKind, Definitions, ErrorKind, ExternalVariable, Operation,
    ReportId, ScopeEntry, VariableLabel, VariableType,
};
use optimize_sandbox::{Fault, FaultRule, Release, Sandbox, SandboxBuilder};
use serde_json::Value;

use crate::support::{api_requests, client, of, sandbox, start};

const CLAIMS: &str = "claims";

#[test]
fn the_docs_of_each_operation_have_path_release_and_retry() {
    let sources = walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let sources = sources.replace("///", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    for operation in Operation::all() {
        let (since, wanted) = (operation.since.replace(", ", " and "), format!("Retry::{:?})", operation.retry));
        let heading = format!("`{} {}`, since {since}", operation.method, operation.path);
        let mut mentions = sources.match_indices(&heading).map(|(place, _)| &sources[place..]);
        let is_documented = mentions.any(|docs| docs.split("pub ").next().unwrap().contains(&wanted));
        assert!(is_documented, "{}: {heading} … {wanted}", operation.id);
    }
}

#[test]
fn the_description_of_the_api_has_the_operations_and_no_other() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.yaml");
    let description: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut described = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let text = |name: &str| operation[name].as_str().unwrap().to_owned();
            described.insert((method.to_uppercase(), path.clone(), text("operationId"), text("x-since")));
            let retry = text("x-retry");
            let class = |known: &&&Operation| known.id == operation["operationId"].as_str().unwrap();
            let known = Operation::all().iter().find(class).unwrap();
            assert!(retry.starts_with(&format!("{:?}", known.retry)), "{}: {retry}", known.id);
        }
    }
    // A further page is the same request with a cursor.
    let operations = Operation::all().iter().filter(|operation| operation.id != "report.data.next");
    let declared = operations.map(|operation| {
        let [path, id, since] = [operation.path, operation.id, operation.since].map(str::to_owned);
        (operation.method.to_string(), path, id, since)
    });
    assert_eq!(described, declared.collect());
}

/// All that is in the files of a directory and its directories.
fn walk(directory: &Path) -> String {
    let paths = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { walk(&path) } else { std::fs::read_to_string(path).unwrap() }).collect()
}

fn ids(definitions: &Definitions) -> Vec<String> {
    definitions.iter().map(|definition| definition.id).collect()
}

#[tokio::test]
async fn a_deleted_report_is_gone_and_so_are_references_to_it() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let (reports, dashboards) = (client(&sandbox).reports(), client(&sandbox).dashboards());
        let report = ReportId::from("claims-by-month");
        reports.delete(&report).await.unwrap();
        let left = reports.list(CLAIMS).await.unwrap();
        assert!(left.len() == 4 && !left.contains(&report), "{release}");
        let exported = dashboards.export_definitions(&["claims-overview".into()]).await.unwrap();
        assert!(!ids(&exported).contains(&"claims-by-month".to_owned()));
        let error = reports.delete(&report).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::NotFound, Some(404)), "{release}");
    }
}

#[tokio::test]
async fn a_deleted_dashboard_leaves_its_reports() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let client = client(&sandbox);
        client.dashboards().delete("claims-overview").await.unwrap();
        assert_eq!(client.dashboards().list(CLAIMS).await.unwrap(), [DashboardId::from("claims-payouts")]);
        assert_eq!(client.reports().list(CLAIMS).await.unwrap().len(), 5);
        // The id of a report is not that of a dashboard.
        let error = client.dashboards().delete("claims-raw").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{release}");
    }
}

#[tokio::test]
async fn a_combined_report_brings_its_parts_and_an_unknown_id_spoils_all() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let reports = client(&sandbox).reports();
        let wanted = ["orders-side-by-side", "orders-raw", "orders-raw"].map(ReportId::from);
        let exported = reports.export_definitions(&wanted).await.unwrap();
        let kinds: Vec<_> = exported.iter().map(|definition| definition.kind).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == DefinitionKind::CombinedReport).count(), 1);
        assert_eq!(kinds.len(), 4, "{:?}", ids(&exported));
        let error = reports.export_definitions(&["orders-raw".into(), "nobody".into()]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{release}");
        assert_eq!(reports.export_definitions(&[]).await.unwrap().as_bytes(), b"[]");
    }
}

#[tokio::test]
async fn what_was_exported_is_imported_with_new_ids() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let client = client(&sandbox);
        let exported = client.dashboards().export_definitions(&["claims-overview".into()]).await.unwrap();
        assert_eq!(exported.iter().last().unwrap().kind, DefinitionKind::Dashboard);
        let made = client.definitions().import(CLAIMS, &exported).await.unwrap();
        assert_eq!(made.len(), exported.iter().count());
        let dashboards: Vec<_> = made.iter().filter(|made| made.entity_type == "dashboard").collect();
        let [dashboard] = dashboards[..] else { panic!("{made:?}") };
        assert!(!ids(&exported).contains(&dashboard.id), "{release}");
        let again = client.dashboards().export_definitions(&[dashboard.id.as_str().into()]).await.unwrap();
        let ids: BTreeSet<_> = ids(&again).into_iter().collect();
        assert_eq!(ids, made.iter().map(|made| made.id.clone()).collect(), "the copy refers to the copies");
    }
}

async fn refused_import(release: Release, collection: &str, change: impl FnOnce(&str) -> String) -> String {
    let sandbox = of(release).await;
    let client = client(&sandbox);
    let exported = client.reports().export_definitions(&["orders-raw".into()]).await.unwrap();
    let definitions = Definitions::from_json(change(std::str::from_utf8(exported.as_bytes()).unwrap())).unwrap();
    let error = client.definitions().import(collection, &definitions).await.unwrap_err();
    assert_eq!(client.reports().list("orders").await.unwrap().len(), 16, "nothing was made");
    assert_eq!(error.attempts(), 1);
    let server = error.server();
    let found = (server.mismatching_indices.len(), server.definitions.len(), server.conflicted_items.len());
    let hint = error.hint().map(ToString::to_string).unwrap_or_default();
    assert_eq!(hint.contains("minor version"), found.0 > 0, "{hint}");
    assert_eq!(hint.contains("data sources"), found.2 > 0, "{hint}");
    format!("{} {:?} {found:?}", error.status().unwrap(), server.code.as_deref().unwrap_or("-"))
}

#[tokio::test]
async fn a_refused_import_says_why() {
    let same = str::to_owned;
    let (own, general) = ("importIndexVersionMismatch", "badRequestError");
    for (release, mismatch) in Release::ALL.into_iter().zip([own, own, general, general]) {
        let refused = |collection, change: fn(&str) -> String| refused_import(release, collection, change);
        assert_eq!(refused("nowhere", same).await, "404 \"notFoundError\" (0, 0, 0)");
        assert_eq!(refused("claims", same).await, "409 \"nonDefinitionScopeCompliantConflict\" (0, 0, 1)", "{release}");
        let older = |text: &str| text.replace("\"sourceIndexVersion\":8", "\"sourceIndexVersion\":7");
        assert_eq!(refused("orders", older).await, format!("400 {mismatch:?} (1, 0, 0)"), "{release}");
        let unknown = |text: &str| text.replace("\"key\":\"order-process\"", "\"key\":\"nobody-s\"");
        assert_eq!(refused("orders", unknown).await, "400 \"importDefinitionDoesNotExist\" (0, 1, 0)");
        // Of two problems the version counts.
        let both = |text: &str| {
            text.replace("\"key\":\"order-process\"", "\"key\":\"x\"").replace("Version\":8", "Version\":7")
        };
        assert_eq!(refused("orders", both).await, format!("400 {mismatch:?} (1, 0, 0)"));
        let incomplete = |text: &str| text.replace("\"name\":\"orders raw\"", "\"name\":\"\"");
        assert_eq!(refused("orders", incomplete).await, "400 \"importFileInvalid\" (0, 0, 0)");
        assert_eq!(refused("orders", |_| "[{}]".to_owned()).await, "400 \"importFileInvalid\" (0, 0, 0)");
    }
}

#[tokio::test]
async fn labels_are_set_kept_and_removed() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let client = client(&sandbox);
        let label = |name, text| VariableLabel::new(name, VariableType::String, text);
        client.labels().set("invoice", &[label("a", "A"), label("b", "B")]).await.unwrap();
        client.labels().set("invoice", &[label("b", " "), label("c", "")]).await.unwrap();
        client.labels().set("invoice", &[]).await.unwrap();
        assert_eq!(sandbox.variable_label("invoice", "a", "String").as_deref(), Some("A"));
        assert_eq!(sandbox.variable_label("invoice", "b", "String"), None);
        let error = client.labels().set("nobody-s", &[label("a", "")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{release}");
        let twice = client.labels().set("invoice", &[label("a", "1"), label("a", "2")]).await.unwrap_err();
        assert_eq!((twice.kind(), twice.attempts()), (ErrorKind::InvalidInput, 0));
    }
}

#[tokio::test]
async fn servers_before_their_fixes_refuse_labels_and_imports() {
    let sandbox = start(Sandbox::builder().unpatched()).await;
    let client = client(&sandbox);
    let label = VariableLabel::new("a", VariableType::String, "A");
    let error = client.labels().set("invoice", &[label]).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::ServerFault, Some(500), 1));
    assert!(error.hint().unwrap().to_string().contains("55881"));
    let exported = client.reports().export_definitions(&["orders-raw".into()]).await.unwrap();
    let error = client.definitions().import("orders", &exported).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::ServerFault, Some(500), 1));
    assert!(error.hint().unwrap().to_string().contains("36419"));
}

#[tokio::test]
async fn sharing_is_switched() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let client = client(&sandbox);
        for (enabled, expected) in [(false, false), (false, false), (true, true)] {
            if enabled { client.sharing().enable().await } else { client.sharing().disable().await }.unwrap();
            assert_eq!(sandbox.is_sharing_enabled(), expected);
        }
        let void = if matches!(release, Release::V8_6 | Release::V8_7) { 204 } else { 200 };
        assert_eq!(sandbox.api_statuses(), [void; 3]);
    }
}

#[tokio::test]
async fn a_process_definition_is_deleted_once() {
    const KEY: i64 = 2_251_799_813_685_249;
    let sandbox = of(Release::V8_10).await;
    let client = client(&sandbox);
    client.process_definitions().delete(KEY).await.unwrap();
    let queued = client.process_definitions().delete(KEY).await.unwrap_err();
    assert_eq!((queued.kind(), queued.status(), queued.attempts()), (ErrorKind::Conflict, Some(409), 1));
    sandbox.run_deletions();
    let gone = client.process_definitions().delete(KEY).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert_eq!(sandbox.api_statuses(), [202, 409, 404]);
}

#[tokio::test]
async fn a_collection_is_made_given_a_scope_and_imported_into() {
    for release in [Release::V8_8, Release::V8_10] {
        let sandbox = of(release).await;
        let client = client(&sandbox);
        let collections = client.collections();
        let id = collections.create("Copies", "demo").await.unwrap();
        let exported = client.reports().export_definitions(&["orders-raw".into()]).await.unwrap();
        let error = client.definitions().import(&id, &exported).await.unwrap_err();
        assert_eq!(error.server().code.as_deref(), Some("nonDefinitionScopeCompliantConflict"));
        collections.set_scope(&id, &[ScopeEntry::process("order-process")]).await.unwrap();
        client.definitions().import(&id, &exported).await.unwrap();
        let collection = collections.get(&id).await.unwrap();
        assert_eq!((&collection.id, collection.name.as_str()), (&id, "Copies"));
        assert!(collection.json().contains("\"definitionKey\":\"order-process\""), "{}", collection.json());
        assert!(collections.list().await.unwrap().contains(&id));
        assert_eq!(collections.get("nowhere").await.unwrap_err().kind(), ErrorKind::NotFound);
        let error = collections.set_scope("nowhere", &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{release}");
    }
}

/// Calls every operation that servers of this release have.
async fn call_everything(client: &Client, release: Release) {
    let (report, dashboard, collection) =
        (ReportId::from("a?b#ü"), DashboardId::from("a b"), CollectionId::from("ü?#"));
    let reports = client.reports();
    let dashboards = client.dashboards();
    let variable = ExternalVariable::new("d", "i", "n", VariableType::Long);
    client.readiness().await.unwrap();
    reports.list(&collection).await.unwrap();
    reports.delete(&report).await.unwrap_err();
    reports.export_definitions(&[report]).await.unwrap_err();
    let mut pages = std::pin::pin!(reports.data("orders-raw").page_size(10_000).rows());
    while let Some(row) = TryStreamExt::try_next(&mut pages).await.unwrap() {
        assert!(!row.json().is_empty());
    }
    dashboards.list(&collection).await.unwrap();
    dashboards.delete(&dashboard).await.unwrap_err();
    dashboards.export_definitions(&[dashboard]).await.unwrap_err();
    client.definitions().import(&collection, &Definitions::from_json("[]").unwrap()).await.unwrap_err();
    client.labels().set("d", &[]).await.unwrap_err();
    client.sharing().enable().await.unwrap();
    client.sharing().disable().await.unwrap();
    client.ingestion().variables(&[variable]).await.unwrap();
    if release == Release::V8_6 {
        client.ingestion().events(&[CloudEvent::new("1", "s", "t", "c")]).await.unwrap();
        return;
    }
    let collections = client.collections();
    collections.list().await.unwrap();
    collections.get(&collection).await.unwrap_err();
    collections.create("x", "y").await.unwrap();
    collections.set_scope(&collection, &[]).await.unwrap_err();
    if release != Release::V8_10 {
        return;
    }
    client.process_definitions().delete(1).await.unwrap_err();
    #[cfg(feature = "unstable")]
    {
        let dashboard = client.agentic().get().await.unwrap();
        assert!(dashboard.starts_with(b"{"));
        let filter = optimize_api::AgenticFilter::default();
        client.agentic().evaluate("agentic-runs", &filter).await.unwrap();
    }
}

/// The operation that a request is one of.
fn operation_of(entry: &optimize_sandbox::Entry) -> &'static str {
    let is_of = |operation: &&&Operation| {
        let (path, pattern): (Vec<_>, Vec<_>) = (entry.path.split('/').collect(), operation.path.split('/').collect());
        let same = path.iter().zip(&pattern).all(|(part, known)| part == known || *known == "{id}");
        let is_next = entry.query.contains("searchRequestId");
        same && path.len() == pattern.len()
            && entry.method == operation.method.as_str()
            && (operation.id == "report.data.next") == is_next
    };
    // Fixed words before ids.
    let matching = Operation::all().iter().filter(is_of).min_by_key(|operation| operation.path.matches("{id}").count());
    matching.unwrap_or_else(|| panic!("{} {} is no operation", entry.method, entry.path)).id
}

#[tokio::test]
async fn every_operation_is_sent_as_it_is_declared_and_known_to_the_sandbox() {
    let mut seen = BTreeSet::new();
    for release in Release::ALL {
        let sandbox = of(release).await;
        call_everything(&client(&sandbox), release).await;
        for entry in api_requests(&sandbox) {
            assert_ne!(entry.status, 500, "{release}: {} {}", entry.method, entry.path);
            seen.insert(operation_of(&entry));
        }
    }
    let declared: BTreeSet<_> = Operation::all().iter().map(|operation| operation.id).collect();
    let missing: Vec<_> = declared.difference(&seen).filter(|id| !id.starts_with("agentic.")).collect();
    assert!(missing.is_empty(), "{missing:?} are never sent");
    #[cfg(feature = "unstable")]
    assert_eq!(declared, seen);
}

/// What each typed operation makes of a server whose every response is this one, except tokens and readiness.
async fn outcomes(body: &str) -> Vec<(&'static str, Result<(), optimize_api::Error>)> {
    let response = |path: &str| FaultRule::new(path, Fault::response(200, "application/json", body)).times(u32::MAX);
    let deepest = (2..=9).map(|depth| response(&format!("/api{}", "/*".repeat(depth))));
    let sandbox = start(deepest.fold(Sandbox::builder(), SandboxBuilder::fault)).await;
    let client = client(&sandbox);
    let (reports, dashboards, collections) = (client.reports(), client.dashboards(), client.collections());
    let (report, collection) = (ReportId::from("r"), CollectionId::from("c"));
    let variable = ExternalVariable::new("d", "i", "n", VariableType::Long);
    let definitions = Definitions::from_json("[]").unwrap();
    vec![
        ("report.list", reports.list(&collection).await.map(drop)),
        ("report.delete", reports.delete(&report).await),
        ("report.export", reports.export_definitions(std::slice::from_ref(&report)).await.map(drop)),
        ("report.data", reports.data(&report).rows().try_collect::<Vec<_>>().await.map(drop)),
        ("dashboard.list", dashboards.list(&collection).await.map(drop)),
        ("dashboard.delete", dashboards.delete("d").await),
        ("dashboard.export", dashboards.export_definitions(&["d".into()]).await.map(drop)),
        ("import", client.definitions().import(&collection, &definitions).await.map(drop)),
        ("variable.label", client.labels().set("d", &[]).await),
        ("sharing.enable", client.sharing().enable().await),
        ("sharing.disable", client.sharing().disable().await),
        ("variable.ingest", client.ingestion().variables(&[variable]).await),
        ("event.ingest", client.ingestion().events(&[CloudEvent::new("1", "s", "t", "c")]).await),
        ("process-definition.delete", client.process_definitions().delete(1).await),
        ("collection.list", collections.list().await.map(drop)),
        ("collection.get", collections.get(&collection).await.map(drop)),
        ("collection.create", collections.create("n", "o").await.map(drop)),
        ("collection.scope", collections.set_scope(&collection, &[]).await),
        #[cfg(feature = "unstable")]
        ("agentic.dashboard", client.agentic().get().await.map(drop)),
    ]
}

#[tokio::test]
async fn a_response_that_is_not_of_the_operation_is_never_a_success() {
    for body in [
        r#"{"message":"welcome"}"#,
        r#"{"status":"UP"}"#,
        r#"{"error":"internal","status":500}"#,
        r#"{"data":{"a":1}}"#,
        "[1]",
        r#"[{"name":"x"}]"#,
        r#""ok""#,
        "7",
    ] {
        for (operation, outcome) in outcomes(body).await {
            // Its inside is not documented, so any object could be it.
            if operation == "agentic.dashboard" && body.starts_with('{') {
                continue;
            }
            let error = outcome.expect_err(&format!("{operation}: {body}"));
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{operation}: {body}: {error}");
        }
    }
    let taken: Vec<_> = outcomes("{}").await.into_iter().filter(|(_, outcome)| outcome.is_ok()).collect();
    // Only where there is nothing to return.
    let all_void = taken.iter().all(|(id, _)| {
        id.ends_with(".delete")
            || id.ends_with("able")
            || id.ends_with("ingest")
            || id.ends_with("label")
            || id.ends_with("scope")
            || id.starts_with("agentic")
    });
    assert!(all_void && taken.len() >= 9, "{taken:?}");
}

#[tokio::test]
async fn what_a_release_does_not_have_names_the_releases_that_do() {
    let sandbox = of(Release::V8_6).await;
    let error = client(&sandbox).collections().list().await.unwrap_err();
    assert_eq!((error.kind(), error.hint().unwrap().id), (ErrorKind::Unsupported, "operation"));
    insta::assert_snapshot!(error, @"failed to list collections: the server returned 404 notFoundError: HTTP 404 Not Found; the server does not have this operation: Camunda 8 from 8.7 on has it");
    let sandbox = of(Release::V8_8).await;
    let error = client(&sandbox).process_definitions().delete(1).await.unwrap_err();
    assert_eq!((error.kind(), error.hint().unwrap().id), (ErrorKind::Unsupported, "operation"));
    insta::assert_snapshot!(error, @"failed to delete the data of the process definition 1: the server returned 500 serverError: No static resource api/public/process-definition/1.; the server does not have this operation: Camunda 8 from 8.10 on has it");
}

#[tokio::test]
async fn what_a_server_does_not_have_is_an_error() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let event = CloudEvent::new("1", "s", "t", "c");
    let error = client.ingestion().events(&[event]).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unauthorized, Some("event.ingest")));
    assert_eq!(error.hint().unwrap().id, "events");
    assert!(sandbox.ingested_events().is_empty());
}
