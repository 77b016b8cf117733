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
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_that_is_killed_anywhere_is_finished_by_the_next_one() {
    let world = thirty().await;
    world.pull().await;
    let names = world.names().await;
    let other = world.client().reports().list("claims").await.unwrap();
    let (mut from, mut to) = ("table", "bar");
    for round in 0..60_u64 {
        for file in ["reports/report-1.json", "reports/report-6.json", "reports/report-3.json"] {
            world.edit(file, &format!("\"{from}\""), &format!("\"{to}\""));
        }
        std::mem::swap(&mut from, &mut to);
        let killed = tokio::time::timeout(std::time::Duration::from_micros(round * 700), world.apply(Rules::default()));
        // Whether it came to its end in this time or not.
        let _ = killed.await;
        let finished = world.apply(Rules::default()).await.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        assert_eq!(world.names().await, names, "round {round}: {finished:?}");
        assert!(world.environment().plan(Rules::default()).await.unwrap().is_empty(), "round {round}");
    }
    assert_eq!(world.client().reports().list("claims").await.unwrap(), other);
}
