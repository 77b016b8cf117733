//! What an observer and the spans show of calls.

use std::io::Seek;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use optimize_api::Client;
use optimize_auth::{AfterAttempt, AttemptEnded, AuthError, Cached, Observer};
use optimize_sandbox::{Fault, FaultRule};
use tracing::Instrument;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::support::{REPORT_LIST_PATH, builder, client, credentials, sandbox, url, with_fault};

/// Writes down what it sees.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

impl Observer for Notes {
    fn attempt_ended(&self, attempt: &AttemptEnded<'_>) {
        let next = match attempt.next {
            AfterAttempt::Wait(_) => "wait",
            AfterAttempt::Renew => "renew",
            _ => "end",
        };
        assert!(attempt.duration < Duration::from_secs(60));
        let size = if attempt.response_bytes > 10 { "a body" } else { "no body" };
        self.note(format!("{} {} {:?} {size} {next}", attempt.operation, attempt.number, attempt.status));
    }

    fn token_fetched(&self, _: Duration) {
        self.note("token".to_owned());
    }

    fn token_failed(&self, error: &AuthError, _: Duration) {
        self.note(format!("no token: {:?}", error.kind()));
    }
}

#[tokio::test]
async fn an_observer_sees_every_attempt_and_every_token() {
    let sandbox = with_fault(FaultRule::new(REPORT_LIST_PATH, Fault::status(503))).await;
    for fault in [Fault::ResetBefore, Fault::Unauthorized] {
        sandbox.add_fault(FaultRule::new(REPORT_LIST_PATH, fault));
    }
    let notes = Notes::default();
    let secret = optimize_auth::ClientAuth::Post(sandbox.client_secret().into());
    let source = optimize_auth::ClientCredentials::new(url(&sandbox.token_url()), sandbox.client_id(), secret);
    let credentials = Cached::new(source).with_observer(Arc::new(notes.clone())).into();
    let client = builder(&sandbox).credentials(credentials).observer(Arc::new(notes.clone())).build().unwrap();
    client.reports().list("claims").await.unwrap();
    let text = notes.0.lock().unwrap().join("\n");
    insta::assert_snapshot!(text, @"
    token
    report.list 1 Some(503) no body wait
    report.list 2 None no body wait
    token
    report.list 3 Some(401) no body renew
    report.list 4 Some(200) a body end
    ");
}

#[tokio::test]
async fn an_observer_sees_that_no_token_could_be_had() {
    let notes = Notes::default();
    let source = optimize_auth::TokenFile::new("/no/such/file");
    let credentials = Cached::new(source).with_observer(Arc::new(notes.clone())).into();
    let client = Client::builder(url("http://127.0.0.1:1")).credentials(credentials).build().unwrap();
    client.reports().list("claims").await.unwrap_err();
    assert_eq!(*notes.0.lock().unwrap(), ["no token: NotFound"]);
}

/// The spans that were closed, with the spans around them.
async fn closed(work: impl Future<Output = ()>) -> Vec<String> {
    let log = Arc::new(tempfile::tempfile().unwrap());
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_span_events(FmtSpan::CLOSE)
        .finish();
    // While there is only one subscriber, `tracing` disables for good what another test's thread, which has none, logs first.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::subscriber::set_default(subscriber);
    work.instrument(tracing::info_span!("mine", tenant = "a")).await;
    drop(guard);
    (&*log).rewind().unwrap();
    let text = std::io::read_to_string(&*log).unwrap();
    let lines = text.lines().filter(|line| line.contains(" close ") && line.contains("http.request{"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn each_attempt_has_a_span_with_the_names_of_opentelemetry() {
    let sandbox = with_fault(FaultRule::new(REPORT_LIST_PATH, Fault::status(503))).await;
    let client = client(&sandbox);
    let mut spans = closed(async { drop(client.reports().list("claims").await.unwrap()) }).await;
    assert!(spans.remove(0).contains("http.request.method=POST"), "the token is requested first");
    assert_eq!(spans.len(), 2, "{spans:#?}");
    for (span, (count, status)) in spans.iter().zip([(0, 503), (1, 200)]) {
        for part in [
            "mine{tenant=\"a\"}:optimize.call{otel.name=\"report.list\"".to_owned(),
            "http.request.method=GET".to_owned(),
            "server.address=\"127.0.0.1\"".to_owned(),
            format!("http.request.resend_count={count}"),
            format!("http.response.status_code={status}"),
        ] {
            assert!(span.contains(&part), "{part}: {span}");
        }
        assert_eq!(span.contains("error.type=\"503\""), status == 503, "{span}");
    }
}

#[tokio::test]
async fn a_page_that_is_fetched_ahead_stays_in_the_span_of_its_caller() {
    let sandbox = sandbox().await;
    let export = builder(&sandbox).credentials(credentials(&sandbox)).build().unwrap().reports();
    let spans = closed(async {
        let mut pages = export.data("orders-raw").page_size(1000).prefetch(true).pages();
        while let Some(page) = pages.next().await {
            page.unwrap();
        }
    });
    let spans = spans.await;
    assert!(
        spans.len() > 3 && spans.iter().all(|span| span.contains("mine{tenant=\"a\"}:optimize.call")),
        "{spans:#?}"
    );
}
