//! Definitions: exported, deleted, imported.

use optimize_sandbox::{Fault, FaultRule, Release, Sandbox};

use crate::harness::{Server, User, check};

#[test]
fn definitions_are_exported_byte_for_byte() {
    let odd = r#"[ {"id":"a","exportEntityType":"brand_new","n":1.0000000000000000000010,"x":{"k":1,"k":2}} ]"#;
    let path = "/api/public/export/report/definition/json";
    let fault = FaultRule::new(path, Fault::response(200, "application/json", odd)).times(2);
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
    error: there is no collection nowhere
    ");
    check!(user.types("report export nobody -f a.json"), @"
    exit 5
    --- stdout
    --- stderr
    error: failed to export report definitions: the server returned 404 notFoundError: nobody does not exist
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
fn deletion_is_asked_about_and_never_without_a_terminal() {
    let user = User::of_a_server();
    check!(user.types("report rm claims-raw"), @r#"
    exit 2
    --- stdout
    --- stderr
    error: cannot ask "Delete the report claims-raw?": standard input or error is not a terminal, or --no-input is set
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
    error: failed to delete the report claims-raw: the server returned 404 notFoundError: claims-raw does not exist
    "#);
    check!(user.types("dashboard delete nobody claims-overview -y -o csv"), @"
    exit 8
    --- stdout
    id,deleted
    nobody,false
    claims-overview,true
    --- stderr
    warning: failed to delete the dashboard nobody: the server returned 404 notFoundError: nobody does not exist
    error: failed to delete 1 of 2 dashboards
    ");
}

#[cfg(unix)]
#[test]
fn only_yes_deletes() {
    for (response, code, left) in [("n", 130, 5), ("", 130, 5), ("yes", 0, 4)] {
        let user = User::of_a_server();
        let mut terminal = user.at_a_terminal("report delete claims-raw");
        terminal.expect("Delete the report claims-raw? [y/N]: ");
        terminal.say(response);
        assert_eq!(terminal.end().0, Some(code), "{response}");
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
fn a_refused_import_names_the_conflicts() {
    let user = exporting(Server::new());
    check!(user.types("import board.json --collection orders"), @"
    exit 6
    --- stdout
    --- stderr
    error: board.json: failed to import definitions into the collection orders: the server returned 409 nonDefinitionScopeCompliantConflict: the collection's scope does not hold what is used
      in the way: report claims-raw (claims raw)
      in the way: report claims-count (claims count)
      in the way: report claims-by-risk (claims by risk)
    hint: the collection does not have the definitions or tenants that the reports use: add them to the data sources of the collection, then import again
    ");
    user.file("older.json", &user.read("board.json").replace("\"sourceIndexVersion\":7", "\"sourceIndexVersion\":6"));
    let ran = user.types("import older.json --collection claims");
    assert!(ran.stderr.contains("  single-decision-report: version 6 in the file, 7 at the server\n"), "{ran}");
    check!(user.typing("{}").types("import - --collection claims"), @"
    exit 3
    --- stdout
    --- stderr
    error: standard input: failed to import definitions into the collection: a single definition must be in an array: put [ before it and ] after it
    ");
}

#[test]
fn a_dry_run_says_what_the_server_would() {
    let user = exporting(Server::new());
    let ran = user.types("import board.json --collection claims --dry-run -o csv");
    check!(ran, @r#"
    exit 0
    --- stdout
    count,problem,ids
    5,,"[""claims-raw"",""claims-count"",""claims-by-risk"",""claims-overview"",""claims-payouts""]"
    --- stderr
    warning: the collection claims has these names already, and the import makes second ones: claims by risk, claims count, claims overview, claims payouts, claims raw
    nothing was imported; the check found no problem in 5 definitions
    "#);
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
    count,problem,ids
    3,"it uses the report claims-raw, which is not in the file","[""claims-overview"",""claims-payouts"",""claims-overview""]"
    1,another definition in the file has the same id,"[""claims-overview""]"
    1,"its sourceIndexVersion is 6, that of the server is 7","[""claims-count""]"
    1,the scope of the collection does not have the decision unknown-risk,"[""claims-by-risk""]"
    --- stderr
    warning: the collection claims has these names already, and the import makes second ones: claims by risk, claims count, claims overview, claims payouts
    error: 5 of 5 definitions would be refused
    hint: the server takes all definitions or none; nothing was imported
    "#);
    assert_eq!(user.types("dashboard ls --collection claims").stdout.lines().count(), 2, "nothing was imported");
}

#[test]
fn a_dry_run_says_what_it_cannot_know() {
    let user = exporting(Server::start(Sandbox::builder().release(Release::V8_6)));
    let ran = user.types("import board.json --collection claims --dry-run");
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stderr.contains("warning: the scope could not be checked: failed to get the collection claims"),
        "{ran}"
    );
    assert_eq!(user.types("import board.json --collection claims --dry-run --strict").code, Some(8));
}

/// A report as servers export it.
const REPORT: &str = r#"{"id":"5a4db0c5-1111-4000-8000-000000000001","exportEntityType":"single_process_report","name":"n","description":null,
    "sourceIndexVersion":8,"collectionId":null,"data":{"definitions":[{"key":"order-process","versions":["all"],"tenantIds":[null]}],"view":{}}}"#;

#[test]
fn a_dry_run_finds_whatever_the_file_alone_can_break() {
    let user = User::of_a_server();
    let problems = |text: &str| {
        user.file("one.json", text);
        let ran = user.types("import one.json --collection orders --dry-run");
        let rows = ran.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let found: Vec<_> = rows.filter_map(|row| row["problem"].as_str().map(str::to_owned)).collect();
        assert_eq!(ran.code, Some(if found.is_empty() { 0 } else { 3 }), "{ran}");
        // What the check lets pass the server takes, and what it refuses the server refuses.
        let imported = user.types("import one.json --collection orders").code;
        if found.is_empty() {
            assert_eq!(imported, Some(0), "{text}");
        }
        found.join("; ")
    };
    let of = |from: &str, to: &str| problems(&format!("[{}]", REPORT.replace(from, to)));
    assert_eq!(of("", ""), "");
    check!(of("\"data\":{", "\"data\":\"@{configuration=}\",\"x\":{"), @"PowerShell has cut off what lies deep inside; write the file with ConvertTo-Json -Depth 100; `data` is a string, not an object");
    check!(of("\"name\":\"n\"", "\"name\":\"\""), @"`name` is empty");
    check!(of("\"description\":null", "\"description\":\"\""), @"`description` must be null or have 1 to 400 characters");
    check!(of("\"sourceIndexVersion\":8", "\"sourceIndexVersion\":\"8\""), @"`sourceIndexVersion` is a string, not a whole number");
    check!(of("single_process_report", "single_report"), @r#"`exportEntityType` is "single_report", which is not known"#);
    check!(of("\"view\":{}", "\"managementReport\":true"), @"it is a management report, which cannot be imported");
    check!(of("[null]", "[null,\"t\",\"t\"]"), @"the scope of the collection has the process order-process, but not for the tenant t");
    // Odd values hide nothing.
    for odd in ["1e400", "\"\\ud800\"", &format!("{}{}", "[".repeat(200), "]".repeat(200))] {
        let found = of("\"view\":{}", &format!("\"view\":{odd},\"managementReport\":true"));
        assert!(found.contains("management report"), "{odd}: {found}");
    }
    // Equal problems are one row with a count.
    let many: Vec<_> =
        (0..50).map(|n| REPORT.replace("order-process", "other").replace("000001", &format!("{n:06}"))).collect();
    user.file("many.json", &format!("[{}]", many.join(",")));
    let ran = user.types("import many.json --collection orders --dry-run -o csv --columns count,problem");
    check!(ran.stdout, @"
    count,problem
    50,the scope of the collection does not have the process other
    ");
    let board = r#"[{"id":"d","exportEntityType":"dashboard","name":"d","sourceIndexVersion":8,"tiles":[],"availableFilters":[{"type":"variable","data":{}}]}]"#;
    user.file("board.json", board);
    let ran = user.types("import board.json --collection orders --dry-run");
    assert!(ran.stderr.contains("camunda/camunda issue 55766"), "{ran}");
}

#[test]
fn index_versions_are_looked_up_in_other_collections() {
    let user = User::of_a_server();
    let made = user.run(&["collection", "create", "empty", "--owner", "demo"]).stdout;
    let id = serde_json::from_str::<serde_json::Value>(&made).unwrap()["id"].as_str().unwrap().to_owned();
    user.file("scope.json", r#"[{"definitionType":"process","definitionKey":"order-process"}]"#);
    assert_eq!(user.types(&format!("collection scope set {id} --file scope.json")).code, Some(0));
    user.file("one.json", &format!("[{}]", REPORT.replace("\"sourceIndexVersion\":8", "\"sourceIndexVersion\":3")));
    let ran = user.types(&format!("import one.json --collection {id} --dry-run --columns problem"));
    check!(ran.stdout, @r#"{"problem":"its sourceIndexVersion is 3, that of the server is 8"}"#);
}

#[test]
fn a_file_that_is_not_an_array_of_definitions_is_named_with_the_fix() {
    let user = User::of_a_server();
    let refusal = |text: &str| {
        user.file("f.json", text);
        let ran = user.types("import f.json --collection orders");
        assert_eq!(ran.code, Some(3), "{ran}");
        ran.stderr
    };
    check!(refusal(""), @"error: f.json: failed to import definitions into the collection: it is empty; export definitions into it first");
    check!(refusal(REPORT), @"error: f.json: failed to import definitions into the collection: a single definition must be in an array: put [ before it and ] after it");
    check!(refusal("{\"a\":1}\n{\"a\":2}\n"), @"error: f.json: failed to import definitions into the collection: it has one object after the other (NDJSON); make an array of them, with `jq -s . FILE`");
    check!(refusal("[]\n[]\n"), @"error: f.json: failed to import definitions into the collection: it has several arrays one after the other; make one of them, with `jq -s add FILE`");
    check!(refusal("\"x\""), @"error: f.json: failed to import definitions into the collection: it is neither an array nor an object, so it does not hold definitions");
    check!(refusal("[{\"a\":1},"), @"error: f.json: failed to import definitions into the collection: the definitions are not a JSON array (line 1, column 9)");
}
