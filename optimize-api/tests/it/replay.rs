//! What is sent again after a failure, and what must not be.

use optimize_api::{Definitions, ErrorKind, ExternalVariable, VariableType};
use optimize_sandbox::{Fault, FaultRule, Release};

use crate::support::{client, of, sandbox, with_fault};

#[tokio::test]
async fn a_deletion_whose_response_was_lost_is_found_done() {
    let sandbox = with_fault(FaultRule::new("/api/public/report/*", Fault::ResetAfter)).await;
    client(&sandbox).reports().delete(&"claims-raw".into()).await.unwrap();
    assert_eq!(sandbox.api_statuses(), [0, 404]);
    let sandbox = of(Release::V8_10).await;
    sandbox.add_fault(FaultRule::new("/api/public/process-definition/*", Fault::ResetAfter));
    client(&sandbox).process_definitions().delete(2_251_799_813_685_249).await.unwrap();
    assert_eq!(sandbox.api_statuses(), [0, 409]);
}

#[tokio::test]
async fn a_deletion_that_was_not_received_is_carried_out_by_the_second_attempt() {
    let sandbox = with_fault(FaultRule::new("/api/public/report/*", Fault::status(503))).await;
    client(&sandbox).reports().delete(&"claims-raw".into()).await.unwrap();
    assert_eq!(sandbox.api_statuses(), [503, 200]);
}

#[tokio::test]
async fn a_missing_report_is_not_taken_for_a_deleted_one() {
    let sandbox = sandbox().await;
    let error = client(&sandbox).reports().delete(&"nobody".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 1));
    // Refused before anything looked at it: it was not deleted by the first attempt either.
    sandbox.add_fault(FaultRule::new("/api/public/report/*", Fault::status(429)));
    let error = client(&sandbox).reports().delete(&"nobody".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 2));
}

#[tokio::test]
async fn a_404_of_something_before_the_server_is_no_deletion() {
    let sandbox = with_fault(FaultRule::new("/api/public/report/*", Fault::status(503))).await;
    let page = Fault::response(404, "text/html", "<html>no such route</html>");
    sandbox.add_fault(FaultRule::new("/api/public/report/*", page));
    let error = client(&sandbox).reports().delete(&"claims-raw".into()).await.unwrap_err();
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
        let error = client.definitions().import(&"claims".into(), &definitions).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unavailable, 1));
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
