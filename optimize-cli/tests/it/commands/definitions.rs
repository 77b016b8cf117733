//! Definitions: exported, deleted, imported.

use optimize_sandbox::{Fault, FaultRule, Generation, Sandbox};

use crate::harness::{Server, User, check};

#[test]
fn definitions_are_exported_byte_for_byte() {
    let odd = r#"[ {"id":"a","exportEntityType":"brand_new","n":1.0000000000000000000010,"x":{"k":1,"k":2}} ]"#;
    let path = "/api/public/export/report/definition/json";
    let fault = FaultRule::new(path, Fault::answer(200, "application/json", odd)).times(2);
    let user = User::owning(Server::start(Sandbox::builder().fault(fault)));
    assert_eq!(user.types("report export a -o csv").stdout, format!("{odd}\n"));
    check!(user.types("report export a -f a.json"), @"
    exit 0
    --- stdout
    --- stderr
    wrote a.json
    ");
    assert_eq!(user.read("a.json"), format!("{odd}\n"));
}

#[test]
fn all_that_a_collection_lists_is_exported() {
    let user = User::of_a_server();
    let ran = user.types("dashboard export --collection claims");
    let definitions: Vec<serde_json::Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(definitions.iter().filter(|one| one["exportEntityType"] == "dashboard").count(), 2, "{ran}");
    check!(user.types("report export --collection nowhere"), @"
    exit 5
    --- stdout
    --- stderr
    error: failed to list reports: there is no collection nowhere
    ");
    check!(user.types("report export nobody -f a.json"), @"
    exit 5
    --- stdout
    --- stderr
    error: failed to export report definitions: the server answered 404 notFoundError: nobody does not exist
    ");
    assert!(user.files().is_empty());
    check!(user.types("report export"), @"
    exit 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <ID>...

    Usage: optimize report export <ID>...

    For more information, try '--help'.
    ");
}

#[test]
fn bar_43_deletion_is_asked_about_and_never_without_a_terminal() {
    let user = User::of_a_server();
    check!(user.types("report rm claims-raw"), @r#"
    exit 2
    --- stdout
    --- stderr
    error: failed to ask "Delete the report claims-raw?": standard input or error is no terminal, or --no-input is set
    hint: pass --yes if you are sure
    "#);
    check!(user.types("report rm claims-raw --yes"), @r#"
    exit 0
    --- stdout
    {"id":"claims-raw","deleted":true}
    --- stderr
    "#);
    check!(user.types("report rm claims-raw --yes"), @r#"
    exit 5
    --- stdout
    {"id":"claims-raw","deleted":false}
    --- stderr
    error: failed to delete a report: the server answered 404 notFoundError: claims-raw does not exist
    "#);
    check!(user.types("dashboard delete nobody claims-overview -y -o csv"), @"
    exit 8
    --- stdout
    id,deleted
    nobody,false
    claims-overview,true
    --- stderr
    warning: nobody: failed to delete a dashboard: the server answered 404 notFoundError: nobody does not exist
    error: failed to delete 1 of 2 dashboards
    ");
}

#[cfg(unix)]
#[test]
fn bar_43_only_yes_deletes() {
    for (answer, code, left) in [("n", 130, 5), ("", 130, 5), ("yes", 0, 4)] {
        let user = User::of_a_server();
        let mut terminal = user.at_a_terminal("report delete claims-raw");
        terminal.expect("Delete the report claims-raw? [y/N]: ");
        terminal.say(answer);
        assert_eq!(terminal.end().0, Some(code), "{answer}");
        assert_eq!(user.types("report list --collection claims").stdout.lines().count(), left);
    }
}

/// A user with an export of the collection `claims` in a file.
fn exporting(server: Server) -> User {
    let user = User::owning(server);
    assert_eq!(user.types("dashboard export --collection claims -f board.json").code, Some(0));
    user
}

#[test]
fn what_was_exported_is_imported() {
    let user = exporting(Server::new());
    let ran = user.types("import board.json --collection claims -o json");
    let made: Vec<serde_json::Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(made.iter().filter(|one| one["entityType"] == "dashboard").count(), 2, "{ran}");
    assert_eq!(user.types("dashboard ls --collection claims").stdout.lines().count(), 4);
    let board = user.read("board.json");
    let piped = user.typing(&board).types("import - --collection claims");
    assert_eq!((piped.code, piped.stdout.lines().count()), (Some(0), made.len()));
}

#[test]
fn a_refused_import_tells_what_is_in_the_way() {
    let user = exporting(Server::new());
    check!(user.types("import board.json --collection orders"), @"
    exit 6
    --- stdout
    --- stderr
    error: failed to import definitions: the server answered 409 nonDefinitionScopeCompliantConflict: the collection's scope does not hold what is used
      in the way: report claims-raw (claims raw)
      in the way: report claims-count (claims count)
      in the way: report claims-by-risk (claims by risk)
    hint: add the definitions and tenants to the data sources of the collection, then import again
    ");
    user.file("older.json", &user.read("board.json").replace("\"sourceIndexVersion\":7", "\"sourceIndexVersion\":6"));
    let ran = user.types("import older.json --collection claims");
    assert!(ran.stderr.contains("  single-decision-report: version 6 in the file, 7 at the server\n"), "{ran}");
    check!(user.typing("{}").types("import - --collection claims"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to import definitions: a single definition must stand in an array: [ … ]
    hint: it is about standard input
    ");
}

#[test]
fn a_dry_run_says_what_the_server_would() {
    let user = exporting(Server::new());
    let ran = user.types("import board.json --collection claims --dry-run -o csv");
    check!(ran, @"
    exit 0
    --- stdout
    id,exportEntityType,name,problem
    claims-raw,single_decision_report,claims raw,
    claims-count,single_decision_report,claims count,
    claims-by-risk,single_decision_report,claims by risk,
    claims-overview,dashboard,claims overview,
    claims-payouts,dashboard,claims payouts,
    --- stderr
    nothing was imported; 5 definitions would be
    ");
    let board = user.read("board.json");
    let mut all: Vec<serde_json::Value> = serde_json::from_str(&board).unwrap();
    all.retain(|one| one["id"] != "claims-raw");
    all[0]["sourceIndexVersion"] = 6.into();
    all[1]["data"]["definitions"][0]["key"] = "unknown-risk".into();
    all.push(all[2].clone());
    user.file("board.json", &serde_json::to_string(&all).unwrap());
    check!(user.types("import board.json --collection claims --dry-run -o csv"), @r#"
    exit 3
    --- stdout
    id,exportEntityType,name,problem
    claims-count,single_decision_report,claims count,"its sourceIndexVersion is 6, the server's 7"
    claims-by-risk,single_decision_report,claims by risk,the scope of the collection lacks decision:unknown-risk
    claims-overview,dashboard,claims overview,it refers to reports that are not in the file: claims-raw
    claims-payouts,dashboard,claims payouts,it refers to reports that are not in the file: claims-raw
    claims-overview,dashboard,claims overview,another definition has the same id; it refers to reports that are not in the file: claims-raw
    --- stderr
    error: failed to pass the check: 5 of 5 definitions would be refused
    hint: the server takes all definitions or none; nothing was imported
    "#);
    assert_eq!(user.types("dashboard ls --collection claims").stdout.lines().count(), 2, "nothing was imported");
}

#[test]
fn a_dry_run_says_what_it_cannot_know() {
    let user = exporting(Server::start(Sandbox::builder().generation(Generation::G2)));
    let ran = user.types("import board.json --collection claims --dry-run");
    assert_eq!(ran.code, Some(0));
    assert!(ran.stderr.starts_with("warning: the scope could not be checked: failed to get a collection"), "{ran}");
}
