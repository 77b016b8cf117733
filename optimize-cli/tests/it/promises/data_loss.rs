//! No data is lost, doubled, or replaced by an incomplete file.

#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::process::Command;

use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::harness::{Server, User, check, wait_until};
use crate::proxy::impatient_gateway;

const DATA: &str = "/api/public/export/report/*/result/json";

fn responding(status: u16, body: &str) -> Server {
    let fault = Fault::response(status, "application/json", body);
    Server::start(Sandbox::builder().fault(FaultRule::new(DATA, fault).times(u32::MAX)))
}

#[test]
fn only_a_whole_page_of_data_replaces_the_last_good_file() {
    let sound = r#"{"numberOfRecordsInResponse":1,"totalNumberOfRecords":1,"data":[{"a":1}]}"#;
    for (status, body) in [
        (200, "{}"),
        (200, r#"{"status":"ok"}"#),
        (200, r#"{"error":"internal"}"#),
        (200, r#"{"errorMessage":"x","status":500}"#),
        (200, r#"{"totalNumberOfRecords":null,"data":null}"#),
        (200, r#"{"data":"x"}"#),
        (200, r#"{"data":{"a":1}}"#),
        (200, r#"{"numberOfRecordsInResponse":1,"totalNumberOfRecords":1,"data":{"a":1}}"#),
        (206, "{}"),
        (206, sound),
        (201, sound),
        (204, ""),
    ] {
        let server = responding(status, body);
        let user = User::of(&server);
        user.file("last.csv", "LAST GOOD");
        let ran = user.types("report data r -f last.csv");
        assert_eq!(ran.code, Some(3), "{status} {body}: {ran}");
        assert_eq!(user.read("last.csv"), "LAST GOOD", "{status} {body}");
        assert_eq!(user.files(), ["last.csv"]);
    }
    let server = responding(200, sound);
    let user = User::of(&server);
    assert_eq!(user.types("report data r -f last.csv").code, Some(0));
}

#[test]
fn an_export_ends_when_more_rows_come_than_were_announced() {
    let page = r#"{"searchRequestId":"c","numberOfRecordsInResponse":10,"totalNumberOfRecords":20,"data":[1,2,3,4,5,6,7,8,9,0]}"#;
    let server = responding(200, page);
    let user = User::of(&server);
    user.file("last.csv", "LAST GOOD");
    let ran = user.types("report data r -f last.csv --restart 0");
    check!(ran, @"
    exit 8
    --- stdout
    --- stderr
    error: failed to read the next page of the report r: received 30 rows of the 20 that the server announced
    hint: the server's cursor has moved on, so the page cannot be requested again: start the export again
    ");
    assert_eq!(user.read("last.csv"), "LAST GOOD");
    // The definition, two pages, the third one that is too much, and one that was fetched ahead of it.
    assert!(server.statuses().len() <= 5, "{:?}", server.statuses());
}

#[test]
fn what_a_descriptor_leads_to_is_appended_and_never_replaced() {
    let user = User::of_a_server();
    let optimize = env!("CARGO_BIN_EXE_optimize");
    let run = |line: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &line.replace("optimize", optimize)]).current_dir(user.path("")).env_clear();
        shell.envs(user.environment()).env("PATH", "/usr/bin:/bin");
        let ran = user.ran(&shell.output().unwrap());
        assert_eq!(ran.code, Some(0), "{line}: {ran}");
    };
    symlink("/dev/stdout", user.path("to-stdout")).unwrap();
    let data = "optimize report data claims-raw -o ndjson --limit 2 -f";
    for line in [
        format!("{data} /dev/stdout >> log"),
        format!("{data} /dev/fd/1 >> log"),
        format!("{data} /proc/self/fd/1 >> log"),
        format!("{data} to-stdout >> log"),
        format!("{data} /dev/fd/3 3>> log"),
        format!("{data} /dev/stderr 2>> log"),
        "optimize report export claims-raw -f /dev/stdout >> log".to_owned(),
    ] {
        user.file("log", "OLD\n");
        run(&line);
        let log = user.read("log");
        assert!(log.starts_with("OLD\n") && log.len() > 100, "{line}: {log}");
    }
    // The descriptor keeps its place where the shell has emptied the file.
    run(&format!("(echo before; {data} /dev/stdout; echo after) > log"));
    let log = user.read("log");
    assert!(log.starts_with("before\n") && log.ends_with("after\n") && log.lines().count() == 4, "{log}");
}

#[test]
fn a_link_stays_a_link_also_one_that_leads_nowhere_yet() {
    let user = User::of_a_server();
    std::fs::create_dir_all(user.path("deep/er")).unwrap();
    symlink("deep/target.csv", user.path("link.csv")).unwrap();
    symlink("er/../target2.csv", user.path("deep/other.csv")).unwrap();
    symlink("deep/other.csv", user.path("twice.csv")).unwrap();
    for (link, target) in [("link.csv", "deep/target.csv"), ("twice.csv", "deep/target2.csv")] {
        for _ in 0..2 {
            let ran = user.types(&format!("report data claims-raw -f {link}"));
            assert_eq!(ran.code, Some(0), "{ran}");
            assert!(user.path(link).symlink_metadata().unwrap().is_symlink());
            assert!(user.read(target).lines().count() > 100);
        }
    }
    symlink("round", user.path("round")).unwrap();
    assert_eq!(user.types("report data claims-raw -f round").code, Some(3));
}

/// Sets when a file was written last.
fn age(user: &User, name: &str, seconds: u64) {
    let then =
        std::fs::metadata(user.path(name)).unwrap().modified().unwrap() - std::time::Duration::from_secs(seconds);
    std::fs::File::options().write(true).open(user.path(name)).unwrap().set_modified(then).unwrap();
}

#[test]
fn what_killed_exports_have_left_is_removed_and_what_is_being_written_is_not() {
    let user = User::of_a_server();
    for (name, seconds) in [(".optimize-old.part", 100_000), (".optimize-dead.part", 120), (".optimize-new.part", 1)] {
        user.file(name, "x");
        age(&user, name, seconds);
    }
    user.file(".optimize-alive.part", "x");
    age(&user, ".optimize-alive.part", 120);
    let alive = std::fs::File::open(user.path(".optimize-alive.part")).unwrap();
    alive.lock().unwrap();
    user.file("other.part", "x");
    age(&user, "other.part", 100_000);
    assert_eq!(user.types("report data claims-raw -f out.csv").code, Some(0));
    assert_eq!(
        user.files(),
        [".optimize-alive.part", ".optimize-new.part", "other.part", "out.csv", "out.csv.manifest.json"]
    );
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_the_old_one_stays() {
    let user = User::of_a_server();
    user.file("last.csv", "LAST GOOD");
    let line = format!(
        "ulimit -f 8; exec {} report data orders-raw -f last.csv --columns processInstanceId,startDate",
        env!("CARGO_BIN_EXE_optimize")
    );
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &line])
        .current_dir(user.path(""))
        .env_clear()
        .envs(user.environment())
        .env("PATH", "/usr/bin:/bin");
    check!(user.ran(&shell.output().unwrap()), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to write last.csv: File too large (os error 27)
    ");
    assert_eq!(user.read("last.csv"), "LAST GOOD");
    assert_eq!(user.files(), ["last.csv"]);
}

const ROW: &str = r#"{"name":"n","type":"Long","value":1,"processInstanceId":"%","processDefinitionKey":"d"}"#;

fn rows(from: u32, to: u32) -> String {
    let rows: Vec<_> = (from..to).map(|number| ROW.replace('%', &format!("r{number:03}")) + "\n").collect();
    rows.concat()
}

#[test]
fn a_journal_skips_only_rows_of_the_same_content() {
    let user = User::of_a_server();
    let counts = |ran: &crate::harness::Ran| {
        assert_eq!(ran.code, Some(0), "{ran}");
        let counts: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        (counts["accepted"].as_u64().unwrap(), counts["skipped"].as_u64().unwrap())
    };
    // Two halves of one file through standard input.
    let user = user.typing(&rows(0, 50));
    assert_eq!(counts(&user.types("variable ingest - --journal j")), (50, 0));
    let user = user.typing(&rows(50, 100));
    assert_eq!(counts(&user.types("variable ingest - --journal j")), (50, 0));
    // The same path and size, other rows.
    user.file("f.ndjson", &rows(0, 50));
    assert_eq!(counts(&user.types("variable ingest f.ndjson --journal k --batch-size 10")), (50, 0));
    assert_eq!(counts(&user.types("variable ingest f.ndjson --journal k --batch-size 7")), (0, 50));
    user.file("f.ndjson", &rows(0, 50).replace("r000", "x000"));
    assert_eq!(counts(&user.types("variable ingest f.ndjson --journal k --batch-size 10")), (1, 49));
    // Another path and other files around the same rows.
    user.file("a.ndjson", &rows(0, 20).replace("r000", "x000"));
    user.file("b.ndjson", &rows(20, 50));
    assert_eq!(counts(&user.types("variable ingest a.ndjson b.ndjson --journal k")), (0, 50));
    // A row more at the front moves every other one.
    user.file("f.ndjson", &(rows(900, 901) + &rows(0, 50)));
    assert_eq!(counts(&user.types("variable ingest f.ndjson --journal k")), (1, 50));
}

#[test]
fn two_runs_cannot_share_a_journal() {
    let fault = Fault::Delay { milliseconds: 3000 };
    let server = Server::start(Sandbox::builder().fault(FaultRule::new("/api/ingestion/variable", fault).times(1)));
    let user = User::of(&server);
    user.file("f.ndjson", &rows(0, 400));
    let line = ["variable", "ingest", "f.ndjson", "--journal", "j"];
    let mut first = user.start(&line);
    // It holds the journal once it has begun it.
    while !user.path("j").exists() || user.read("j").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    check!(user.run(&line), @"
    exit 3
    --- stdout
    --- stderr
    error: the journal j: another run is using it: wait for that run, or use another journal
    ");
    assert!(first.wait().unwrap().success());
    assert_eq!(server.ingested_variables().len(), 400);
}

#[test]
fn a_row_a_file_and_a_configuration_without_end_are_given_up() {
    let user = User::of_a_server();
    for line in [
        "variable ingest /dev/zero",
        "label set /dev/zero",
        "--config /dev/zero ready",
        "--token-file /dev/zero auth token",
        "import /dev/zero --collection claims --dry-run",
        "api POST /api/x --data /dev/zero",
    ] {
        let line = line.replace("label set", "variable label set --definition d --file");
        let words = line.split(' ').map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let mut shell = Command::new("bash");
        let script = format!("ulimit -v 1500000; exec {} {words}", env!("CARGO_BIN_EXE_optimize"));
        shell.args(["-c", &script]).current_dir(user.path("")).env_clear().envs(user.environment());
        let ran = user.ran(&shell.env("PATH", "/usr/bin:/bin").output().unwrap());
        assert_eq!(ran.code, Some(3), "{line}: {ran}");
        // Rows are looked at before they are read to their end.
        assert!(ran.stderr.contains("longer than") || ran.stderr.contains("or no text"), "{line}: {ran}");
    }
}

#[test]
fn a_reader_that_is_slower_than_the_connection_is_kept_gets_every_row() {
    use std::io::{BufRead as _, BufReader};
    use std::time::Duration;

    const ROWS: usize = 6_000;
    let server = Server::new();
    let address = server.base_url().trim_start_matches("http://").to_owned();
    let gateway = impatient_gateway(address, Duration::from_secs(1));
    for format in ["ndjson", "csv", "table"] {
        let user = User::of(&server).with("OPTIMIZE_BASE_URL", &format!("http://{gateway}"));
        let (columns, rows) = ("processInstanceId,flowNodeInstances", ROWS.to_string());
        let mut export = user.start(&[
            "report",
            "data",
            "orders-raw",
            "--limit",
            &rows,
            "--page-size",
            "1000",
            "-o",
            format,
            "--columns",
            columns,
        ]);
        let mut count = 0;
        for line in BufReader::new(export.stdout.take().unwrap()).lines() {
            line.unwrap();
            count += 1;
            if count % 2_000 == 0 {
                std::thread::sleep(Duration::from_millis(1_500));
            }
        }
        let ran = user.ran(&export.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(0), "{format}: {ran}");
        assert_eq!(count, ROWS + usize::from(format != "ndjson"), "{format}");
    }
}

#[test]
fn what_a_reader_does_not_take_fills_no_memory() {
    use std::io::Read as _;

    let user = User::of_a_server();
    let mut export = user.start(&["report", "data", "orders-raw", "--page-size", "1000", "-o", "ndjson"]);
    let mut output = export.stdout.take().unwrap();
    output.read_exact(&mut [0]).unwrap();
    let server = user.server_journal();
    let pages = || user.server_journal().len() - server.len();
    wait_until("the export does not wait for its reader", || pages() >= 20);
    let peak = peak_memory(export.id());
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).unwrap();
    assert_eq!(user.ran(&export.wait_with_output().unwrap()).code, Some(0));
    assert!(rest.len() > 10 << 20 && peak < 64 << 10, "{} bytes, {peak} KiB", rest.len());
    assert_eq!(String::from_utf8(rest).unwrap().lines().count(), 25_000);
}

#[test]
fn an_export_that_nobody_reads_can_be_interrupted() {
    let user = User::of_a_server();
    let export = user.start(&["report", "data", "orders-raw", "--page-size", "10000", "-o", "ndjson"]);
    wait_until("pages are requested", || user.server_journal().len() >= 3);
    assert!(Command::new("kill").args(["-INT", &export.id().to_string()]).status().unwrap().success());
    let mut export = export;
    assert_eq!(export.wait().unwrap().code(), Some(130));
}

#[test]
fn a_temporary_file_that_cannot_be_made_is_named_with_a_way_out() {
    let user = User::of_a_server().with("TMPDIR", "/dev/null/none");
    check!(user.types("report data claims-raw -o csv"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to use a temporary file in /dev/null/none: Not a directory (os error 20)
    hint: a format with columns needs one until the last row has shown which there are: set TMPDIR to a directory with room for the rows
    ");
    assert_eq!(user.types("report data claims-raw -o csv --columns decisionInstanceId").code, Some(0));
    assert_eq!(user.types("report data claims-raw -o ndjson").code, Some(0));
}

/// The most memory that a process has used so far, in KiB.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
