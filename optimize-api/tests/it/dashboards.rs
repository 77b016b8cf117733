use optimize_api::{CollectionId, DashboardId};
use optimize_sandbox::Sandbox;

use crate::support::{GENERATIONS, client, start};

#[tokio::test]
async fn the_dashboards_of_a_collection_are_listed_on_every_generation() {
    for generation in GENERATIONS {
        let sandbox = start(Sandbox::builder().generation(generation)).await;
        let ids = client(&sandbox).dashboards().list(&CollectionId::from("orders")).await.unwrap();
        assert_eq!(ids, ["orders-overview", "orders-shipping"].map(DashboardId::from), "{generation}");
    }
}
