//! Sharing of reports and dashboards by link.

use crate::client::Client;
use crate::error::Error;
use crate::operation;
use crate::transport::spec::RequestSpec;

/// Operations on sharing.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// client.sharing().disable().await?;
/// assert!(!sandbox.is_sharing_enabled());
/// client.sharing().enable().await?;
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Sharing {
    pub(crate) client: Client,
}

impl Sharing {
    /// Turns sharing on. `POST /api/public/share/enable`, since 8.0 and C7 3.8.
    /// [`Idempotent`](crate::Retry::Idempotent).
    ///
    /// The server stores the setting; it overrides its configuration file. It cannot be read.
    pub async fn enable(&self) -> Result<(), Error> {
        self.client.transport.send_void(&RequestSpec::new(&operation::SHARING_ENABLE)).await
    }

    /// Turns sharing off. Existing links work again when it is turned on. `POST /api/public/share/disable`,
    /// since 8.0 and C7 3.8. [`Idempotent`](crate::Retry::Idempotent).
    pub async fn disable(&self) -> Result<(), Error> {
        self.client.transport.send_void(&RequestSpec::new(&operation::SHARING_DISABLE)).await
    }
}
