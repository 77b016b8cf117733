use optimize_definitions::{Kind, PullRules, Rules, Status, check_files, format_files};
use optimize_sandbox::{Fault, FaultRule, Release, Sandbox};
use serde_json::json;

use crate::support::{World, dashboard, report};

async fn thirty() -> World {
    let mut definitions: Vec<_> = (0..24).map(report).collect();
    definitions.extend((0..6).map(|number| dashboard(number, &[4 * number, 4 * number + 1, 4 * number + 2])));
    World::new(definitions).await
}

#[tokio::test]
async fn what_is_pulled_is_canonical_and_in_step() {
    let world = thirty().await;
    let pulled = world.pull().await;
    assert_eq!((pulled.written.len(), pulled.unchanged), (30, 0));
    let text = std::fs::read_to_string(world.path("dashboards/dashboard-0.json")).unwrap();
    assert!(
        text.contains("\"report\": \"report-1\"") && !text.contains("\"id\"") && !text.contains("sourceIndexVersion"),
        "{text}"
    );
    let report = std::fs::read_to_string(world.path("reports/report-3.json")).unwrap();
    assert!(report.contains("\"value\": 1.5") && !report.contains("xml"), "{report}");
    assert!(world.path("scope.json").exists());
    let differences = world.environment().differences().await.unwrap();
    assert!(differences.iter().all(|difference| difference.status == Status::Same));
    let project = optimize_definitions::Project::find(world.directory.path()).unwrap();
    assert_eq!(check_files(&project), Vec::<String>::new());
    assert!(format_files(&project).unwrap().is_empty());
    let again = world.pull().await;
    assert_eq!((again.written.len(), again.unchanged), (0, 30));
}

#[tokio::test]
async fn a_changed_report_is_replaced_with_its_dashboard_and_nothing_else_is_touched() {
    let world = thirty().await;
    world.pull().await;
    let (before, names) = (world.client().reports().list("team").await.unwrap(), world.names().await);
    world.edit("reports/report-1.json", "\"table\"", "\"bar\"");
    let plan = world.environment().plan(Rules::default()).await.unwrap();
    assert_eq!((plan.groups.len(), plan.groups[0].entities.len(), plan.groups[0].replaces.len()), (1, 4, 4));
    let applied = world.apply(Rules::default()).await.unwrap();
    assert_eq!((applied.imported.len(), applied.deleted.len()), (4, 4));
    let after = world.client().reports().list("team").await.unwrap();
    assert_eq!(before.iter().filter(|id| after.contains(id)).count(), 21);
    assert_eq!(world.names().await, names);
    let differences = world.environment().differences().await.unwrap();
    assert!(differences.iter().all(|difference| difference.status == Status::Same), "{differences:#?}");
    assert!(world.apply(Rules::default()).await.unwrap().imported.is_empty(), "a second one changes nothing");
    let files = world.files();
    assert!(world.pull().await.written.is_empty());
    assert_eq!(world.files(), files, "pull, apply, pull is a fixed point");
}

#[tokio::test]
async fn drift_and_conflicts_are_no_changes_of_files() {
    let world = thirty().await;
    world.pull().await;
    world.edit("reports/report-20.json", "\"table\"", "\"bar\"");
    let client = world.client();
    // Someone changes report 3 on the server: a new one of the name, the old one gone.
    let exported = client.reports().export_definitions(&["00000000-0000-4000-8000-000000000003".into()]).await.unwrap();
    let text = String::from_utf8(exported.as_bytes().to_vec()).unwrap().replace("\"table\"", "\"pie\"");
    let definitions = optimize_api::Definitions::from_json(text).unwrap();
    client.definitions().import("team", &definitions).await.unwrap();
    client.reports().delete("00000000-0000-4000-8000-000000000003").await.unwrap();
    let differences = world.environment().differences().await.unwrap();
    let status = |file: &str| differences.iter().find(|found| found.file.path() == file).unwrap().status;
    assert_eq!(status("reports/report-20"), Status::ChangedHere);
    assert_eq!(status("reports/report-3"), Status::Conflict);
    let changed = differences.iter().find(|found| found.file.path() == "reports/report-20").unwrap();
    assert_eq!(changed.changes.len(), 1);
    assert_eq!(changed.changes[0].path, "data.visualization");
    let error = world.environment().plan(Rules::default()).await.unwrap_err();
    assert!(error.to_string().contains("reports/report-3"), "{error}");
    let error = world.environment().pull(PullRules::default()).await.unwrap_err();
    assert!(error.to_string().contains("reports/report-20"), "{error}");
    let mut rules = Rules::default();
    rules.take_mine = true;
    // Report 20 goes with its dashboard.
    assert_eq!(world.apply(rules).await.unwrap().imported.len(), 5);
}

#[tokio::test]
async fn a_report_that_something_outside_uses_is_not_replaced() {
    let world = thirty().await;
    world.pull().await;
    std::fs::remove_file(world.path("dashboards/dashboard-0.json")).unwrap();
    world.edit("reports/report-1.json", "\"table\"", "\"bar\"");
    let error = world.environment().plan(Rules::default()).await.unwrap_err();
    assert!(error.to_string().contains("Dashboard 0") && error.to_string().contains("would be replaced"), "{error}");
    let mut rules = Rules::default();
    rules.prune = true;
    let error = world.environment().plan(rules).await.unwrap_err();
    assert!(error.to_string().contains("would be replaced"), "{error}");
}

#[tokio::test]
async fn what_has_no_file_any_more_is_deleted_only_on_request() {
    let world = thirty().await;
    world.pull().await;
    std::fs::remove_file(world.path("dashboards/dashboard-5.json")).unwrap();
    std::fs::remove_file(world.path("reports/report-23.json")).unwrap();
    assert!(world.environment().plan(Rules::default()).await.unwrap().is_empty());
    let mut rules = Rules::default();
    rules.prune = true;
    let plan = world.environment().plan(rules).await.unwrap();
    assert_eq!(plan.deletions.iter().map(|old| old.kind).collect::<Vec<_>>(), [Kind::Dashboard, Kind::Report]);
    assert_eq!(world.apply(rules).await.unwrap().deleted.len(), 2);
    assert_eq!(world.names().await.len(), 28);
}

#[tokio::test]
async fn a_saved_plan_is_refused_once_something_has_moved() {
    let world = thirty().await;
    world.pull().await;
    world.edit("reports/report-3.json", "\"table\"", "\"bar\"");
    let environment = world.environment();
    let plan = environment.plan(Rules::default()).await.unwrap();
    environment.check_plan(&plan).await.unwrap();
    world.edit("reports/report-3.json", "\"bar\"", "\"pie\"");
    let error = environment.check_plan(&plan).await.unwrap_err();
    assert!(error.to_string().contains("team/reports/report-3 has changed"), "{error}");
    world.edit("reports/report-3.json", "\"pie\"", "\"bar\"");
    world.client().reports().delete("00000000-0000-4000-8000-000000000003").await.unwrap();
    let error = environment.check_plan(&plan).await.unwrap_err();
    assert!(error.to_string().contains("000000000003 on the server is gone"), "{error}");
}

#[tokio::test]
async fn a_lost_response_of_the_import_is_made_up_for() {
    for fault in [Fault::ResetAfter, Fault::status(504)] {
        let world = thirty().await;
        world.pull().await;
        let names = world.names().await;
        world.edit("reports/report-1.json", "\"table\"", "\"bar\"");
        world.sandbox.add_fault(FaultRule::new("/api/public/import", fault.clone()));
        let applied = world.apply(Rules::default()).await;
        // A 504 never reached the server here, so nothing was made, and nothing is journaled as open.
        if let Err(error) = &applied {
            assert!(error.api().is_some(), "{error}");
            world.apply(Rules::default()).await.unwrap();
        }
        assert_eq!(world.names().await, names, "{fault:?}");
        assert!(world.environment().plan(Rules::default()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_dashboard_with_a_filter_of_a_variable_is_staged_where_servers_refuse_it() {
    for release in [Release::V8_8, Release::V8_10] {
        let mut filtered = dashboard(0, &[0, 1]);
        filtered["availableFilters"] = json!([{ "type": "variable", "data": { "name": "amount", "type": "Double" } }]);
        let source = World::of(Sandbox::builder().release(release), vec![report(0), report(1), filtered]).await;
        source.pull().await;
        // Another server of the same release, whose collection is empty.
        let target = World::of(Sandbox::builder().release(release), Vec::new()).await;
        copy(&source.path(""), &target.path(""));
        let plan = target.environment().plan(Rules::default()).await.unwrap();
        assert!(plan.calls()[0].ends_with("import all again, and delete these reports"), "{:?}", plan.calls());
        let applied = target.apply(Rules::default()).await.unwrap();
        assert_eq!((applied.imported.len(), target.names().await.len()), (3, 3), "{release}");
        assert!(target.environment().plan(Rules::default()).await.unwrap().is_empty(), "{release}");
        let imports = target.sandbox.journal().iter().filter(|entry| entry.path.ends_with("/import")).count();
        assert_eq!(imports, if release == Release::V8_8 { 3 } else { 1 }, "{release}");
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let other = to.join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir_all(&other).unwrap();
            copy(&path, &other);
        } else {
            std::fs::create_dir_all(to).unwrap();
            std::fs::copy(&path, &other).unwrap();
        }
    }
}

#[tokio::test]
async fn two_applies_of_one_environment_exclude_each_other() {
    let world = World::new(vec![report(0)]).await;
    let hold = world.environment().hold().unwrap();
    assert!(world.environment().hold().unwrap_err().to_string().contains("another apply"));
    drop(hold);
    world.environment().hold().unwrap();
}

#[tokio::test]
async fn files_that_cannot_be_right_are_named_with_file_and_member() {
    let world = World::new(vec![report(0), dashboard(0, &[0])]).await;
    world.pull().await;
    let project = optimize_definitions::Project::find(world.directory.path()).unwrap();
    let original = std::fs::read_to_string(world.path("reports/report-0.json")).unwrap();
    let long = format!("\"name\": \"{}\"", "x".repeat(300));
    let cases = [
        ("reports/other.json", original.clone(), "the same: \"Report 0\""),
        ("reports/other.json", original.replace("\"name\": \"Report 0\"", &long), "newer servers take 80"),
        ("reports/other.json", original.replace("\"name\": \"Report 0\"", "\"name\": \"   \""), "name: it is blank"),
        ("reports/other.json", format!("<<<<<<< HEAD\n{original}"), "line 1: a merge conflict"),
        (
            "reports/other.json",
            original.replace("\"description\": null", "\"description\": \"\""),
            "description: it must be",
        ),
        (
            "reports/other.json",
            original.replace("{\n  \"data\"", "{\n  \"id\": \"x\",\n  \"data\""),
            "id: a definition in a file",
        ),
        ("dashboards/other.json", original.clone(), "belongs into reports"),
        ("reports/other.json", "[]".to_owned(), "not one JSON object"),
        ("reports/other.json", original.replace("  ", "    "), "not in canonical form"),
    ];
    for (file, text, expected) in cases {
        std::fs::write(world.path(file), &text).unwrap();
        let problems = check_files(&project);
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:#?}");
        assert!(problems.iter().all(|problem| problem.contains(".json")), "{problems:#?}");
        std::fs::remove_file(world.path(file)).unwrap();
    }
    std::fs::remove_file(world.path("reports/report-0.json")).unwrap();
    assert!(check_files(&project)[0].contains("it uses the report report-0"));
}

#[tokio::test]
async fn a_lock_of_another_place_or_an_edited_one_is_refused() {
    let world = World::new(vec![report(0)]).await;
    world.pull().await;
    let path = world.directory.path().join(".optimize/lock.test.json");
    let text = std::fs::read_to_string(&path).unwrap();
    for (other, expected) in [
        (text.replace("\"environment\": \"test\"", "\"environment\": \"prod\""), "the lock of the environment prod"),
        (text.replace("Report 0", "Report 1"), "edited by hand"),
        (format!("<<<<<<< HEAD\n{text}"), "a merge conflict"),
        ("{}".to_owned(), "it is no lock"),
    ] {
        std::fs::write(&path, other).unwrap();
        let error = world.environment().differences().await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    std::fs::write(&path, &text).unwrap();
    let project = optimize_definitions::Project::find(world.directory.path()).unwrap();
    let elsewhere = optimize_definitions::Environment::new(project, "test", "https://other.example", world.client());
    assert!(elsewhere.differences().await.unwrap_err().to_string().contains("https://other.example"));
}

/// Every task that is dropped stands for a process that was killed.
async fn killed(world: World, rounds: u64, first: u64) {
    world.pull().await;
    let names = world.names().await;
    let other = world.client().reports().list("claims").await.unwrap();
    let (mut from, mut to) = ("table", "bar");
    for round in 0..rounds {
        for file in ["reports/report-1.json", "reports/report-6.json", "reports/report-3.json"] {
            world.edit(file, &format!("\"{from}\""), &format!("\"{to}\""));
        }
        std::mem::swap(&mut from, &mut to);
        let after = std::time::Duration::from_micros(first + 900 * round);
        // Whether it came to its end in this time or not.
        let _ = tokio::time::timeout(after, world.apply(Rules::default())).await;
        let finished = world.apply(Rules::default()).await.unwrap_or_else(|error| panic!("after {after:?}: {error:?}"));
        assert_eq!(world.names().await, names, "after {after:?}: {finished:?}");
        assert!(world.environment().plan(Rules::default()).await.unwrap().is_empty(), "after {after:?}");
    }
    assert_eq!(world.client().reports().list("claims").await.unwrap(), other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_that_is_killed_at_any_of_200_points_is_finished_by_the_next_one() {
    let mut all = tokio::task::JoinSet::new();
    for number in 0..8 {
        let world = thirty().await;
        all.spawn(killed(world, 25, 113 * number));
    }
    all.join_all().await;
}

#[tokio::test]
async fn each_response_of_an_apply_can_be_lost_once() {
    let world = thirty().await;
    world.pull().await;
    let names = world.names().await;
    let (mut from, mut to) = ("table", "bar");
    for path in [
        "/api/public/report",
        "/api/public/dashboard",
        "/api/public/export/report/definition/json",
        "/api/public/export/dashboard/definition/json",
        "/api/public/import",
        "/api/public/report/*",
        "/api/public/dashboard/*",
    ] {
        for place in 0..4 {
            world.edit("reports/report-1.json", &format!("\"{from}\""), &format!("\"{to}\""));
            std::mem::swap(&mut from, &mut to);
            world.sandbox.add_fault(FaultRule::new(path, Fault::ResetAfter).after(place));
            if let Err(error) = world.apply(Rules::default()).await {
                world
                    .apply(Rules::default())
                    .await
                    .unwrap_or_else(|again| panic!("{path} {place}: {error:?}, {again:?}"));
            }
            assert_eq!(world.names().await, names, "{path} {place}");
            assert!(world.environment().plan(Rules::default()).await.unwrap().is_empty(), "{path} {place}");
        }
    }
}

#[tokio::test]
async fn a_server_that_fails_right_after_the_import_leaves_nothing_double() {
    let mut failed = 0;
    for lists in 0..8 {
        let world = thirty().await;
        world.pull().await;
        let names = world.names().await;
        world.edit("reports/report-1.json", "\"table\"", "\"bar\"");
        world.sandbox.add_fault(FaultRule::new("/api/public/report", Fault::status(500)).after(lists));
        if world.apply(Rules::default()).await.is_err() {
            failed += 1;
            world.apply(Rules::default()).await.unwrap();
        }
        // An apply that made fewer lists than this leaves the fault for the next one.
        for _ in 0..8 {
            let _answer_or_fault = Kind::Report.list(&world.client(), "team").await;
        }
        assert_eq!(world.names().await, names, "after {lists} lists");
    }
    assert!(failed > 2, "an apply lists the reports at least three times, and {failed} failed");
}

#[tokio::test]
async fn a_lock_that_was_lost_is_made_again_of_what_is_in_step() {
    let world = thirty().await;
    world.pull().await;
    std::fs::remove_file(world.directory.path().join(".optimize/lock.test.json")).unwrap();
    assert!(world.apply(Rules::default()).await.unwrap().imported.is_empty());
    world.edit("reports/report-3.json", "\"table\"", "\"bar\"");
    assert_eq!(world.apply(Rules::default()).await.unwrap().imported.len(), 1, "it is a change and no conflict");
}

#[tokio::test]
async fn a_scope_that_lacks_a_definition_and_another_index_version_are_refused() {
    let world = World::new(vec![report(0)]).await;
    world.pull().await;
    world.edit("reports/report-0.json", "order-process", "invoice");
    let error = world.apply(Rules::default()).await.unwrap_err();
    assert!(
        error.to_string().contains("process invoice") && error.hint().unwrap().contains("--extend-scope"),
        "{error:?}"
    );
    let mut rules = Rules::default();
    rules.extend_scope = true;
    let plan = world.environment().plan(rules).await.unwrap();
    assert_eq!(plan.calls()[0], "add to the scope of team (team): process invoice (no tenant)");
    let applied = world.apply(rules).await.unwrap();
    assert!(applied.remarks[0].contains("process invoice"), "{applied:?}");
    // Someone has added it since the plan was made.
    let error = world.environment().check_plan(&plan).await.unwrap_err();
    assert!(error.to_string().contains("process invoice in the scope of team is gone"), "{error}");
    // The lock of another environment says where the files come from.
    let lock = std::fs::read_to_string(world.directory.path().join(".optimize/lock.test.json")).unwrap();
    let older = lock.replace("\"index_version\": 8", "\"index_version\": 7").replace("\"test\"", "\"old\"");
    std::fs::write(world.directory.path().join(".optimize/lock.old.json"), older).unwrap();
    let project = world.directory.path().join("optimize.definitions.toml");
    let text = std::fs::read_to_string(&project).unwrap();
    std::fs::write(&project, format!("{text}\n[collections.team.env.old]\nid = \"team\"\n")).unwrap();
    std::fs::copy(world.path("reports/report-0.json"), world.path("reports/another.json")).unwrap();
    world.edit("reports/another.json", "Report 0", "Another");
    let error = world.apply(Rules::default()).await.unwrap_err();
    assert!(error.to_string().contains("came from index version 7, and the server has 8"), "{error}");
    let mut rules = Rules::default();
    rules.target_index_versions = true;
    assert_eq!(world.apply(rules).await.unwrap().imported.len(), 1);
}

#[tokio::test]
async fn a_scope_that_lacks_something_for_one_group_is_refused_before_any_group_is_applied() {
    let world = World::new(vec![report(0), report(1)]).await;
    world.pull().await;
    world.edit("reports/report-0.json", "\"table\"", "\"bar\"");
    world.edit("reports/report-1.json", "order-process", "invoice");
    let before = world.client().reports().list("team").await.unwrap();
    let error = world.apply(Rules::default()).await.unwrap_err();
    assert!(error.to_string().contains("process invoice (data.definitions of reports/report-1)"), "{error}");
    assert_eq!(world.client().reports().list("team").await.unwrap(), before);
    // A scope that cannot be read is no scope that the server does not return.
    world.edit("reports/report-1.json", "invoice", "order-process");
    world.sandbox.add_fault(FaultRule::new("/api/public/collection/*", Fault::status(403)));
    let error = world.apply(Rules::default()).await.unwrap_err();
    assert!(error.to_string().starts_with("team: ") && error.to_string().contains("403"), "{error}");
    assert_eq!(world.client().reports().list("team").await.unwrap(), before);
}

#[tokio::test]
async fn the_bpmn_of_each_process_is_kept_in_one_file_on_request() {
    let mut foreign = report(1);
    foreign["data"]["definitions"][0]["key"] = "../../evil process".into();
    foreign["data"]["configuration"]["xml"] = "<definitions>\n  <process/>\n</definitions>".into();
    let world = World::new(vec![report(0), foreign, report(2)]).await;
    let mut rules = PullRules::default();
    rules.with_xml = true;
    world.environment().pull(rules).await.unwrap();
    let files = std::fs::read_dir(world.path("bpmn")).unwrap();
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["evil-process.bpmn", "order-process.bpmn"]);
    let text = |name: &str| std::fs::read_to_string(world.path("bpmn").join(name)).unwrap();
    assert_eq!(text("order-process.bpmn"), "<definitions/>\n");
    assert_eq!(text("evil-process.bpmn"), "<definitions>\n  <process/>\n</definitions>\n");
    let report = std::fs::read_to_string(world.path("reports/report-1.json")).unwrap();
    assert!(!report.contains("<process/>"), "{report}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_directory_that_cannot_be_written_to_is_an_error_before_anything_is_imported() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new(vec![report(0)]).await;
    world.pull().await;
    world.edit("reports/report-0.json", "\"table\"", "\"bar\"");
    let state = world.directory.path().join(".optimize");
    drop(world.environment().hold().unwrap());
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o555)).unwrap();
    let outcome = world.apply(Rules::default()).await;
    // The superuser may write everywhere.
    if let Err(error) = outcome {
        assert!(error.to_string().contains("failed to write"), "{error}");
        assert!(world.sandbox.journal().iter().all(|entry| !entry.path.ends_with("/import")));
    }
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn the_shapes_that_real_files_have_are_fixed_points() {
    let mut old = dashboard(1, &[0, 1]);
    let tiles = old.as_object_mut().unwrap().remove("tiles").unwrap();
    old["reports"] = tiles;
    let mut partial = report(1);
    partial["data"]["configuration"] = json!({ "customProperty": { "a": [1.0, 1e3, -0.5], "b": null } });
    let combined = json!({
        "id": "00000000-0000-4000-8000-000000000099", "exportEntityType": "combined_report", "name": "Side by side",
        "description": "Two in one", "sourceIndexVersion": 5, "collectionId": "team",
        "data": { "configuration": {}, "visualization": "bar", "reports": [
            { "id": "00000000-0000-4000-8000-000000000000", "color": "#1991c8" },
            { "id": "00000000-0000-4000-8000-000000000001", "color": "#ff0000" },
        ] },
    });
    let mut odd = report(2);
    odd["name"] = json!("Kosten / Stück 🎉 <b>");
    odd["unknownMember"] = json!({ "z": 1, "a": [true, null, ""] });
    let mut texts = dashboard(2, &[0]);
    texts["tiles"].as_array_mut().unwrap().push(json!({
        "id": "", "type": "text", "position": { "x": 6, "y": 0 }, "dimensions": { "width": 3, "height": 4 },
        "configuration": { "text": { "root": "Überblick" } },
    }));
    let world = World::new(vec![report(0), partial, odd, combined, old, texts]).await;
    world.pull().await;
    let files = world.files();
    for (file, from, to) in
        [("reports/side-by-side.json", "\"bar\"", "\"line\""), ("dashboards/dashboard-2.json", "Überblick", "Blick")]
    {
        world.edit(file, from, to);
    }
    let applied = world.apply(Rules::default()).await.unwrap();
    assert!(applied.changed_by_server.is_empty(), "{:?}", applied.changed_by_server);
    let after = world.files();
    assert!(world.pull().await.written.is_empty());
    assert_eq!(world.files(), after);
    for (file, from, to) in [
        ("reports/side-by-side.json", "\"line\"", "\"bar\""),
        ("dashboards/dashboard-2.json", "\"Blick\"", "\"Überblick\""),
    ] {
        world.edit(file, from, to);
    }
    world.apply(Rules::default()).await.unwrap();
    assert!(world.pull().await.written.is_empty());
    assert_eq!(world.files(), files, "back where it began");
}
