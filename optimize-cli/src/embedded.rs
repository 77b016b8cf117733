//! The embedded server of `--sandbox`, which a build can leave out.

#[cfg(feature = "sandbox")]
pub(crate) use optimize_sandbox::Sandbox;

#[cfg(not(feature = "sandbox"))]
pub(crate) use absent::Sandbox;

use crate::error::CliError;

/// Starts the server with its demo data.
#[cfg(feature = "sandbox")]
pub(crate) async fn start() -> Result<Sandbox, CliError> {
    Sandbox::builder().start().await.map_err(|error| CliError::io("start the embedded server", error))
}

/// Fails: this build has no embedded server.
#[cfg(not(feature = "sandbox"))]
pub(crate) async fn start() -> Result<Sandbox, CliError> {
    std::future::ready(()).await;
    Err(CliError::usage("the embedded server: this build does not have it")
        .stating()
        .with_hint("build optimize-cli with its default features, or name a server with --base-url"))
}

#[cfg(not(feature = "sandbox"))]
mod absent {
    /// A server that no value of exists.
    pub(crate) enum Sandbox {}

    impl Sandbox {
        pub(crate) fn base_url(&self) -> String {
            match *self {}
        }

        pub(crate) fn token_url(&self) -> String {
            match *self {}
        }

        pub(crate) fn client_id(&self) -> &str {
            match *self {}
        }

        pub(crate) fn client_secret(&self) -> &str {
            match *self {}
        }

        pub(crate) fn audience(&self) -> &str {
            match *self {}
        }
    }
}
