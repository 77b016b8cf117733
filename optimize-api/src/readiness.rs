//! Readiness.

use crate::client::Client;
use crate::error::Error;
use crate::operation;
use crate::transport::spec::RequestSpec;

/// Whether a server can serve requests.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// use optimize_api::Readiness;
///
/// sandbox.set_ready(false);
/// assert!(matches!(client.readiness().await?, Readiness::NotReady { .. }));
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Readiness {
    /// The search backend is connected and initialised (for Camunda 7, also at least one engine).
    Ready,
    /// The server, or a proxy in front of it, returned this HTTP status.
    NotReady {
        /// 503 from Optimize itself.
        status: u16,
    },
}

impl Client {
    /// Asks once whether the server is ready. `GET /api/readyz`, since 8.0 and C7 3.0.
    /// [`Never`](crate::Retry::Never): once and without a token.
    ///
    /// An unreachable server is an error of kind [`Unavailable`](crate::ErrorKind::Unavailable); a redirect or a web page
    /// means that the base URL is wrong and is an error too.
    pub async fn readiness(&self) -> Result<Readiness, Error> {
        self.transport.probe(&ready()).await
    }
}

fn ready() -> RequestSpec {
    RequestSpec::new(&operation::READY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_a_bare_get() {
        insta::assert_snapshot!(ready().wire_form(), @"GET /api/readyz");
        assert!(!ready().operation.needs_token);
    }
}
