// What examples in the documentation of this crate run in.

/// Runs an example against a server with demo data.
pub fn with_sandbox<F>(example: impl FnOnce(optimize_api::Client, optimize_sandbox::Sandbox) -> F)
where
    F: Future<Output = Result<(), Box<dyn std::error::Error>>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sandbox = optimize_sandbox::Sandbox::builder().start().await.unwrap();
        let credentials = optimize_auth::Credentials::static_bearer(sandbox.static_token().to_owned().into()).unwrap();
        let base_url = optimize_auth::ServiceUrl::parse(&sandbox.base_url()).unwrap();
        let client = optimize_api::Client::builder(base_url).credentials(credentials).build().unwrap();
        example(client, sandbox).await.unwrap();
    });
}
