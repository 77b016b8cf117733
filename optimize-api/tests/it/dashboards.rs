use optimize_api::{CollectionId, DashboardId};

use crate::support::{GENERATIONS, client, of};

#[tokio::test]
async fn the_dashboards_of_a_collection_are_listed_on_every_generation() {
    for generation in GENERATIONS {
        let sandbox = of(generation).await;
        let ids = client(&sandbox).dashboards().list(&CollectionId::from("orders")).await.unwrap();
        assert_eq!(ids, ["orders-overview", "orders-shipping"].map(DashboardId::from), "{generation}");
    }
}
