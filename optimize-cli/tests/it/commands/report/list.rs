use optimize_sandbox::{Generation, Sandbox};

use crate::harness::{Server, User, check};

#[test]
fn the_reports_of_a_collection_are_rows_in_a_pipe() {
    check!(User::of_a_server().types("report list --collection claims"), @r#"
    exit 0
    --- stdout
    {"id":"claims-by-month"}
    {"id":"claims-by-month-and-risk"}
    {"id":"claims-by-risk"}
    {"id":"claims-count"}
    {"id":"claims-raw"}
    --- stderr
    "#);
}

#[test]
fn every_generation_lists_alike() {
    for generation in [Generation::G2, Generation::G3, Generation::G4] {
        let server = Server::start(Sandbox::builder().generation(generation));
        let ran = User::of(&server).types("reports ls --collection orders -o csv");
        assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 17), "{generation}: {ran}");
    }
}

#[test]
fn an_unknown_collection_lists_nothing() {
    let user = User::of_a_server();
    check!(user.types("report list --collection nowhere"), @"
    exit 0
    --- stdout
    --- stderr
    ");
    check!(user.types("report list --collection nowhere -o json"), @"
    exit 0
    --- stdout
    []
    --- stderr
    ");
    check!(user.types("report list --collection nowhere -o csv"), @"
    exit 0
    --- stdout
    --- stderr
    ");
}

#[test]
fn the_embedded_server_needs_no_setting() {
    check!(User::new().types("--sandbox report list --collection claims -o table"), @"
    exit 0
    --- stdout
    id
    claims-by-month
    claims-by-month-and-risk
    claims-by-risk
    claims-count
    claims-raw
    --- stderr
    ");
    check!(User::new().types("report list --collection claims --profile sandbox -o json"), @r#"
    exit 0
    --- stdout
    [
    {"id":"claims-by-month"},
    {"id":"claims-by-month-and-risk"},
    {"id":"claims-by-risk"},
    {"id":"claims-count"},
    {"id":"claims-raw"}
    ]
    --- stderr
    "#);
}
