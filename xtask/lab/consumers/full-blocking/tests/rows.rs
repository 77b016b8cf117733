use optimize_api::{Blocking, Client};
use optimize_auth::{Credentials, ServiceUrl};
use optimize_sandbox::Sandbox;

#[test]
fn a_report_has_rows() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sandbox = runtime.block_on(Sandbox::builder().start()).unwrap();
    let credentials = Credentials::static_bearer(sandbox.static_token().to_owned().into()).unwrap();
    let base_url = ServiceUrl::parse(&sandbox.base_url()).unwrap();
    let client = Client::builder(base_url).credentials(credentials).build().unwrap();
    let blocking = Blocking::new().unwrap();
    assert!(full_blocking::rows(&blocking, &client, "claims-raw").unwrap() > 100);
    let _context = runtime.enter();
    drop(sandbox);
}
