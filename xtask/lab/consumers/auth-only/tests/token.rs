use optimize_sandbox::Sandbox;

#[tokio::test]
async fn one_request_serves_many_callers() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let secret = sandbox.client_secret().to_owned();
    let credentials = auth_only::credentials(&sandbox.token_url(), sandbox.client_id(), secret).unwrap();
    for _ in 0..10 {
        assert!(credentials.headers().await.unwrap().contains_key("authorization"));
    }
    assert_eq!(sandbox.journal().len(), 1);
}
