use std::time::Duration;

use optimize_api::{Error, ErrorKind, Readiness};
use optimize_sandbox::{Fault, FaultRule, Release, Sandbox};

use crate::support::{api_requests, builder, client, of, sandbox, with_fault};

async fn readiness(sandbox: &Sandbox) -> Result<Readiness, Error> {
    client(sandbox).readiness().await
}

async fn with(fault: Fault) -> Result<Readiness, Error> {
    readiness(&with_fault(FaultRule::new("/api/readyz", fault)).await).await
}

#[tokio::test]
async fn a_ready_server_is_found_ready_on_every_release_and_sees_no_token() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        assert_eq!(readiness(&sandbox).await.unwrap(), Readiness::Ready, "{release}");
        assert!(sandbox.journal().iter().all(|entry| entry.authorization.is_none()));
    }
}

#[tokio::test]
async fn a_server_that_is_not_ready_is_asked_once() {
    let sandbox = sandbox().await;
    sandbox.set_ready(false);
    assert_eq!(readiness(&sandbox).await.unwrap(), Readiness::NotReady { status: 503 });
    assert_eq!(api_requests(&sandbox).len(), 1);
    assert_eq!(with(Fault::response(502, "text/html", "<html>")).await.unwrap(), Readiness::NotReady { status: 502 });
}

#[tokio::test]
async fn a_404_is_no_readiness_since_every_release_has_the_path() {
    for fault in [Fault::status(404), Fault::response(404, "text/html", "<html><title>HTTP Status 404</title>")] {
        let error = with(fault).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Misconfigured, Some(404)));
        assert_eq!(error.hint().unwrap().id, "base-url");
    }
}

#[tokio::test]
async fn a_login_page_is_no_readiness() {
    let error = with(Fault::response(200, "text/html", "<html>")).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Misconfigured, Some(200)));
    let error = with(Fault::status(302)).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Misconfigured, Some(302)));
}

#[tokio::test]
async fn a_server_that_does_not_response_is_unavailable() {
    let error = with(Fault::ResetBefore).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Interrupted, 1));
    let sandbox = with_fault(FaultRule::new("/api/readyz", Fault::Delay { milliseconds: 60_000 })).await;
    let client = builder(&sandbox).timeout(Duration::from_millis(50)).build().unwrap();
    assert_eq!(client.readiness().await.unwrap_err().kind(), ErrorKind::Timeout);
}
