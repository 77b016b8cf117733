use crate::harness::{User, check};

#[test]
fn the_dashboards_of_a_collection_are_listed() {
    let user = User::of_a_server();
    check!(user.types("dashboard list --collection orders"), @r#"
    exit 0
    --- stdout
    {"id":"orders-overview"}
    {"id":"orders-shipping"}
    --- stderr
    "#);
    assert_eq!(user.types("dashboards ls --collection orders").code, Some(0));
}
