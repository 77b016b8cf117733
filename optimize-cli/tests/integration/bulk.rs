//! Exports read by programs that know nothing of this project, an object store that checks signatures, and runs that are killed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::gate::{Gate, Rule};
use crate::harness::{Ran, Server, User};
use crate::variable;

/// The formats with all their compressions.
const FORMATS: [&str; 14] = [
    "ndjson",
    "ndjson.gz",
    "ndjson.zst",
    "json",
    "csv",
    "csv.gz",
    "csv.zst",
    "tsv",
    "parquet",
    "arrow",
    "arrows",
    "xlsx",
    "xes",
    "xes.gz",
];

/// A user with the demo data, where the programs of others are there.
fn user() -> Option<User> {
    variable("OPTIMIZE_TEST_PYTHON")?;
    Some(User::of_a_server())
}

fn done(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{ran}");
}

/// Runs a program; returns what it prints, and fails with it.
fn runs(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {printed}");
    printed
}

#[test]
fn every_format_is_read_by_programs_of_others_as_the_rows_are() {
    let Some(user) = user() else { return };
    for report in ["returns-raw", "orders-open"] {
        done(&user.types(&format!("report data {report} -f {report}.ndjson -q")));
        let mut files = Vec::new();
        for format in FORMATS.iter().filter(|format| **format != "ndjson") {
            let file = format!("{report}.of.{format}");
            done(&user.types(&format!("report data {report} -f {file} -q")));
            files.push(user.path(&file));
        }
        done(&user.types(&format!("report data {report} -d . --format parquet -q")));
        files.push(user.path(&format!("{report}.events.parquet")));
        let mut command = Command::new(variable("OPTIMIZE_TEST_PYTHON").unwrap());
        command
            .arg(variable("OPTIMIZE_TEST_READBACK").unwrap())
            .arg(user.path(&format!("{report}.ndjson")))
            .args(&files);
        let printed = runs(&mut command);
        for reader in ["csv: ", "duckdb: ", "openpyxl: ", "pandas: ", "pm4py: ", "polars: ", "pyarrow: "] {
            assert!(printed.lines().any(|line| line.starts_with(reader)), "{reader}: {printed}");
        }
        let names: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
        done(&user.run(&[&["verify"][..], &names].concat()));
    }
}

/// The Python of the guide, where it has run before nothing is said to work.
#[test]
fn the_recipes_of_the_guide_run() {
    let Some(user) = user() else { return };
    done(&user.types("report data orders-raw -d orders --format parquet -q"));
    let recipe = recipe("python\n", "pandas");
    let checks = "assert len(graph) == 5 and len(instances) == 25_000, (graph, len(instances))\n";
    let script = user.file("recipe.py", &format!("{recipe}{checks}"));
    runs(Command::new(variable("OPTIMIZE_TEST_PYTHON").unwrap()).arg(script).current_dir(user.path(".")));
}

#[test]
fn libreoffice_opens_a_workbook_with_its_dates_numbers_and_ids() {
    let (Some(user), Some(office)) = (user(), variable("OPTIMIZE_TEST_OFFICE")) else { return };
    done(&user.types("report data orders-raw --limit 300 -f orders.xlsx -q"));
    let home = format!("-env:UserInstallation=file://{}", user.path("office").display());
    let mut command = Command::new(office);
    command
        .arg(home)
        .args(["--headless", "--convert-to", "csv", "--outdir"])
        .arg(user.path("out"))
        .arg(user.path("orders.xlsx"));
    runs(&mut command);
    let text = user.read("out/orders.csv");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 301);
    assert!(lines[0].contains("duration (ms)") && lines[0].contains("startDate (UTC)"), "{}", lines[0]);
    assert!(lines[1].contains(",2251799813700000,") && lines[1].contains("2024-01-01 00:16:14.461"), "{}", lines[1]);
}

#[test]
fn a_collection_is_a_workbook_with_a_sheet_for_each_report() {
    let Some(user) = user() else { return };
    let ran = user.types("export --collection claims -f claims.xlsx -o csv --columns name,outcome,rows");
    done(&ran);
    // A pair of groups is a row of its sheet; the report has a row for each outer group.
    let listed = ran.stdout.replace("claims by month and risk,complete,18", "claims by month and risk,complete,54");
    let mut wanted: Vec<_> = listed.lines().skip(1).filter(|line| !line.contains(",combined,")).collect();
    let sheets = "import openpyxl\nfor sheet in openpyxl.load_workbook('claims.xlsx').worksheets:\n    \
                  print(f'{sheet.title},complete,{sheet.max_row - 1}')\n";
    let script = user.file("sheets.py", sheets);
    let mut python = Command::new(variable("OPTIMIZE_TEST_PYTHON").unwrap());
    let printed = runs(python.arg(script).current_dir(user.path(".")));
    let mut found: Vec<_> = printed.lines().collect();
    wanted.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, wanted);
    done(&user.types("verify claims.xlsx"));
    let there = user.types("export --collection returns -f claims.xlsx --no-clobber");
    assert!(there.code == Some(2) && there.stderr.contains("is there already"), "{there}");
    let other = user.types("export --collection claims -f claims.csv");
    assert!(other.code == Some(2) && other.stderr.contains(".xlsx"), "{other}");
    done(&user.types("verify claims.xlsx"));
}

#[test]
fn a_workbook_is_not_there_if_a_report_of_it_fails() {
    if user().is_none() {
        return;
    }
    let rule = FaultRule::new("/api/public/export/report/claims-by-risk/result/json", Fault::status(500)).times(99);
    let user = User::owning(Server::start(Sandbox::builder().fault(rule)));
    let ran = user.types("export --collection claims -f claims.xlsx");
    assert!(ran.code == Some(6) && ran.stderr.contains("failed to read the report claims-by-risk"), "{ran}");
    assert_eq!(user.files(), Vec::<String>::new());
}

#[test]
fn a_full_disk_leaves_the_file_of_before_whatever_the_format() {
    let Some(user) = user() else { return };
    for format in FORMATS {
        let file = user.file(&format!("rows.{format}"), "LAST GOOD");
        let line =
            format!("ulimit -f 8; exec {} report data orders-raw -q -f rows.{format}", env!("CARGO_BIN_EXE_optimize"));
        let mut shell = Command::new("bash");
        shell.args(["-c", &line]).current_dir(user.path(".")).env_clear().envs(user.environment());
        let ran = user.ran(&shell.env("PATH", "/usr/bin:/bin").output().unwrap());
        assert!(ran.code == Some(3) && ran.stderr.contains("File too large"), "{format}: {ran}");
        assert_eq!(std::fs::read_to_string(file).unwrap(), "LAST GOOD", "{format}");
    }
    assert_eq!(user.files().len(), FORMATS.len());
    // A device without room.
    let full = user.types("report data orders-raw -q -f /dev/full --format parquet");
    assert!(full.code == Some(3) && full.stderr.contains("No space left"), "{full}");
}

#[test]
fn a_target_of_singer_loads_every_row() {
    let (Some(user), Some(target)) = (user(), variable("OPTIMIZE_TEST_SINGER")) else { return };
    done(&user.types("report data returns-raw --format singer -f returns.singer -q"));
    let messages = std::fs::File::open(user.path("returns.singer")).unwrap();
    let state = runs(Command::new(target).stdin(messages).current_dir(user.path(".")));
    assert_eq!(state.trim(), r#"{"returns raw": {"records": 600}}"#);
    let file = user.files().into_iter().find(|name| name.ends_with(".jsonl")).unwrap();
    assert_eq!(user.read(&file).lines().count(), 600);
}

/// The lines of a page's block of this kind that begins with `first`.
fn recipe(kind: &str, first: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/data-in-files.md");
    let page = std::fs::read_to_string(page).unwrap();
    let block = page.split("```").find(|block| block.starts_with(kind) && block.contains(first)).unwrap();
    block.strip_prefix(kind).unwrap().to_owned()
}

#[test]
fn postgres_loads_a_file_by_the_recipe_of_the_guide() {
    let (Some(user), Some(port)) = (user(), variable("OPTIMIZE_TEST_POSTGRES")) else { return };
    let block = recipe("console\n", "psql");
    for line in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        match line.strip_prefix("optimize ") {
            Some(line) => done(&user.types(line)),
            None => {
                let variables = [("PGHOST", "127.0.0.1"), ("PGUSER", "postgres"), ("PGPORT", port.as_str())];
                let mut shell = Command::new("sh");
                shell.args(["-c", line]).envs(variables).current_dir(user.path("."));
                let printed = runs(&mut shell);
                if line.contains("\\copy") {
                    assert!(printed.contains("COPY 1840"), "{printed}");
                }
            }
        }
    }
}

/// A bucket, and the variables that lead to it.
struct Bucket {
    directory: PathBuf,
    name: String,
    variables: Vec<(&'static str, String)>,
}

impl Bucket {
    fn new(name: &str) -> Option<Self> {
        let root = PathBuf::from(variable("OPTIMIZE_TEST_S3_ROOT")?);
        let name = format!("{name}-{}", std::process::id());
        let directory = root.join(&name);
        std::fs::create_dir_all(&directory).unwrap();
        let variables = vec![
            ("AWS_ENDPOINT_URL", variable("OPTIMIZE_TEST_S3")?),
            ("AWS_ACCESS_KEY_ID", "optimize".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", variable("OPTIMIZE_TEST_S3_SECRET")?),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ];
        Some(Self { directory, name, variables })
    }

    fn user(&self, server: &Sandbox) -> User {
        self.variables.iter().fold(User::of(server), |user, (name, value)| user.with(name, value))
    }

    /// The names of all objects, sorted.
    fn objects(&self) -> Vec<String> {
        fn collect(directory: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, root, found);
                } else {
                    found.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.directory, &self.directory, &mut found);
        found.sort();
        found
    }
}

#[test]
fn an_object_is_there_whole_or_not_at_all() {
    let Some(bucket) = Bucket::new("whole") else { return };
    let server = Server::new();
    let user = bucket.user(&server);
    let url = format!("s3://{}/a/orders.ndjson", bucket.name);
    done(&user.types(&format!("report data orders-raw -f {url} -q")));
    assert_eq!(bucket.objects(), ["a/orders.ndjson", "a/orders.ndjson.manifest.json"]);
    done(&user.types(&format!("verify {url}")));
    done(&user.types(&format!("verify s3://{}/a", bucket.name)));
    let there = user.types(&format!("report data orders-raw -f {url} --no-clobber"));
    assert!(there.code == Some(2) && there.stderr.contains("is there already"), "{there}");
    // A wrong secret, and credentials in the URL.
    let other = bucket.user(&server).with("AWS_SECRET_ACCESS_KEY", "wrong");
    let refused = other.types(&format!("report data claims-raw -f s3://{}/b.csv", bucket.name));
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(!refused.stderr.contains("wrong"), "{refused}");
    let inside = user.types("report data claims-raw -f s3://key:secret-in-url@bucket/b.csv");
    assert!(inside.code == Some(2) && !inside.stderr.contains("secret-in-url"), "{inside}");
    // A file that is changed afterwards.
    std::fs::write(bucket.directory.join("a/orders.ndjson"), "{}\n").unwrap();
    assert_eq!(user.types(&format!("verify {url}")).code, Some(8));
}

#[test]
fn an_upload_that_is_killed_leaves_no_object() {
    let Some(bucket) = Bucket::new("killed") else { return };
    let server = Server::new();
    let url = format!("s3://{}/orders.ndjson", bucket.name);
    for round in 0..20 {
        let user = bucket.user(&server);
        let mut export = user.start(&["report", "data", "orders-raw", "-q", "-f", &url]);
        std::thread::sleep(Duration::from_millis(40 * round));
        kill(&mut export);
        let objects = bucket.objects();
        let visible: Vec<_> = objects.iter().filter(|name| name.starts_with("orders")).collect();
        assert!(visible.is_empty() || visible.len() == 2 || visible[0] == "orders.ndjson", "{objects:?}");
        if visible.len() == 2 {
            done(&user.types(&format!("verify {url}")));
        }
        for name in visible {
            std::fs::remove_file(bucket.directory.join(name)).unwrap();
        }
    }
}

/// The address of the store.
fn store() -> String {
    variable("OPTIMIZE_TEST_S3").unwrap().replace("http://", "")
}

/// The export of a large report through a gate.
fn through(gate: &Gate, bucket: &Bucket, server: &Sandbox) -> Ran {
    let user = bucket.user(server).with("AWS_ENDPOINT_URL", &format!("http://{}", gate.0));
    user.types(&format!("report data orders-raw -q -f s3://{}/orders.ndjson", bucket.name))
}

#[test]
fn a_store_that_throttles_is_asked_again() {
    let Some(bucket) = Bucket::new("throttled") else { return };
    let gate = Gate::open(&store(), |number| if number < 3 { Rule::Answer(503, "SlowDown") } else { Rule::Pass });
    done(&through(&gate, &bucket, &Server::new()));
    assert_eq!(bucket.objects(), ["orders.ndjson", "orders.ndjson.manifest.json"]);
}

#[test]
fn a_store_that_refuses_or_lacks_the_bucket_is_an_error_with_its_name() {
    for (status, code) in [(403, "AccessDenied"), (404, "NoSuchBucket")] {
        let Some(bucket) = Bucket::new(&code.to_lowercase()) else { return };
        let gate = Gate::open(&store(), move |_| Rule::Answer(status, code));
        let ran = through(&gate, &bucket, &Server::new());
        let name = format!("s3://{}/orders.ndjson", bucket.name);
        assert!(ran.code == Some(3) && ran.stderr.contains(&name) && ran.stderr.contains(code), "{ran}");
        assert_eq!(bucket.objects(), Vec::<String>::new());
    }
}

#[test]
fn a_store_that_disappears_midway_leaves_no_object() {
    let Some(bucket) = Bucket::new("gone") else { return };
    // The second part does not arrive, nor anything after it.
    let gate = Gate::open(&store(), |number| Rule::Cut(if number == 0 { 12_000_000 } else { 0 }));
    let ran = through(&gate, &bucket, &Server::new());
    assert!(ran.code == Some(3) && ran.stderr.contains(&bucket.name), "{ran}");
    assert!(!bucket.objects().iter().any(|name| name.starts_with("orders")), "{:?}", bucket.objects());
}

fn kill(process: &mut Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
fn four_shares_together_are_complete_and_disjoint() {
    let Some(bucket) = Bucket::new("shares") else { return };
    let server = Server::new();
    let target = format!("s3://{}/run", bucket.name);
    let collections = ["claims", "invoices", "returns"];
    let start = |share: u32| {
        let user = bucket.user(&server);
        let shard = format!("{share}/4");
        let line = [
            "export",
            "--collection",
            "claims,invoices,returns",
            "-d",
            &target,
            "--format",
            "csv.gz",
            "--shard",
            &shard,
        ];
        user.start(&line)
    };
    // One share is killed and continued.
    let mut first = start(0);
    std::thread::sleep(Duration::from_millis(150));
    kill(&mut first);
    let user = bucket.user(&server);
    let open = user.types(&format!("export status {target}"));
    assert!(matches!(open.code, Some(5 | 8)), "{open}");
    let line = format!("export --collection claims,invoices,returns -d {target} --format csv.gz --shard 0/4 --resume");
    done(&user.types(&line));
    for mut share in (1..4).map(start).collect::<Vec<_>>() {
        assert!(share.wait().unwrap().success());
    }
    let status = user.types(&format!("export status {target} -o csv"));
    done(&status);
    let mut wanted = Vec::new();
    for collection in collections {
        let listed = user.types(&format!("report list --collection {collection} -o csv"));
        wanted.extend(listed.stdout.lines().skip(1).map(str::to_owned));
    }
    wanted.sort();
    let found: Vec<_> = status.stdout.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    assert_eq!(found, wanted);
    done(&user.types(&format!("verify {target}")));
    let states = bucket.objects().iter().filter(|name| name.contains("optimize-export.")).count();
    assert_eq!(states, 4);
}

/// Kills exports at points in time spread over their run; returns how many had ended before.
fn killed(format: &str, rounds: u32) -> u32 {
    let server = Server::new();
    let user = User::of(&server);
    let file = format!("rows.{format}");
    let line = ["report", "data", "orders-open", "-q", "-f", &file];
    let begun = std::time::Instant::now();
    done(&user.run(&line));
    let whole = begun.elapsed();
    let mut ended = 0;
    for round in 0..rounds {
        for name in user.files() {
            std::fs::remove_file(user.path(&name)).unwrap();
        }
        user.file(&file, "LAST GOOD");
        let mut export = user.command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * (round * 7919 % rounds) / rounds);
        kill(&mut export);
        // The old file, or a new one that is whole, with its manifest or, for a moment, without one.
        let is_old = std::fs::read(user.path(&file)).unwrap() == b"LAST GOOD";
        let verified = user.types(&format!("verify {file}"));
        assert!(
            is_old || verified.code == Some(0) || verified.stdout.contains("no manifest"),
            "{format} {round}: {verified}"
        );
        ended += u32::from(!is_old);
    }
    ended
}

#[test]
fn a_killed_export_leaves_the_last_file_or_a_whole_one() {
    if variable("OPTIMIZE_TEST_PYTHON").is_none() {
        return;
    }
    let rounds = variable("OPTIMIZE_TEST_KILLS").map_or(10, |text| text.parse().unwrap());
    let counts: BTreeMap<_, _> = FORMATS.iter().map(|format| (*format, killed(format, rounds))).collect();
    for (format, ended) in counts {
        println!("| {format} | {rounds} | {ended} |");
    }
}

/// Kills an ingestion until nothing is left of it.
#[test]
fn a_killed_ingestion_loses_no_row_and_doubles_none() {
    if variable("OPTIMIZE_TEST_PYTHON").is_none() {
        return;
    }
    const ROWS: usize = 30_000;
    let kills = variable("OPTIMIZE_TEST_KILLS").map_or(10, |text| text.parse().unwrap());
    let server = Server::new();
    let user = User::of(&server);
    let row = |number| format!("a,Long,{number},{number},invoice\n");
    let rows: String = (0..ROWS).map(row).collect();
    user.file("v.csv", &format!("name,type,value,processInstanceId,processDefinitionKey\n{rows}"));
    let line = ["variable", "ingest", "v.csv", "--journal", "done", "--batch-size", "50"];
    let mut killed = 0;
    for round in 0..kills {
        let mut ingest = user.command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(30 + round * 37 % 200));
        killed += u32::from(ingest.try_wait().unwrap().is_none());
        kill(&mut ingest);
    }
    let ran = user.run(&line);
    done(&ran);
    let found = server.ingested_variables();
    let ids: std::collections::BTreeSet<_> = found.iter().map(|one| one["id"].to_string()).collect();
    assert_eq!((found.len(), ids.len()), (ROWS, ROWS));
    println!("{killed} of {kills} kills before the end; then {}", ran.stdout.trim());
    assert!(user.run(&line).stdout.contains(&format!("\"skipped\":{ROWS}")));
}
