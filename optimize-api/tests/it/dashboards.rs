use optimize_api::DashboardId;
use optimize_sandbox::Release;

use crate::support::{client, of};

#[tokio::test]
async fn the_dashboards_of_a_collection_are_listed_on_every_release() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let ids = client(&sandbox).dashboards().list("orders").await.unwrap();
        assert_eq!(ids, ["orders-overview", "orders-shipping"].map(DashboardId::from), "{release}");
    }
}
