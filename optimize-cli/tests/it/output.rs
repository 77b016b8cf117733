use crate::harness::{User, check};

#[test]
fn a_table_in_a_pipe_is_not_cut() {
    let user = User::of_a_server();
    check!(user.types("report data orders-by-tier -o table"), @"
    exit 0
    --- stdout
    key     value   label
    gold    2944.0  Gold
    silver  3008.0  Silver
    new             new
    --- stderr
    ");
    let ran = user.types("report data invoices-raw --limit 2 -o table");
    assert!(ran.code == Some(0) && ran.stderr.is_empty(), "{ran}");
    let (table, rows) = (ran.stdout, user.types("report data invoices-raw --limit 2 -o ndjson").stdout);
    for row in rows.lines() {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        let values = row.as_object().unwrap().values().filter(|value| value.is_array() || value.is_object());
        assert!(values.filter(|value| table.contains(&value.to_string())).count() > 0, "{table}");
    }
    assert!(table.contains("flowNodeInstances") && !table.contains('…'), "{table}");
    check!(user.types("report data orders-count -o table"), @"
    exit 0
    --- stdout
    value  25000.0
    --- stderr
    ");
}

#[test]
fn csv_has_a_column_a_variable() {
    let user = User::of_a_server();
    check!(user.types("report data invoices-raw --limit 2 -o csv"), @r#"
    exit 0
    --- stdout
    processDefinitionKey,processDefinitionId,processInstanceId,counts.incidents,counts.openIncidents,counts.userTasks,flowNodeDuration:receiveInvoice,flowNodeDuration:assignApprover,flowNodeDuration:approveInvoice,flowNodeDuration:prepareTransfer,flowNodeDuration:archiveInvoice,businessKey,startDate,endDate,duration,engineName,tenantId,variable:amount,variable:creditor,variable:approved,variable:invoiceCategory
    invoice,invoice:1:2251799813690001,2251799813700000,0,0,2,801260,2585958,1732264,419683,596266,,2024-01-01T00:16:14.461+0000,2024-01-01T01:58:29.892+0000,6135431,,,30,Great Pizza for Everyone Inc.,true,Misc
    invoice,invoice:2:2251799813690002,2251799813700001,0,0,2,453335,1332815,1293954,497409,2396245,,2024-01-01T00:30:13.552+0000,2024-01-01T02:09:47.310+0000,5973758,,,10900,"Bobby's Office ""Supplies""",,Software License Costs
    --- stderr
    "#);
    check!(user.types("report data claims-raw --limit 2 -o csv"), @r#"
    exit 0
    --- stdout
    decisionDefinitionKey,decisionDefinitionId,decisionInstanceId,processInstanceId,evaluationDateTime,engineName,tenantId,inputVariable:amount,inputVariable:region,outputVariable:risk,outputVariable:checks
    assess-claim,assess-claim:2:88,880000-1,,2024-01-01T00:16:14.461+0000,,,24372.5,EU,high,"[""identity"",""photos""]"
    assess-claim,assess-claim:2:88,880001-1,,2024-01-01T00:30:13.552+0000,,,43755.5,EU,medium,"[""identity"",""photos""]"
    --- stderr
    "#);
}

#[test]
fn csv_columns_can_be_chosen() {
    let user = User::of_a_server();
    check!(user.types("report data invoices-raw --limit 2 -o csv --columns processInstanceId,variable:creditor,counts.userTasks"), @r#"
    exit 0
    --- stdout
    processInstanceId,variable:creditor,counts.userTasks
    2251799813700000,Great Pizza for Everyone Inc.,2
    2251799813700001,"Bobby's Office ""Supplies""",2
    --- stderr
    "#);
}

#[test]
fn a_column_that_no_row_has_is_an_error_unless_it_is_optional() {
    let user = User::of_a_server();
    let line = "report data invoices-raw --limit 2 --columns businessKy,processInstanceId";
    check!(user.types(&format!("{line} -o csv")), @"
    exit 8
    --- stdout
    businessKy,processInstanceId
    ,2251799813700000
    ,2251799813700001
    --- stderr
    error: no row has the column businessKy
    hint: did you mean `businessKey`? pass --columns-optional if rows may lack a column
    ");
    for format in ["table", "json", "ndjson", "csv"] {
        assert_eq!(user.types(&format!("{line} -o {format}")).code, Some(8), "{format}");
        assert_eq!(user.types(&format!("{line} -o {format} --columns-optional")).code, Some(0), "{format}");
    }
    // Nothing replaces a file that was good, and no column is missing from an empty report.
    user.file("last.csv", "LAST GOOD");
    assert_eq!(user.types(&format!("{line} -f last.csv")).code, Some(8));
    assert_eq!((user.read("last.csv").as_str(), user.files()), ("LAST GOOD", vec!["last.csv".to_owned()]));
    let empty = user.types("report data orders-none --columns kye -f empty.csv");
    assert_eq!((empty.code, user.read("empty.csv").as_str()), (Some(0), "kye\r\n"), "{empty}");
    // A value in a later page is enough; null is a value.
    for column in ["variable:amount", "endDate", "counts.incidents", "flowNodeDurations.receiveInvoice.value"] {
        let ran = user.run(&["report", "data", "invoices-raw", "--limit", "50", "--columns", column, "-o", "csv"]);
        assert_eq!(ran.code, Some(0), "{ran}");
    }
    // What is known before anything is written, or done, is checked before.
    check!(user.types("report list --collection claims --columns ids"), @"
    exit 2
    --- stdout
    --- stderr
    error: unknown column ids
    hint: did you mean `id`? the columns are id
    ");
    let before = user.types("report list --collection claims").stdout;
    for line in ["report delete claims-raw --yes", "import x.json --collection claims", "variable ingest x.ndjson"] {
        user.file("x.json", "[]");
        user.file("x.ndjson", "");
        let ran = user.types(&format!("{line} --columns wrong"));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
        assert!(ran.stderr.contains("hint: the columns are "), "{ran}");
    }
    assert_eq!(user.types("report list --collection claims").stdout, before);
}

#[test]
fn json_is_one_array() {
    let user = User::of_a_server();
    check!(user.types("report data claims-by-risk -o json"), @r#"
    exit 0
    --- stdout
    [
    {"key":"low","value":3210.0,"label":"Low"},
    {"key":"medium","value":1085.0,"label":"Medium"},
    {"key":"high","value":693.0,"label":"High"}
    ]
    --- stderr
    "#);
    let ran = user.types("report data invoices-raw -o json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(rows.len(), 3200);
}

#[test]
fn the_format_can_come_from_the_environment() {
    let user = User::of_a_server().with("OPTIMIZE_OUTPUT", "JSON");
    assert!(user.types("report data claims-by-risk").stdout.starts_with('['));
    check!(user.with("OPTIMIZE_OUTPUT", "xml").types("report data claims-by-risk"), @"
    exit 3
    --- stdout
    --- stderr
    error: output (environment variable OPTIMIZE_OUTPUT): expected one of auto, table, json, ndjson, csv
    ");
}

#[test]
fn colour_is_never_in_a_pipe_unless_forced() {
    let user = User::new();
    assert!(!user.types("report data x").stderr.contains('\u{1b}'));
    assert!(user.types("report data x --color always").stderr.contains('\u{1b}'));
    let forced = User::new().with("CLICOLOR_FORCE", "1");
    assert!(forced.types("report data x").stderr.contains('\u{1b}'));
    assert!(!forced.with("NO_COLOR", "1").types("report data x").stderr.contains('\u{1b}'));
}

#[test]
fn a_locale_changes_nothing() {
    let user = User::of_a_server();
    let line = "report data claims-raw --limit 20 -o table";
    let plain = user.types(line).to_string();
    let user = user.with("LC_ALL", "C").with("LANG", "tr_TR.ISO-8859-9").with("LC_NUMERIC", "de_DE");
    assert_eq!(user.types(line).to_string(), plain);
}

#[test]
fn the_ending_of_a_file_decides_about_its_format() {
    let user = User::of_a_server();
    let first = |line: &str, file: &str| {
        let ran = user.types(&format!("report data claims-raw --limit 2 {line} -f {file}"));
        assert_eq!(ran.code, Some(0), "{line} {file}: {ran}");
        user.read(file).chars().next().unwrap()
    };
    assert_eq!(first("", "a.csv"), 'd');
    assert_eq!(first("", "a.CSV"), 'd');
    assert_eq!(first("", "a.json"), '[');
    assert_eq!((first("", "a.ndjson"), first("", "a.jsonl"), first("", "plain")), ('{', '{', '{'));
    assert_eq!((first("", "a.tsv"), first("--format csv", "c.txt"), first("--format json", "a.json")), ('d', 'd', '['));
    assert_eq!(user.types("report data claims-raw -f a.csv.gz").code, Some(0));
    assert_eq!(std::fs::read(user.path("a.csv.gz")).unwrap()[..2], [0x1f, 0x8b]);
    assert_eq!((first("-o csv", "a.csv"), first("-o csv", "b.txt"), first("-o ndjson", "a.jsonl")), ('d', 'd', '{'));
    for (line, file) in [
        ("", "x.txt"),
        ("", "x.csv.bz2"),
        ("-o csv", "x.tsv"),
        ("-o csv", "x.xlsx"),
        ("-o csv", "x.csv.gz"),
        ("-o json", "x.csv"),
        ("-o ndjson", "x.json"),
        ("-o table", "x.csv"),
        ("-o json", "x.csv"),
    ] {
        let ran = user.types(&format!("report data claims-raw {line} -f {file}"));
        assert_eq!(ran.code, Some(2), "{line} {file}: {ran}");
        assert!(ran.stderr.contains(".ndjson, .jsonl, .json, .csv, .tsv"), "{ran}");
        assert!(!user.path(file).exists());
    }
    // A setting or a variable is a wish for the screen.
    let user = user.with("OPTIMIZE_OUTPUT", "json");
    assert_eq!(user.types("report data claims-raw -f b.csv").code, Some(0));
    assert!(user.read("b.csv").starts_with("decisionDefinitionKey,"));
    let ran = user.types("report data claims-raw --limit 1 -o ndjson -f -");
    assert!(ran.stdout.starts_with('{') && !user.path("-").exists() && !ran.stderr.contains("wrote"), "{ran}");
    assert!(user.types("report export claims-raw -f -").stdout.starts_with('['));
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_early_is_right_and_a_full_disk_is_an_error_for_every_kind_of_output() {
    let user = User::of_a_server();
    let sh = |line: &str| {
        let mut shell = std::process::Command::new("bash");
        let line = line.replace("optimize", env!("CARGO_BIN_EXE_optimize"));
        shell.args(["-c", &format!("set -o pipefail; {line}")]).current_dir(user.path("")).env_clear();
        shell.envs(user.environment()).env("PATH", "/usr/bin:/bin");
        user.ran(&shell.output().unwrap())
    };
    for command in [
        "optimize report data orders-raw -o csv",
        "optimize report data orders-raw -o csv --columns processInstanceId",
        "optimize report data orders-raw -o json",
        "optimize report data orders-raw -o ndjson",
        "optimize report data orders-raw -o table",
        "optimize api GET /api/public/export/report/orders-raw/result/json",
        "optimize report export orders-raw",
        "optimize completion bash",
        "optimize --help",
        "optimize report --help",
        "optimize --version",
        "optimize man",
        "optimize",
    ] {
        // It reads one byte, and the pipe holds less than most of these print.
        let ran = sh(&format!("{command} | head -c 1 > /dev/null"));
        assert_eq!(ran.code, Some(0), "{command}: {ran}");
        let ran = sh(&format!("{command} > /dev/full"));
        assert_eq!(ran.code, Some(3), "{command}: {ran}");
    }
}

#[test]
fn a_byte_order_mark_is_skipped_and_utf_16_is_named_wherever_a_file_is_read() {
    let server = crate::harness::Server::new();
    let user = User::new();
    let utf16 = |text: &str| -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let configuration = format!("base_url = '{}'\nauth.token = {{ file = 'token' }}\n", server.base_url());
    let row = r#"{"name":"n","type":"Long","value":1,"processInstanceId":"1","processDefinitionKey":"d"}"#;
    let csv = "name,type,value,processInstanceId,processDefinitionKey\nn,Long,1,1,d\n";
    let labels = r#"[{"variableName":"amount","variableType":"Double","variableLabel":null}]"#;
    let scope = r#"[{"definitionType":"process","definitionKey":"invoice"}]"#;
    let plain = [
        (".config/optimize/config.toml", configuration.as_str(), "ready"),
        (".config/optimize/token", server.static_token(), "report list --collection claims"),
        ("rows.ndjson", row, "variable ingest rows.ndjson"),
        ("rows.csv", csv, "variable ingest rows.csv"),
        ("labels.json", labels, "variable label set --definition invoice --file labels.json"),
        ("scope.json", scope, "collection scope set claims --file scope.json"),
    ];
    for (file, text, _) in plain {
        user.file(file, text);
    }
    let definitions = user.types("report export claims-raw").stdout;
    user.file("definitions.json", &definitions);
    for (file, text, line) in plain.into_iter().chain([(
        "definitions.json",
        definitions.as_str(),
        "import definitions.json --collection claims",
    )]) {
        assert_eq!(user.types(line).code, Some(0), "{line}: {}", user.types(line));
        user.file(file, &format!("\u{feff}{text}"));
        assert_eq!(user.types(line).code, Some(0), "{line} with a mark: {}", user.types(line));
        std::fs::write(user.path(file), utf16(text)).unwrap();
        let ran = user.types(line);
        // Files of rows come out of spreadsheets.
        let is_read = line.starts_with("variable ingest") && ran.code == Some(0);
        assert!(
            is_read || ran.code == Some(3) && ran.stderr.contains("it is UTF-16; save it as UTF-8"),
            "{line}: {ran}"
        );
        user.file(file, text);
    }
}

#[test]
fn errors_and_warnings_are_annotations_in_a_workflow_of_github() {
    let user = User::new().with("GITHUB_ACTIONS", "true").with("OPTIMIZE_PROFIL", "50% off");
    check!(user.types("report list --collection claims"), @"
    exit 3
    --- stdout
    --- stderr
    ::warning title=optimize::the variable OPTIMIZE_PROFIL is not known and is ignored; did you mean OPTIMIZE_PROFILE?
    ::error title=optimize::no base URL is set
    hint: pass --base-url URL, set OPTIMIZE_BASE_URL, or try the embedded server with --sandbox
    ");
}

#[test]
fn the_log_level_can_come_from_the_environment() {
    let user = User::of_a_server().with("OPTIMIZE_LOG", "trace");
    let ran = user.types("report list --collection claims");
    assert!(ran.code == Some(0) && ran.stderr.contains("content-type") && ran.stderr.contains("[hidden]"), "{ran}");
    let user = user.with("OPTIMIZE_LOG", "info");
    let ran = user.types("report list --collection claims");
    assert!(ran.stderr.contains("attempt ended") && !ran.stderr.contains("content-type"), "{ran}");
    check!(user.with("OPTIMIZE_LOG", "loud").types("report list --collection claims"), @"
    exit 3
    --- stdout
    --- stderr
    error: OPTIMIZE_LOG (environment variable): expected warn, info, debug or trace, not loud
    ");
}
