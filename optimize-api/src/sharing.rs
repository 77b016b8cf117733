//! Sharing of reports and dashboards by link.

use crate::transport::spec::RequestSpec;
use crate::{Client, Error, operation};

impl Client {
    /// Lets reports and dashboards be shared. `POST /api/public/share/enable`, since 8.0 and C7 3.8.
    /// [`Safe`](crate::Replay::Safe).
    ///
    /// The server stores the setting; it overrides its configuration file. It cannot be read.
    pub async fn enable_sharing(&self) -> Result<(), Error> {
        self.transport.send_void(&RequestSpec::new(&operation::SHARING_ENABLE)).await
    }

    /// Ends that. Links that were made before work again once sharing is enabled. `POST /api/public/share/disable`,
    /// since 8.0 and C7 3.8. [`Safe`](crate::Replay::Safe).
    pub async fn disable_sharing(&self) -> Result<(), Error> {
        self.transport.send_void(&RequestSpec::new(&operation::SHARING_DISABLE)).await
    }
}
