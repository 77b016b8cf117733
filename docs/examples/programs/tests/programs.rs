//! Each program, against a server.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

use optimize_api::{Client, ErrorKind, ExternalVariable, VariableType, testing};
use optimize_auth::exec::{Helper, Target};
use optimize_auth::{Credentials, Exec, ServiceUrl};
use optimize_sandbox::{Fault, FaultRule, Sandbox};
use programs::{columns, edit, kinds, queue, tenants};
use tokio::sync::mpsc;

fn url(sandbox: &Sandbox) -> ServiceUrl {
    ServiceUrl::parse(&sandbox.base_url()).unwrap()
}

fn client(sandbox: &Sandbox) -> Client {
    let credentials = Credentials::static_bearer(sandbox.static_token().into()).unwrap();
    Client::builder(url(sandbox)).credentials(credentials).build().unwrap()
}

async fn sandbox() -> Sandbox {
    Sandbox::builder().start().await.unwrap()
}

#[tokio::test]
async fn rows_of_five_tenants_are_streamed_and_a_lost_page_breaks_the_response_off() {
    let mut servers = Vec::new();
    for seed in 1..=5 {
        servers.push(Sandbox::builder().seed(seed).start().await.unwrap());
    }
    let of = |(number, server): (usize, &Sandbox)| (format!("t{number}"), url(server), server.static_token().into());
    let tenants = tenants::Tenants::new(servers.iter().enumerate().map(of)).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = tenants::service(tenants);
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let get = |path: String| async move { reqwest::get(format!("http://{address}{path}")).await.unwrap() };
    for tenant in 0..5 {
        let text = get(format!("/t{tenant}/claims-raw")).await.text().await.unwrap();
        assert_eq!(text.lines().count(), 2450);
    }
    assert_eq!(get("/nobody/claims-raw".to_owned()).await.status(), 404);
    let lost = FaultRule::new("/api/public/export/report/*/result/json", Fault::ResetAfter);
    servers[0].add_fault(lost.with_query("searchRequestId"));
    assert!(get("/t0/orders-raw".to_owned()).await.text().await.is_err(), "a response that lacks a page is not whole");
}

#[tokio::test]
async fn rows_become_columns_with_dates() {
    let sandbox = sandbox().await;
    let columns = columns::read(&client(&sandbox), "orders-raw").await.unwrap();
    assert_eq!((columns.ids.len(), columns.starts.len()), (25_000, columns.durations.len()));
    let other = columns::read(&client(&sandbox), "claims-count").await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn every_kind_of_report_is_recognized() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let mut seen = Vec::new();
    for report in ["claims-count", "claims-by-month", "claims-by-month-and-risk", "orders-raw"] {
        seen.push(kinds::describe(&client, report).await.unwrap());
    }
    assert!(seen[0].starts_with("the number "), "{seen:?}");
    assert!(seen[1].ends_with(" groups") && seen[2].ends_with(" groups with parts"), "{seen:?}");
    assert_eq!(seen[3], "25000 process instances");
}

#[tokio::test]
async fn messages_of_a_queue_are_accepted_dead_or_sent_again() {
    let sandbox = sandbox().await;
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        for offset in 0..250_u64 {
            let name = if offset == 7 { "" } else { "paid" };
            let variable = ExternalVariable::new("invoice", offset.to_string(), name, VariableType::Boolean);
            sender.send((offset, variable.with_value("true"))).await.unwrap();
        }
    });
    let report = queue::ingest(&client(&sandbox), receiver).await;
    assert_eq!((report.accepted.len(), report.dead.len(), report.again.len()), (249, 1, 0));
    assert_eq!((report.dead[0].0, sandbox.ingested_variables().len()), (7, 249));
}

#[tokio::test]
async fn a_report_is_moved_under_a_new_name() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let new = edit::move_report(&client, &"claims-count".into(), "claims", "Claims, all of them").await.unwrap();
    let left = client.reports().list("claims").await.unwrap();
    assert!(left.contains(&new.as_str().into()) && !left.contains(&"claims-count".into()), "{left:?}");
    let moved = client.reports().export_definitions(&[new.as_str().into()]).await.unwrap();
    assert_eq!(moved.iter().next().unwrap().name, "Claims, all of them");
}

#[tokio::test]
async fn a_helper_in_rust_hands_out_a_token() {
    let sandbox = sandbox().await;
    let file = std::env::temp_dir().join(format!("programs-{}", std::process::id()));
    std::fs::write(&file, sandbox.static_token()).unwrap();
    let command = [env!("CARGO_BIN_EXE_vault-helper"), file.to_str().unwrap()].map(str::to_owned).to_vec();
    let source = Exec::new(Helper::new(command).unwrap(), Target::default());
    let client = Client::builder(url(&sandbox)).credentials(Credentials::new(source)).build().unwrap();
    let listed = client.collections().list().await;
    std::fs::remove_file(&file).unwrap();
    assert!(!listed.unwrap().is_empty());
}

/// What a program does with an error, as a function of the error alone.
fn advice(error: &optimize_api::Error) -> &'static str {
    match error.kind() {
        ErrorKind::Forbidden => "ask for access",
        _ if error.may_have_taken_effect() => "look first",
        _ if error.is_transient() => "try again",
        _ => "give up",
    }
}

#[test]
fn what_a_program_does_with_errors_is_tested_without_a_server() {
    let conflict = testing::response("report.delete", 409, r#"{"errorCode":"conflict"}"#);
    let cases = [
        (testing::error("report.list", ErrorKind::Forbidden), "ask for access"),
        (testing::possibly_done(testing::error("import", ErrorKind::Timeout)), "look first"),
        (testing::response("report.list", 503, ""), "try again"),
        (conflict, "give up"),
    ];
    for (error, expected) in cases {
        assert_eq!(advice(&error), expected, "{error}");
    }
}

/// Handles can be shared by tasks, and errors by threads.
#[test]
fn handles_are_send_sync_and_cloned() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<Client>();
    check::<Credentials>();
    check::<optimize_api::Error>();
    check::<optimize_auth::AuthError>();
    check::<optimize_api::Row>();
}
