use std::process::{Command, Stdio};
use std::time::Duration;

use optimize_sandbox::{Release, Sandbox};
use serde_json::Value;

use crate::harness::{Ran, Server, User, check};

fn server() -> Server {
    Server::start(Sandbox::builder().release(Release::V8_10))
}

/// A user with a project of the collection `claims`, pulled.
fn with_project() -> User {
    let user = User::owning(server());
    assert_eq!(user.types("definitions init --collection claims").code, Some(0));
    assert_eq!(user.types("defs pull").code, Some(0));
    user
}

fn edit(user: &User, file: &str, from: &str, to: &str) {
    let text = user.read(file);
    assert!(text.contains(from), "{text}");
    user.file(file, &text.replace(from, to));
}

fn list(user: &User, kind: &str, collection: &str) -> Vec<String> {
    let ran = user.types(&format!("{kind} list --collection {collection} -o ndjson"));
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn a_changed_filter_is_shown_like_a_code_review_and_applied() {
    let user = with_project();
    check!(user.types("definitions diff"), @"
    exit 0
    --- stdout
    --- stderr
    files and server are in step
    ");
    edit(
        &user,
        "claims/reports/claims-by-risk.json",
        "\"filter\": []",
        "\"filter\": [\n      {\n        \"type\": \"state\"\n      }\n    ]",
    );
    check!(user.types("definitions diff"), @r#"
    exit 1
    --- stdout
    claims/reports/claims-by-risk: changed here
      data.filter[0]: + {"type": "state"}
    --- stderr
    "#);
    let json = user.types("definitions diff -o ndjson");
    let row: Value = serde_json::from_str(json.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((&row["status"], &row["changes"][0]["path"]), (&"changed-here".into(), &"data.filter[0]".into()));
    assert!(user.types("definitions diff --markdown").stdout.contains("- `data.filter[0]: + {\"type\": \"state\"}`"));
    assert_eq!(user.types("definitions drift --exit-code").code, Some(0), "a change of a file is no drift");
    let refused = user.types("definitions apply");
    assert!(refused.code == Some(2) && refused.stderr.contains("pass --yes"), "{refused}");
    assert_eq!(user.types("definitions plan -f plan.json").code, Some(0));
    let applied = user.types("definitions apply plan.json --yes");
    assert!(applied.code == Some(0) && applied.stdout.contains("\"action\":\"imported\""), "{applied}");
    assert_eq!(user.types("definitions diff").code, Some(0));
    let stale = user.types("definitions apply plan.json --yes");
    assert!(stale.code == Some(3) && stale.stderr.contains("the plan is stale"), "{stale}");
    assert_eq!(user.types("definitions undo --yes").code, Some(3), "there is nothing to undo");
}

#[test]
fn an_import_that_replaces_changes_nothing_the_second_time() {
    let user = User::owning(server());
    user.file("board.json", &user.types("dashboard export --collection claims").stdout);
    let (reports, dashboards) = (list(&user, "report", "claims"), list(&user, "dashboard", "claims"));
    let same = user.types("import board.json --collection claims --replace");
    assert!(same.code == Some(0) && same.stderr.contains("as in the file already"), "{same}");
    assert_eq!((list(&user, "report", "claims"), list(&user, "dashboard", "claims")), (reports.clone(), dashboards));
    edit(&user, "board.json", "\"table\"", "\"bar\"");
    let asked = user.types("import board.json --collection claims --replace");
    assert!(asked.code == Some(2) && asked.stderr.contains("lost, since ids change"), "{asked}");
    let replaced = user.types("import board.json --collection claims --replace --yes");
    assert_eq!(replaced.code, Some(0), "{replaced}");
    assert_eq!(list(&user, "report", "claims").len(), reports.len());
    let again = user.types("import board.json --collection claims --replace");
    assert!(again.code == Some(0) && again.stdout.is_empty(), "{again}");
    edit(&user, "board.json", "\"bar\"", "\"pie\"");
    let skipped = user.types("import board.json --collection claims --skip-same");
    assert!(skipped.code == Some(3) && skipped.stderr.contains("changed on both sides"), "{skipped}");
}

#[test]
fn a_promotion_takes_the_files_of_one_environment_to_another() {
    let (test, prod) = (server(), server());
    let secret = |server: &Server| {
        format!(
            "auth.token_url = '{}'\nauth.client_id = '{}'\nauth.client_secret = '{}'\n",
            server.token_url(),
            server.client_id(),
            server.client_secret()
        )
    };
    let user = User::new();
    user.configure(&format!(
        "[profiles.test]\nbase_url = '{}'\n{}[profiles.prod]\nbase_url = '{}'\n{}",
        test.base_url(),
        secret(&test),
        prod.base_url(),
        secret(&prod)
    ));
    assert_eq!(user.types("--profile test definitions init --collection claims").code, Some(0));
    let project = user.read("optimize.definitions.toml");
    user.file(
        "optimize.definitions.toml",
        &format!(
            "{project}\n[collections.claims.env.prod]\nid = \"claims\"\n\n[[rewrite]]\nenv = \"prod\"\nversions = [\"latest\"]\n"
        ),
    );
    assert_eq!(user.types("definitions pull --env test").code, Some(0));
    let pulled = user.types("definitions pull --env prod");
    assert!(pulled.code == Some(3) && pulled.stderr.contains("rewrite rules"), "{pulled}");
    // The other server has entities of the same names that were never in step.
    let refused = user.types("definitions promote --from test --to prod --yes");
    assert!(refused.code == Some(3) && refused.stderr.contains("changed on both sides"), "{refused}");
    let promoted = user.types("definitions promote --from test --to prod --yes --take-mine");
    assert_eq!(promoted.code, Some(0), "{promoted}");
    assert_eq!(user.types("definitions diff --env prod").code, Some(0));
    assert_eq!(user.types("definitions diff --env test").code, Some(0));
    let exported = user.types("--profile prod dashboard export claims-overview");
    assert_eq!(exported.code, Some(5), "the old one is gone: {exported}");
    edit(&user, "claims/reports/claims-count.json", "\"table\"", "\"bar\"");
    let open = user.types("definitions promote --from test --to prod --yes");
    assert!(open.code == Some(3) && open.stderr.contains("not in step"), "{open}");
    let unclear = user.types("definitions diff");
    assert!(unclear.code == Some(2) && unclear.stderr.contains("prod, test"), "{unclear}");
}

#[test]
fn a_protected_profile_asks_before_anything_is_changed() {
    let user = User::owning(server());
    user.configure("protected = true\n");
    user.file("scope.json", "[]");
    for line in ["sharing disable", "collection create Depot --owner demo", "api DELETE /api/public/report/claims-raw"]
    {
        let ran = user.types(line);
        assert!(ran.code == Some(2) && ran.stderr.contains("is protected"), "{line}: {ran}");
        assert_ne!(user.types(&format!("{line} --yes")).code, Some(2), "{line}");
    }
    assert_eq!(user.types("report list --collection claims").code, Some(0));
}

#[test]
fn an_audit_log_has_a_line_for_each_change() {
    let user = User::owning(server());
    for line in ["report list --collection claims", "report export claims-raw", "sharing enable"] {
        assert_eq!(user.types(&format!("{line} --audit audit.ndjson")).code, Some(0), "{line}");
    }
    user.types("report delete claims-raw no-such --yes --audit audit.ndjson");
    let lines: Vec<Value> = user.read("audit.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> = lines
        .iter()
        .map(|line| (line["operation"].as_str().unwrap(), line["subject"].as_str(), line["status"].as_u64()))
        .collect();
    assert_eq!(
        seen,
        [
            ("sharing.enable", None, Some(200)),
            ("report.delete", Some("claims-raw"), Some(200)),
            ("report.delete", Some("no-such"), Some(404))
        ]
    );
    assert_eq!(lines[1]["command"], "report delete");
}

/// Runs git in the user's home.
fn git(user: &User, arguments: &[&str]) -> bool {
    let who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
    let mut command = Command::new("git");
    command.args(who).args(arguments).current_dir(user.path("")).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("HOME", user.path("")).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
fn branches_that_change_different_reports_merge_and_a_conflict_is_named() {
    let user = with_project();
    let commit = |message: &str| assert!(git(&user, &["add", "-A"]) && git(&user, &["commit", "-m", message]));
    assert!(git(&user, &["init"]));
    commit("pull");
    for (branch, file, to) in
        [("one", "claims-count", "bar"), ("other", "claims-raw", "pie"), ("third", "claims-raw", "line")]
    {
        assert!(git(&user, &["checkout", "-b", branch, "main"]));
        edit(&user, &format!("claims/reports/{file}.json"), "\"table\"", &format!("\"{to}\""));
        commit(branch);
    }
    assert!(
        git(&user, &["checkout", "main"])
            && git(&user, &["merge", "one"])
            && git(&user, &["merge", "--no-edit", "other"])
    );
    assert_eq!(user.types("definitions check").code, Some(0));
    assert_eq!(user.types("definitions apply --yes").code, Some(0));
    assert_eq!(user.types("definitions diff").code, Some(0));
    assert!(!git(&user, &["merge", "third"]), "both changed the same line");
    let checked = user.types("definitions check");
    assert!(checked.code == Some(3) && checked.stdout.contains("a merge conflict was left in it"), "{checked}");
    let applied = user.types("definitions apply --yes");
    assert!(applied.code == Some(3) && applied.stderr.contains("claims-raw.json"), "{applied}");
}

/// Kills applies with SIGKILL at points that spread over their whole run; the next one finishes each.
#[cfg(unix)]
#[test]
fn an_apply_that_is_killed_at_any_point_is_finished_by_the_next_one() {
    let user = with_project();
    let counts = |user: &User| (list(user, "report", "claims").len(), list(user, "dashboard", "claims").len());
    let (before, others) = (counts(&user), list(&user, "report", "orders"));
    let (mut from, mut to) = ("table", "bar");
    for round in 0..25_u64 {
        edit(&user, "claims/reports/claims-count.json", &format!("\"{from}\""), &format!("\"{to}\""));
        std::mem::swap(&mut from, &mut to);
        let mut apply = user.start(&["definitions", "apply", "--yes"]);
        std::thread::sleep(Duration::from_millis(6 * round));
        // It may have ended already.
        let _ = apply.kill();
        let _ = apply.wait();
        let finished: Ran = user.types("definitions apply --yes");
        assert_eq!(finished.code, Some(0), "round {round}: {finished}");
        assert_eq!(counts(&user), before, "round {round}: {finished}");
        assert_eq!(user.types("definitions diff").code, Some(0), "round {round}");
    }
    assert_eq!(list(&user, "report", "orders"), others);
}

/// The shell lines of `action.yml`, for a command.
fn action(command: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../action.yml");
    let action: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let steps = action["runs"]["steps"].as_array().unwrap();
    let is_of = |step: &&Value| step["if"].as_str().is_none_or(|text| text == format!("inputs.command == '{command}'"));
    steps.iter().filter(is_of).map(|step| step["run"].as_str().unwrap().to_owned()).collect()
}

/// Runs shell lines as a pipeline does, with the program in the path.
fn pipeline(user: &User, lines: &[String]) -> bool {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_optimize")).parent().unwrap().display().to_string();
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &lines.join("\n")]).current_dir(user.path("")).env_clear();
    shell.envs(user.environment()).env("PATH", format!("{program}:/usr/bin:/bin"));
    for (name, value) in
        [("PROJECT", "."), ("ENVIRONMENT", "dev"), ("COMMENT", "optimize-plan.md"), ("OPTIMIZE_ENVIRONMENT", "dev")]
    {
        shell.env(name, value);
    }
    shell.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
fn the_steps_of_the_pipelines_plan_on_a_branch_and_apply_on_main() {
    let user = with_project();
    edit(&user, "claims/reports/claims-count.json", "\"table\"", "\"bar\"");
    assert!(pipeline(&user, &action("plan")));
    let comment = user.read("optimize-plan.md");
    assert!(comment.contains("### Plan for `dev`") && comment.contains("claims-count (changed here)"), "{comment}");
    assert!(pipeline(&user, &action("apply")));
    assert_eq!(user.types("definitions diff").code, Some(0));
    assert!(user.read("optimize-audit.ndjson").lines().any(|line| line.contains("\"operation\":\"import\"")));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploy/gitlab.yml");
    let jobs: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for job in ["optimize-check", "optimize-apply"] {
        let lines = jobs[job]["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned());
        assert!(pipeline(&user, &lines.collect::<Vec<_>>()), "{job}");
    }
    user.file("claims/reports/broken.json", "{");
    assert!(!pipeline(&user, &action("plan")), "a file that cannot be read fails the pipeline");
}

#[test]
fn a_name_of_the_server_neither_rules_a_terminal_nor_adds_a_line_to_a_comment() {
    let user = with_project();
    let name = "\"Risk\\n\\n# Approved\\u001b[2J\"";
    edit(&user, "claims/reports/claims-count.json", "\"claims count\"", name);
    assert_eq!(user.types("definitions apply --yes").code, Some(0));
    edit(&user, "claims/reports/claims-count.json", "\"table\"", "\"bar\"");
    for command in ["definitions plan", "definitions plan --markdown"] {
        let shown = user.types(command).stdout;
        assert!(shown.contains("Risk\\n\\n# Approved\\u{1b}[2J"), "{shown}");
        assert!(!shown.contains('\u{1b}') && !shown.lines().any(|line| line.starts_with("# Approved")), "{shown}");
    }
}

#[test]
fn a_sandbox_has_definitions_from_files() {
    let user = User::of_a_server();
    // A decision and an index version that the demo data does not have.
    let exported = [
        ("claims-count", "own-count"),
        ("claim-risk", "own-risk"),
        ("\"sourceIndexVersion\":7", "\"sourceIndexVersion\":11"),
    ]
    .iter()
    .fold(user.types("report export claims-count").stdout, |text, (from, to)| {
        assert!(text.contains(from), "{text}");
        text.replace(from, to)
    });
    user.file("own/team.json", &exported);
    let serving = user.serve(&["--definitions", "own"]);
    let line: Value = serde_json::from_str(&serving.line).unwrap();
    let user = User::new()
        .with("OPTIMIZE_BASE_URL", line["base_url"].as_str().unwrap())
        .with("OPTIMIZE_TOKEN", line["static_token"].as_str().unwrap());
    assert!(user.types("report list --collection team").stdout.contains("own-count"));
    // What it has can be imported again, as on a real server.
    user.file("again.json", &exported);
    let imported = user.types("import again.json --collection team");
    assert_eq!(imported.code, Some(0), "{imported}");
    assert_eq!(user.types("report list --collection team").stdout.lines().count(), 2, "the old one and the new one");
}

#[test]
fn a_check_says_once_what_is_wrong_and_that_nothing_is() {
    let user = with_project();
    let checked = user.types("definitions check");
    assert_eq!((checked.code, checked.stderr.trim()), (Some(0), "no problem was found"), "{checked}");
    let dashboard = user.types("definitions diff -o json");
    assert!(dashboard.stderr.contains("in step"), "{dashboard}");
    let text = user.read("claims/reports/claims-raw.json");
    user.file("claims/reports/claims-raw.json", &format!("{text}<<<<<<< HEAD\n"));
    let checked = user.types("definitions check -o ndjson");
    assert_eq!((checked.code, checked.stdout.lines().count()), (Some(3), 1), "{checked}");
    assert!(checked.stdout.contains("merge conflict"), "{checked}");
}

#[test]
fn a_deletion_can_be_tried_first_and_repeated() {
    let user = User::owning(server());
    let tried = user.types("report delete claims-raw no-such --dry-run -o ndjson");
    assert_eq!(tried.code, Some(5), "{tried}");
    assert!(tried.stdout.contains("\"name\":\"claims raw\"") && tried.stdout.contains("\"exists\":false"), "{tried}");
    assert_eq!(list(&user, "report", "claims").len(), 5, "nothing was deleted");
    for _ in 0..2 {
        assert_eq!(user.types("report delete claims-raw --ignore-not-found --yes").code, Some(0));
    }
    assert_eq!(user.types("report delete claims-raw --yes").code, Some(5));
    assert_eq!(user.types("dashboard delete --collection claims --yes").code, Some(0));
    assert!(list(&user, "dashboard", "claims").is_empty());
    assert_eq!(user.types("dashboard delete --collection claims --yes").code, Some(0), "there is none any more");
}
