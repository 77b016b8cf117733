//! Batches of variables and events.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use optimize_api::{CloudEvent, ErrorKind, ExternalVariable, Outcomes, RefusedElement, VariableType};
use optimize_sandbox::{Fault, FaultRule, Release, Sandbox};

use crate::support::{api_requests, client, of, sandbox, start};

const PATH: &str = "/api/ingestion/variable";

fn variable(number: usize) -> ExternalVariable {
    ExternalVariable::new("invoice", format!("i{number}"), "amount", VariableType::Long).with_value("7")
}

/// All outcomes in one: accepted places in order, refused elements in order, failures.
async fn gather<T>(outcomes: Outcomes<u64, T>) -> (Vec<u64>, Vec<RefusedElement<u64, T>>, Vec<u64>) {
    let (mut accepted, mut refused, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for outcome in outcomes.collect::<Vec<_>>().await {
        accepted.extend(outcome.accepted.into_iter().map(|(place, _)| place));
        refused.extend(outcome.refused);
        failed.extend(outcome.failed.into_iter().flat_map(|failed| failed.elements).map(|(place, _)| place));
    }
    accepted.sort_unstable();
    refused.sort_by_key(|element| element.key);
    failed.sort_unstable();
    (accepted, refused, failed)
}

#[tokio::test]
async fn one_invalid_element_rejects_a_single_request_before_it_is_sent() {
    let sandbox = sandbox().await;
    let variables = [variable(0), ExternalVariable::new("invoice", "", "amount", VariableType::Long)];
    let error = client(&sandbox).ingestion().variables(&variables).await.unwrap_err();
    insta::assert_snapshot!(error, @"failed to ingest variables: element 1: processInstanceId: must not be blank");
    assert!(sandbox.ingested_variables().is_empty());
    client(&sandbox).ingestion().variables(&[]).await.unwrap();
}

#[tokio::test]
async fn batches_hold_as_many_as_they_may_and_refused_elements_are_reported_by_place() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let elements =
            (0..25).map(|number| if number == 13 { variable(number).with_id(" ") } else { variable(number) });
        let batches = client(&sandbox).ingestion().variable_batches().batch_count(10).concurrency(2);
        let (accepted, refused, failed) = gather(batches.send(stream::iter(elements))).await;
        assert_eq!(accepted, (0..25).filter(|place| *place != 13).collect::<Vec<_>>());
        assert_eq!((refused.len(), refused[0].key), (1, 13));
        assert_eq!(refused[0].problem, "id: must not be blank");
        assert!(failed.is_empty());
        assert_eq!(sandbox.api_statuses().len(), 3, "{release}");
        assert_eq!(sandbox.ingested_variables().len(), 24);
    }
}

#[tokio::test]
async fn elements_that_the_server_refuses_are_left_out_and_the_rest_is_sent_again() {
    let sandbox = sandbox().await;
    let body = r#"{"errorMessage":"no","validationErrors":[
        {"property":"element[1].name","errorMessage":"is not to its liking"},
        {"property":"element[1].value","errorMessage":"neither"},
        {"property":"element[3].id","errorMessage":"nor this"}]}"#;
    sandbox.add_fault(FaultRule::new(PATH, Fault::response(400, "application/json", body)));
    let batches = client(&sandbox).ingestion().variable_batches();
    let (accepted, refused, failed) = gather(batches.send(stream::iter((0..5).map(variable)))).await;
    assert_eq!((accepted, failed), (vec![0, 2, 4], vec![]));
    let refused: Vec<_> = refused.iter().map(|refused| (refused.key, refused.problem.as_str())).collect();
    assert_eq!(refused, [(1, "name: is not to its liking; value: neither"), (3, "id: nor this")]);
    assert_eq!(sandbox.ingested_variables().len(), 3);
}

#[tokio::test]
async fn a_batch_that_is_too_large_is_halved_until_it_fits() {
    let sandbox = start(Sandbox::builder().release(Release::V8_6).ingestion_bytes(700)).await;
    let elements = (0..12).map(variable).chain([variable(12).with_value("x".repeat(1000))]);
    let batches = client(&sandbox).ingestion().variable_batches().concurrency(1);
    let (accepted, refused, failed) = gather(batches.send(stream::iter(elements))).await;
    assert_eq!((accepted, failed), ((0..12).collect(), vec![]));
    assert_eq!((refused[0].key, refused[0].problem.as_str()), (12, "it is too large for the server"));
    assert_eq!(sandbox.ingested_variables().len(), 12);
    assert!(sandbox.api_statuses().iter().all(|status| matches!(status, 204 | 413)));
}

#[tokio::test]
async fn the_bytes_of_a_batch_are_limited() {
    let sandbox = sandbox().await;
    let batches = client(&sandbox).ingestion().variable_batches().batch_bytes(300);
    let (accepted, ..) = gather(batches.send(stream::iter((0..6).map(variable)))).await;
    assert_eq!((accepted.len(), sandbox.api_statuses().len()), (6, 3));
}

#[tokio::test]
async fn a_failed_batch_names_its_elements_and_the_others_go_on() {
    let sandbox = sandbox().await;
    sandbox.add_fault(FaultRule::new(PATH, Fault::status(500)).after(1));
    let batches = client(&sandbox).ingestion().variable_batches().batch_count(2).concurrency(1);
    let outcomes: Vec<_> = batches.send(stream::iter((0..6).map(variable))).collect().await;
    let failed: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.failed.as_ref()).collect();
    let elements: Vec<_> = failed[0].elements.iter().map(|(place, element)| (*place, element.clone())).collect();
    assert_eq!((failed.len(), failed[0].error.kind()), (1, ErrorKind::ServerFault));
    assert_eq!(elements, [(2, variable(2)), (3, variable(3))], "they can be sent again");
    assert_eq!(sandbox.ingested_variables().len(), 4);
}

#[tokio::test]
async fn nothing_is_begun_after_a_failure_if_that_is_wanted() {
    let sandbox = sandbox().await;
    sandbox.add_fault(FaultRule::new(PATH, Fault::status(500)).after(1));
    let batches = client(&sandbox).ingestion().variable_batches().batch_count(2).concurrency(1).stop_after_failure();
    let outcomes: Vec<_> = batches.send(stream::iter((0..7).map(variable))).collect().await;
    assert_eq!((outcomes.len(), sandbox.api_statuses()), (2, vec![200, 500]));
    assert_eq!(sandbox.ingested_variables().len(), 2);
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let sandbox = sandbox().await;
    sandbox.add_fault(FaultRule::new(PATH, Fault::status(429)).times(2));
    let (accepted, ..) =
        gather(client(&sandbox).ingestion().variable_batches().send(stream::iter((0..3).map(variable)))).await;
    assert_eq!((accepted.len(), sandbox.api_statuses()), (3, vec![429, 429, 200]));
}

#[tokio::test]
async fn events_are_ingested_by_servers_of_camunda_7() {
    let sandbox = of(Release::V8_6).await;
    let event = |number: usize| CloudEvent::new(number.to_string(), "depot", "arrived", "parcel-1");
    let ingestion = client(&sandbox).ingestion();
    let (accepted, ..) = gather(ingestion.event_batches().batch_count(4).send(stream::iter((0..10).map(event)))).await;
    assert_eq!((accepted.len(), sandbox.ingested_events().len()), (10, 10));
    let types: Vec<_> = api_requests(&sandbox).into_iter().filter_map(|entry| entry.content_type).collect();
    assert_eq!(types, ["application/cloudevents-batch+json"; 3]);
    let error = ingestion.events(&[CloudEvent::new("1", "camunda", "t", "c")]).await.unwrap_err();
    insta::assert_snapshot!(error, @"failed to ingest events: element 0: source: the server keeps `camunda` for itself");
}

#[tokio::test]
async fn no_elements_are_no_request() {
    let sandbox = sandbox().await;
    let outcomes = client(&sandbox).ingestion().variable_batches().send(stream::empty());
    assert_eq!(outcomes.count().await, 0);
    assert!(sandbox.journal().is_empty());
}

/// Eight batches at a time, each with the next value of the same variables. The first two that arrive are held up, so that
/// the newer ones could overtake them.
#[tokio::test]
async fn an_older_value_never_arrives_after_a_newer_one() {
    for fault in [Fault::Delay { milliseconds: 300 }, Fault::status(503).with_header("Retry-After", "1")] {
        let rule = FaultRule::new(PATH, fault).times(2);
        let sandbox = start(Sandbox::builder().fault(rule)).await;
        let element = |number: usize| variable(number % 100).with_value((number / 100).to_string());
        let batches = client(&sandbox).ingestion().variable_batches().batch_count(100).concurrency(8);
        let (accepted, refused, failed) = gather(batches.send(stream::iter((0..5_000).map(element)))).await;
        assert_eq!((accepted.len(), refused.len(), failed.len()), (5_000, 0, 0));
        let mut values = std::collections::HashMap::new();
        for variable in sandbox.ingested_variables() {
            values.insert(variable["id"].to_string(), variable["value"].to_string());
        }
        let stale = values.values().filter(|value| *value != "\"49\"").count();
        assert_eq!((values.len(), stale), (100, 0));
    }
}

/// Every batch holds the same id, so that each waits for all before it; and nothing waits for itself.
#[tokio::test]
async fn batches_that_share_an_id_go_one_after_the_other() {
    let sandbox = sandbox().await;
    let elements = (0..60).map(|number| variable(number).with_id(if number % 3 == 0 { "same" } else { "other" }));
    let batches = client(&sandbox).ingestion().variable_batches().batch_count(3).concurrency(16);
    let (accepted, ..) = gather(batches.send(stream::iter(elements))).await;
    assert_eq!(accepted, (0..60).collect::<Vec<_>>());
    let last = sandbox.ingested_variables().into_iter().rfind(|variable| variable["id"] == "same").unwrap();
    assert_eq!(last["processInstanceId"], "i57");
}

/// A stream of what a channel receives.
fn received<T: Send + 'static>(receiver: tokio::sync::mpsc::Receiver<T>) -> impl futures_util::Stream<Item = T> + Send {
    stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) })
}

#[tokio::test]
async fn a_trickle_is_sent_when_its_first_element_has_waited_long_enough() {
    let sandbox = sandbox().await;
    let (sender, receiver) = tokio::sync::mpsc::channel(8);
    let batches = client(&sandbox).ingestion().variable_batches().linger(Duration::from_millis(100));
    let mut outcomes = batches.send_keyed(received(receiver));
    for offset in ["offset-7", "offset-8"] {
        sender.send((offset, variable(1))).await.unwrap();
    }
    let outcome = outcomes.next().await.unwrap();
    assert_eq!(outcome.accepted, [("offset-7", variable(1)), ("offset-8", variable(1))]);
    sender.send(("offset-9", variable(2))).await.unwrap();
    assert_eq!(outcomes.next().await.unwrap().accepted[0].0, "offset-9");
    drop(sender);
    assert!(outcomes.next().await.is_none());
    assert_eq!(sandbox.api_statuses(), [200, 200]);
}

#[tokio::test]
async fn input_that_fails_is_sent_as_far_as_it_came() {
    for (before, batches_sent) in [(0, 0), (3, 2)] {
        let sandbox = sandbox().await;
        let good = (0..before).map(|number| Ok((number, variable(number))));
        let input = good.chain([Err("the queue is gone")]).chain([Ok((9, variable(9)))]);
        let batches = client(&sandbox).ingestion().variable_batches().batch_count(2);
        let items: Vec<_> = batches.try_send_keyed(stream::iter(input.collect::<Vec<_>>())).collect().await;
        assert_eq!(items.len(), batches_sent + 1);
        assert_eq!(items.last().unwrap().as_ref().unwrap_err(), &"the queue is gone");
        assert_eq!(sandbox.ingested_variables().len(), before);
    }
}
