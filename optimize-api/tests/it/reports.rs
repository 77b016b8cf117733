mod data_export;

use optimize_api::{CollectionId, ErrorKind, ReportId};

use crate::support::{GENERATIONS, client, of, sandbox};

#[tokio::test]
async fn the_reports_of_a_collection_are_listed_on_every_generation() {
    for generation in GENERATIONS {
        let sandbox = of(generation).await;
        let ids = client(&sandbox).reports().list(&CollectionId::from("claims")).await.unwrap();
        let expected = ["claims-by-month", "claims-by-month-and-risk", "claims-by-risk", "claims-count", "claims-raw"];
        assert_eq!(ids, expected.map(ReportId::from), "{generation}");
    }
}

#[tokio::test]
async fn an_unknown_collection_lists_nothing() {
    let ids = client(&sandbox().await).reports().list(&CollectionId::from("nowhere")).await.unwrap();
    assert!(ids.is_empty());
}

#[tokio::test]
async fn an_empty_collection_id_is_refused_before_anything_is_sent() {
    let sandbox = sandbox().await;
    let error = client(&sandbox).reports().list(&CollectionId::from("")).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidInput, 0));
    assert!(sandbox.journal().is_empty());
}
