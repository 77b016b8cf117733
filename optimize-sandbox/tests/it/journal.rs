use optimize_sandbox::Sandbox;

use crate::support::{get, http, send, start, token};

#[tokio::test]
async fn the_journal_lists_requests_without_secrets() {
    let sandbox = start(Sandbox::builder().context_path("optimize")).await;
    let token = token(&sandbox, &[("audience", "optimize.camunda.io")]).await;
    get(&sandbox, &token, "/api/public/report?collectionId=a%20b").await;
    let journal = serde_json::to_string(&sandbox.journal()).unwrap();
    assert!(!journal.contains(sandbox.client_secret()) && !journal.contains(&token), "{journal}");
    let [grant, list] = &sandbox.journal()[..] else { panic!("{journal}") };
    assert_eq!(
        (grant.method.as_str(), grant.status, grant.parameters["audience"].as_str()),
        ("POST", 200, "optimize.camunda.io")
    );
    assert_eq!((list.path.as_str(), list.query.as_str()), ("/api/public/report", "collectionId=a%20b"));
    assert_eq!((list.authorization.as_deref(), list.status), (Some("Bearer"), 200));
    let over_the_wire = send(http().get(format!("{}/_sandbox/journal", sandbox.issuer()))).await;
    assert_eq!(over_the_wire.json().as_array().unwrap().len(), 2, "reading the journal is not part of it");
}
