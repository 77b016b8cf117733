//! What is sent again after a failure, and what must not be.

use optimize_api::{Client, Definitions, ErrorKind, ExternalVariable, RetryPolicy, VariableType};
use optimize_auth::Credentials;
use optimize_sandbox::{Fault, FaultRule, Release};

use crate::support::{client, of, sandbox, url, with_fault};

#[tokio::test]
async fn a_deletion_whose_response_was_lost_is_found_done() {
    let sandbox = with_fault(FaultRule::new("/api/public/report/*", Fault::ResetAfter)).await;
    client(&sandbox).reports().delete("claims-raw").await.unwrap();
    assert_eq!(sandbox.api_statuses(), [0, 404]);
    let sandbox = of(Release::V8_10).await;
    sandbox.add_fault(FaultRule::new("/api/public/process-definition/*", Fault::ResetAfter));
    client(&sandbox).process_definitions().delete(2_251_799_813_685_249).await.unwrap();
    assert_eq!(sandbox.api_statuses(), [0, 409]);
}

#[tokio::test]
async fn a_deletion_that_was_not_received_is_carried_out_by_the_second_attempt() {
    let sandbox = with_fault(FaultRule::new("/api/public/report/*", Fault::status(503))).await;
    client(&sandbox).reports().delete("claims-raw").await.unwrap();
    assert_eq!(sandbox.api_statuses(), [503, 200]);
}

#[tokio::test]
async fn a_missing_report_is_not_taken_for_a_deleted_one() {
    let sandbox = sandbox().await;
    let error = client(&sandbox).reports().delete("nobody").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 1));
    // Refused before anything looked at it: it was not deleted by the first attempt either.
    sandbox.add_fault(FaultRule::new("/api/public/report/*", Fault::status(429)));
    let error = client(&sandbox).reports().delete("nobody").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 2));
}

#[tokio::test]
async fn a_404_of_something_before_the_server_is_no_deletion() {
    let sandbox = with_fault(FaultRule::new("/api/public/report/*", Fault::status(503))).await;
    let page = Fault::response(404, "text/html", "<html>no such route</html>");
    sandbox.add_fault(FaultRule::new("/api/public/report/*", page));
    let error = client(&sandbox).reports().delete("claims-raw").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Misconfigured, Some(404)));
}

#[tokio::test]
async fn what_would_double_is_sent_once() {
    let definitions = Definitions::from_json("[]").unwrap();
    for (fault, may_be_done) in [
        (Fault::status(503), true),
        (Fault::status(429), false),
        (Fault::ResetBefore, true),
        (Fault::ResetAfter, true),
        (Fault::CutBody, true),
    ] {
        let sandbox = sandbox().await;
        sandbox.add_fault(FaultRule::new("/api/public/import", fault.clone()));
        sandbox.add_fault(FaultRule::new("/api/public/collection/create", fault));
        let client = client(&sandbox);
        let error = client.definitions().import("claims", &definitions).await.unwrap_err();
        assert_eq!((error.is_transient(), error.attempts()), (true, 1), "{error:?}");
        assert_eq!(error.may_have_taken_effect(), may_be_done, "{error:?}");
        assert_eq!(error.hint().is_some_and(|hint| hint.id == "may-have-taken-effect"), may_be_done);
        client.collections().create("a", "b").await.unwrap_err();
        assert_eq!(sandbox.api_statuses().len(), 2);
    }
}

#[tokio::test]
async fn a_new_token_is_fetched_even_for_what_would_double() {
    let sandbox = with_fault(FaultRule::new("/api/public/collection/create", Fault::Unauthorized)).await;
    client(&sandbox).collections().create("a", "b").await.unwrap();
    assert_eq!(sandbox.api_statuses(), [401, 200]);
}

#[tokio::test]
async fn ingestion_is_repeated_and_doubles_nothing() {
    let sandbox = with_fault(FaultRule::new("/api/ingestion/variable", Fault::ResetAfter)).await;
    let variable = ExternalVariable::new("invoice", "1", "amount", VariableType::Double).with_value("1.5");
    client(&sandbox).ingestion().variables(&[variable]).await.unwrap();
    assert_eq!(sandbox.ingested_variables().len(), 1);
    assert_eq!(sandbox.api_statuses().len(), 2);
}

#[tokio::test]
async fn an_error_says_whether_a_change_may_have_been_made() {
    let nowhere = url("http://127.0.0.1:1");
    let credentials = Credentials::static_bearer("t".into()).unwrap();
    let retry = RetryPolicy::default().with_attempts(1);
    let absent = Client::builder(nowhere).credentials(credentials).retry(retry).build().unwrap();
    let error = absent.reports().delete("r").await.unwrap_err();
    assert_eq!((error.kind(), error.is_transient(), error.may_have_taken_effect()), (ErrorKind::Connect, true, false));
    for (fault, kind, is_transient, may_be_done) in [
        (Fault::ResetAfter, ErrorKind::Interrupted, true, true),
        (Fault::status(503), ErrorKind::Unavailable, true, true),
        (Fault::status(500), ErrorKind::ServerFault, false, false),
        (Fault::status(403), ErrorKind::Forbidden, false, false),
    ] {
        let sandbox = sandbox().await;
        sandbox.add_fault(FaultRule::new("/api/public/report", fault.clone()).times(9));
        sandbox.add_fault(FaultRule::new("/api/public/report/*", fault).times(9));
        let client = client(&sandbox);
        let read = client.reports().list("claims").await.unwrap_err();
        assert_eq!((read.kind(), read.is_transient(), read.may_have_taken_effect()), (kind, is_transient, false));
        let change = client.reports().delete("r").await.unwrap_err();
        assert_eq!((change.kind(), change.may_have_taken_effect()), (kind, may_be_done), "{change:?}");
    }
}

#[tokio::test]
async fn the_debug_form_of_an_error_is_a_text_for_people() {
    let sandbox = sandbox().await;
    sandbox.add_fault(FaultRule::new("/api/public/import", Fault::ResetAfter));
    let definitions = Definitions::from_json("[]").unwrap();
    let error = client(&sandbox).definitions().import("claims", &definitions).await.unwrap_err();
    let shown = format!("{error:?}").replace(&sandbox.base_url(), "[SANDBOX]");
    insta::assert_snapshot!(shown.replace("[SANDBOX]/", "[SANDBOX]"), @"failed to import definitions into the collection claims: no response from [SANDBOX]: the connection broke before the response was complete: error sending request: client error (SendRequest): connection closed before message completed (hint: the response is missing, and the request must not be sent twice: check whether the server has done it before you send it again, because that would double it)");
}
