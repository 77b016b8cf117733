//! What several tests share.

use optimize_auth::{Cached, ClientAuth, ClientCredentials, Credentials, ServiceUrl};
use optimize_sandbox::{Fault, FaultRule, Sandbox};

pub(crate) mod clock;
pub(crate) mod keys;

pub(crate) const TOKEN_PATH: &str = "/oauth/token";

pub(crate) async fn sandbox() -> Sandbox {
    Sandbox::builder().start().await.unwrap()
}

/// A sandbox whose token endpoint fails every time.
pub(crate) async fn broken(fault: Fault) -> Sandbox {
    Sandbox::builder().fault(FaultRule::new(TOKEN_PATH, fault).times(u32::MAX)).start().await.unwrap()
}

/// The sandbox's own client.
pub(crate) fn client(sandbox: &Sandbox) -> ClientCredentials {
    client_by(sandbox, ClientAuth::Post(sandbox.client_secret().to_owned().into()))
}

/// The sandbox's client id with a proof of one's own.
pub(crate) fn client_by(sandbox: &Sandbox, client_auth: ClientAuth) -> ClientCredentials {
    ClientCredentials::new(ServiceUrl::parse(&sandbox.token_url()).unwrap(), sandbox.client_id(), client_auth)
}

/// Credentials that try once.
pub(crate) fn credentials(client: ClientCredentials) -> Credentials {
    Cached::new(client).with_attempts(1).into()
}

/// The text of an error and of its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let source = error.source().map(|source| format!(": {}", chain(source)));
    format!("{error}{}", source.unwrap_or_default())
}
