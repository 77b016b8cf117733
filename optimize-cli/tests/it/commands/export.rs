//! Files of rows: one report, many reports, what they hold, and whether they are whole.

use optimize_sandbox::{Fault, FaultRule, Sandbox};
use serde_json::Value;

use crate::harness::{Ran, Server, User, check};

fn done(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{ran}");
}

fn json(user: &User, file: &str) -> Value {
    serde_json::from_str(&user.read(file)).unwrap()
}

#[test]
fn a_manifest_says_what_a_file_holds_and_a_changed_file_is_found() {
    let user = User::of_a_server();
    done(&user.types("report data returns-raw -f returns.csv --schema-out schema.json"));
    let manifest = json(&user, "returns.csv.manifest.json");
    assert_eq!(
        (&manifest["report"]["id"], &manifest["report"]["name"]),
        (&"returns-raw".into(), &"returns raw".into())
    );
    assert_eq!(
        (&manifest["rows"], &manifest["table"], &manifest["format"]),
        (&600.into(), &"instances".into(), &"csv".into())
    );
    let schema = json(&user, "schema.json");
    let kind = |name: &str| {
        schema["columns"].as_array().unwrap().iter().find(|column| column["name"] == name).unwrap()["type"].clone()
    };
    let types =
        ["weight", "fee", "risks._listSize", "trackingNumber", "note"].map(|name| kind(&format!("variable:{name}")));
    assert_eq!(types, ["double", "text", "integer", "text", "text"]);
    assert_eq!(
        (kind("startDate"), kind("duration"), kind("processInstanceId")),
        ("timestamp".into(), "integer".into(), "text".into())
    );
    done(&user.types("verify returns.csv"));
    std::fs::write(user.path("returns.csv"), user.read("returns.csv").replace("29.0", "30.0")).unwrap();
    check!(user.types("verify returns.csv -o csv --columns file,outcome,rows"), @"
    exit 8
    --- stdout
    file,outcome,rows
    returns.csv,its bytes are not those that were written,600
    --- stderr
    error: 1 of 1 file not as written
    ");
}

#[test]
fn a_file_of_another_report_stays_and_so_does_one_that_must_not_be_replaced() {
    let user = User::of_a_server();
    done(&user.types("report data claims-by-risk -f data.csv"));
    let before = user.read("data.csv");
    let other = user.types("report data claims-count -f data.csv");
    assert!(other.code == Some(2) && other.stderr.contains("holds the report claims-by-risk"), "{other}");
    let there = user.types("report data claims-by-risk -f data.csv --no-clobber");
    assert!(there.code == Some(2) && there.stderr.contains("is there already"), "{there}");
    assert_eq!(user.read("data.csv"), before);
    done(&user.types("report data claims-count -f data.csv --no-manifest"));
}

#[test]
fn columns_that_vanished_since_the_last_export_are_a_warning() {
    let user = User::of_a_server();
    done(&user.types("report data claims-by-risk -f a.csv"));
    let ran = user.types("report data claims-by-risk -f a.csv --columns key");
    assert!(
        ran.code == Some(0) && ran.stderr.contains("2 columns vanished since") && ran.stderr.contains("value, label"),
        "{ran}"
    );
}

#[test]
fn both_tables_go_into_a_directory() {
    let user = User::of_a_server();
    done(&user.types("report data returns-raw -d out --format csv"));
    let lines = |file: &str| user.read(&format!("out/returns-raw.{file}.csv")).lines().count();
    assert!(lines("instances") > 600 && lines("events") == 2753, "{} {}", lines("instances"), lines("events"));
    let events = user.read("out/returns-raw.events.csv");
    // A flow node without a name, and one with a name that the BPMN leads from to its id.
    assert!(
        events.contains(",gatewayDamaged,gatewayDamaged,") && events.contains("repack\",inspect,"),
        "{}",
        &events[..600]
    );
}

#[test]
fn a_value_that_does_not_fit_ends_with_its_row_and_leaves_the_last_file() {
    let user = User::of_a_server();
    user.file("a.csv", "LAST GOOD");
    user.file("schema.json", r#"{"columns":[{"name":"variable:weight","type":"integer"}]}"#);
    let ran = user.types("report data returns-raw -f a.csv --schema schema.json");
    assert!(ran.code == Some(8) && ran.stderr.contains("the column variable:weight is of type integer"), "{ran}");
    assert_eq!(user.read("a.csv"), "LAST GOOD");
    for (text, problem) in [
        ("{", "EOF"),
        (r#"{"columns":[]}"#, "it has no columns"),
        (r#"{"columns":[{"name":"a","type":"float"}]}"#, "unknown type"),
        (r#"{"columns":[{"name":"a","type":"text"},{"name":"a","type":"text"}]}"#, "the column a is there twice"),
    ] {
        user.file("schema.json", text);
        let ran = user.types("report data returns-raw -f a.csv --schema schema.json");
        assert!(ran.code == Some(3) && ran.stderr.contains(problem), "{ran}");
    }
}

#[test]
fn many_reports_are_exported_and_what_failed_is_done_again() {
    let path = "/api/public/export/report/invoices-count/result/json";
    let fault = FaultRule::new(path, Fault::status(500)).times(1);
    let user = User::owning(Server::start(Sandbox::builder().fault(fault)));
    let line = "export --collection invoices,returns -d data --format ndjson.gz";
    let first = user.types(&format!("{line} -o csv --columns report,outcome"));
    assert!(first.code == Some(8) && first.stdout.contains("invoices-count,failed"), "{first}");
    assert!(first.stdout.contains("invoices-raw,complete") && first.stdout.contains("returns-raw,complete"), "{first}");
    assert_eq!(user.types("export status data").code, Some(8));
    let before = user.server_journal().len();
    let other = user.types("export --collection invoices,returns -d data --format csv --resume");
    assert!(other.code == Some(2) && other.stderr.contains("it was begun with --format ndjson.gz"), "{other}");
    done(&user.types(&format!("{line} --resume")));
    let again: Vec<_> = user.server_journal().iter().skip(before).map(|entry| entry.path.clone()).collect();
    assert!(
        again.iter().filter(|path| path.contains("/result/json")).all(|path| path.contains("invoices-count")),
        "{again:?}"
    );
    done(&user.types("export status data"));
    done(&user.types("verify data"));
    assert!(user.path("data/returns/definitions.json").exists());
    std::fs::remove_file(user.path("data/returns/returns-raw.returns-raw.ndjson.gz")).unwrap();
    let status = user.types("export status data");
    assert!(status.code == Some(8) && status.stdout.contains("is missing"), "{status}");
    assert_eq!(user.types("verify data").code, Some(8));
}

#[test]
fn shares_are_disjoint_and_complete_and_the_budget_of_cursors_holds() {
    let user = User::of_a_server();
    let mut all = Vec::new();
    for share in 0..3 {
        let ran = user
            .types(&format!("export --collection claims,invoices -d data --shard {share}/3 -o csv --columns report"));
        done(&ran);
        all.extend(ran.stdout.lines().skip(1).map(str::to_owned));
        let code = user.types("export status data").code;
        assert_eq!(code, Some(if share < 2 { 8 } else { 0 }));
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!((all.len(), count), (12, 12));
    let few = user.types("export --collection claims -d b --shard 0/3 --cursor-budget 6");
    assert!(few.stderr.contains("1 at once, not 4"), "{few}");
    assert_eq!(user.types("export --collection claims -d b --shard 0/9 --cursor-budget 6").code, Some(2));
    assert_eq!(user.types("export --collection claims -d b --shard 3/3").code, Some(2));
    assert_eq!(user.types("export --collection claims").code, Some(2));
}

#[test]
fn pages_are_sized_by_bytes() {
    let server = Server::new();
    let user = User::of(&server);
    done(&user.types("report data orders-raw -f a.ndjson -q"));
    let limits: Vec<_> = server
        .journal()
        .iter()
        .filter_map(|entry| {
            let query = entry.query.clone();
            let limit = query.split('&').find_map(|part| part.strip_prefix("limit="))?;
            limit.parse::<u32>().ok()
        })
        .collect();
    assert_eq!(limits[0], 50);
    assert!((3_000..10_000).contains(&limits[1]) && limits.len() == 2, "{limits:?}");
}

#[test]
fn files_are_compared_by_rows() {
    let user = User::of_a_server();
    user.file("a.csv", "processInstanceId,v\n1,x\n2,y\n");
    user.file("b.ndjson", "{\"processInstanceId\":\"2\",\"v\":\"z\"}\n{\"processInstanceId\":\"3\",\"v\":\"z\"}\n");
    let ran = user.types("data diff a.csv b.ndjson -o ndjson");
    let mut lines: Vec<_> = ran.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(ran.code, Some(1), "{ran}");
    assert_eq!(
        lines,
        [
            r#"{"change":"added","key":"3"}"#,
            r#"{"change":"changed","key":"2","columns":{"v":["y","z"]}}"#,
            r#"{"change":"removed","key":"1"}"#
        ]
    );
    done(&user.types("data diff a.csv a.csv"));
    let ran = user.types("data diff a.csv b.ndjson --key w");
    assert!(ran.code == Some(3) && ran.stderr.contains("row 1 has no w"), "{ran}");
}

/// The formats of every build; the others share their path to the file.
const FORMATS: [&str; 8] = ["ndjson", "json", "csv", "tsv", "csv.gz", "ndjson.gz", "xes", "singer"];

#[test]
fn whatever_goes_wrong_with_a_page_the_last_file_stays_or_the_new_one_is_whole() {
    let page = "/api/public/export/report/invoices-raw/result/json";
    let token = "/oauth/token";
    let faults: [(&str, FaultRule, &[i32]); 8] = [
        ("a lost page", FaultRule::new(page, Fault::LostPage).with_query("searchRequestId").times(99), &[8]),
        ("a page that is cut off", FaultRule::new(page, Fault::CutBody).with_query("searchRequestId").times(99), &[8]),
        (
            "a connection that breaks",
            FaultRule::new(page, Fault::ResetBefore).with_query("searchRequestId").times(99),
            &[8],
        ),
        (
            "a response that is lost",
            FaultRule::new(page, Fault::ResetAfter).with_query("searchRequestId").times(99),
            &[8],
        ),
        ("401 midway", FaultRule::new(page, Fault::status(401)).with_query("searchRequestId").times(99), &[4]),
        ("a storm of 429", FaultRule::new(page, Fault::status(429)).with_query("searchRequestId").times(99), &[8]),
        (
            "a server that fails",
            FaultRule::new(page, Fault::status(500)).with_query("searchRequestId").times(99),
            &[6, 8],
        ),
        ("no tokens", FaultRule::new(token, Fault::status(400)).times(99), &[4]),
    ];
    for (what, fault, codes) in faults {
        let user = User::owning(Server::start(Sandbox::builder().fault(fault)));
        for format in FORMATS {
            let file = format!("rows.{format}");
            user.file(&file, "LAST GOOD");
            let ran =
                user.types(&format!("report data invoices-raw -q --page-size 1000 --restart 1 -f {file} --timeout 5s"));
            let is_old = std::fs::read(user.path(&file)).unwrap() == b"LAST GOOD";
            let code = ran.code.unwrap();
            assert!(is_old == (code != 0) && (code == 0 || codes.contains(&code)), "{what}, {format}: {ran}");
            if !is_old {
                done(&user.types(&format!("verify {file}")));
            }
            let left: Vec<_> = user.files().into_iter().filter(|name| name.contains(".part")).collect();
            assert!(left.is_empty(), "{what}, {format}: {left:?}");
        }
    }
}
