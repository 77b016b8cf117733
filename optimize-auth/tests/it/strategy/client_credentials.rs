use optimize_auth::{AuthErrorKind, ClientAuth, Credentials};

use crate::support::{TOKEN_PATH, client, client_by, credentials, sandbox};

#[tokio::test]
async fn every_way_to_authenticate_gets_a_token_for_the_audience() {
    let sandbox = sandbox().await;
    for client_auth in [ClientAuth::Post, ClientAuth::Basic, ClientAuth::Json] {
        let client_auth = client_auth(sandbox.client_secret().to_owned().into());
        let source = client_by(&sandbox, client_auth).with_audience("an-audience");
        let token = Credentials::new(source).token().await.unwrap();
        let claims = token.claims().unwrap();
        assert_eq!(claims.audience, ["an-audience"]);
        assert_eq!(claims.issuer.as_deref(), Some(sandbox.issuer()));
        assert_eq!(token.lifetime().unwrap().as_secs(), 300);
    }
    let journal = sandbox.journal();
    let authorization: Vec<_> = journal.iter().map(|entry| entry.authorization.as_deref()).collect();
    assert_eq!(authorization, [None, Some("Basic"), None]);
}

#[tokio::test]
async fn what_is_not_set_is_absent_from_the_request() {
    let sandbox = sandbox().await;
    Credentials::new(client(&sandbox)).token().await.unwrap();
    let names: Vec<_> = sandbox.journal()[0].parameters.keys().cloned().collect();
    assert_eq!(names, ["client_id", "client_secret", "grant_type"]);
}

#[tokio::test]
async fn the_granted_scope_is_returned() {
    let sandbox = sandbox().await;
    let token = Credentials::new(client(&sandbox).with_scope("a b")).token().await.unwrap();
    assert_eq!(token.scope(), Some("a b"));
}

#[tokio::test]
async fn a_wrong_secret_is_refused_without_repeating_it() {
    let sandbox = sandbox().await;
    for client_auth in [ClientAuth::Post, ClientAuth::Basic, ClientAuth::Json] {
        let source = client_by(&sandbox, client_auth("wrong-canary".to_owned().into()));
        let error = credentials(source).token().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status(), error.code()),
            (AuthErrorKind::Refused, Some(401), Some("invalid_client"))
        );
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    let requests = sandbox.journal().iter().filter(|entry| entry.path == TOKEN_PATH).count();
    assert_eq!(requests, 3, "a refusal is not tried again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_callers_on_several_threads_cause_one_request() {
    let sandbox = sandbox().await;
    let credentials = Credentials::new(client(&sandbox));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let credentials = credentials.clone();
        callers.spawn(async move { credentials.headers().await.unwrap().stamp() });
    }
    let stamps: std::collections::HashSet<_> = callers.join_all().await.into_iter().collect();
    assert_eq!((stamps.len(), sandbox.journal().len()), (1, 1));
}
