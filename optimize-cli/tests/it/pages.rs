//! What every command prints in every format, and what every kind of error prints.

use std::fmt::Write as _;

use optimize_api::Operation;
use optimize_sandbox::{Entry, Fault, FaultRule, Release, Sandbox};

use crate::harness::{Ran, Server, User, filters};

/// What a command prints, which decides what its formats are.
#[derive(Clone, Copy, PartialEq)]
enum Prints {
    Rows,
    Record,
    /// A text with a form of its own.
    Document,
    Nothing,
}

/// Every command that ends by itself, with all it needs, in an order in which they can be typed.
const COMMANDS: &[(&str, Prints)] = &[
    ("api GET /api/public/report?collectionId=claims", Prints::Document),
    ("auth doctor", Prints::Rows),
    ("auth status", Prints::Record),
    ("auth token", Prints::Document),
    ("auth logout", Prints::Nothing),
    ("collection create Depot --owner demo", Prints::Record),
    ("collection get claims", Prints::Record),
    ("collection list", Prints::Rows),
    ("collection scope set claims --file scope.json", Prints::Nothing),
    ("completion bash", Prints::Document),
    ("config explain", Prints::Rows),
    ("config path", Prints::Rows),
    ("config profiles", Prints::Rows),
    ("config schema", Prints::Document),
    ("config trust project.toml --yes", Prints::Nothing),
    ("config trust --list", Prints::Rows),
    ("config validate", Prints::Rows),
    ("dashboard export claims-overview", Prints::Document),
    ("dashboard list --collection claims", Prints::Rows),
    ("definitions init --collection orders", Prints::Nothing),
    ("definitions pull", Prints::Rows),
    ("import board.json --collection claims", Prints::Rows),
    ("import board.json --collection claims --dry-run", Prints::Rows),
    ("man", Prints::Document),
    ("plugin install optimize-tally", Prints::Record),
    ("plugin doctor", Prints::Rows),
    ("plugin info tally", Prints::Record),
    ("plugin list", Prints::Rows),
    ("plugin trust tally --token", Prints::Nothing),
    ("plugin trust --list", Prints::Rows),
    ("plugin remove tally", Prints::Nothing),
    ("plugin test-credential -- HELPER", Prints::Rows),
    ("process-definition delete 2251799813685249 --yes", Prints::Record),
    ("ready", Prints::Record),
    ("report data claims-raw --limit 3", Prints::Rows),
    ("report data claims-by-risk", Prints::Rows),
    ("report data claims-count", Prints::Record),
    ("report export claims-raw", Prints::Document),
    ("report list --collection claims", Prints::Rows),
    ("report delete claims-raw --yes", Prints::Rows),
    ("dashboard delete claims-overview --yes", Prints::Rows),
    ("sharing disable", Prints::Nothing),
    ("sharing enable", Prints::Nothing),
    ("variable ingest variables.csv", Prints::Record),
    ("variable label set --definition invoice amount:Double=Amount", Prints::Nothing),
];

/// A user of a new server, with the files that the commands name.
fn user() -> User {
    let server = Server::start(Sandbox::builder().release(Release::V8_10));
    let user = User::owning(server);
    let board = user.types("dashboard export claims-overview").stdout;
    user.file("board.json", &board);
    user.file("project.toml", "base_url = 'https://optimize.example.com'\n");
    user.file("scope.json", r#"[{"definitionType":"process","definitionKey":"invoice"}]"#);
    user.file("variables.csv", "name,type,value,processInstanceId,processDefinitionKey\na,Long,1,1,invoice\n");
    user.script("optimize-tally", "echo '{\"optimize_plugin\":1,\"name\":\"tally\",\"version\":\"1.0.0\"}'");
    user.script(
        "helper",
        "echo '{\"optimize-credential\":{\"v\":[1],\"name\":\"h\",\"caps\":[\"get\"]}}'\nread -r request || exit 0\n\
         echo '{\"v\":1,\"id\":\"1\",\"ok\":{\"kind\":\"bearer\",\"secret\":\"t\"}}'",
    );
    user
}

/// What is wrong with the output of a command in a format.
fn complaint(prints: Prints, format: &str, ran: &Ran) -> Option<String> {
    let text = &ran.stdout;
    let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| !value.is_null());
    let has_form = match (prints, format) {
        (Prints::Nothing, _) => text.is_empty(),
        (Prints::Document, _) | (_, "table") => !text.trim().is_empty() && (prints != Prints::Rows || !is_json(text)),
        (Prints::Rows, "json") => text.starts_with("[\n") && is_json(text),
        (Prints::Record, "json") => text.starts_with('{') && is_json(text),
        (_, "csv") => {
            let mut csv = csv::Reader::from_reader(text.as_bytes());
            let rows = csv.records().collect::<Result<Vec<_>, _>>();
            rows.is_ok_and(|rows| !rows.is_empty() && (prints == Prints::Rows || rows.len() == 1))
        }
        (_, _) => !text.is_empty() && text.lines().all(is_json),
    };
    (!has_form).then(|| format!("{ran}"))
}

#[cfg(unix)]
#[test]
fn every_command_prints_every_format() {
    let formats = ["table", "json", "ndjson", "csv"];
    let mut sent = Vec::new();
    for format in formats {
        let user = user();
        let helper = user.path("helper").display().to_string();
        for (line, prints) in COMMANDS {
            let ran = user.types(&format!("-o {format} {}", line.replace("HELPER", &helper)));
            assert!(ran.code == Some(0) || line.starts_with("plugin test-credential"), "{line}: {ran}");
            assert_eq!(complaint(*prints, format, &ran), None, "{line} -o {format}");
        }
        sent.extend(user.server_journal());
    }
    let without: Vec<_> =
        Operation::all().iter().filter(|operation| !is_sent(operation, &sent)).map(|it| it.id).collect();
    // The first is of Camunda 7 alone and has a test of its own; there is `optimize api` for what is in development.
    assert_eq!(without, ["event.ingest", "agentic.dashboard", "agentic.evaluate"], "operations without a command");
}

/// Whether a request of this operation has arrived.
fn is_sent(operation: &Operation, journal: &[Entry]) -> bool {
    let is_part = |part: &str, known: &str| part == known || known == "{id}";
    journal.iter().any(|entry| {
        let (parts, known): (Vec<_>, Vec<_>) = (entry.path.split('/').collect(), operation.path.split('/').collect());
        entry.method == operation.method.as_str()
            && parts.len() == known.len()
            && parts.iter().zip(known).all(|(part, known)| is_part(part, known))
    })
}

/// What can go wrong, a server or setting that makes it so, and the command that meets it.
fn mishaps() -> Vec<(&'static str, User, &'static str)> {
    let list = "report list --collection claims";
    let failing = |fault: Fault| {
        let rule = FaultRule::new("/api/public/report", fault).times(u32::MAX);
        User::owning(Server::start(Sandbox::builder().fault(rule)))
    };
    let token = |code: u16, body: &str| {
        let rule = FaultRule::new("/oauth/token", Fault::response(code, "application/json", body)).times(u32::MAX);
        User::owning(Server::start(Sandbox::builder().fault(rule)))
    };
    let configured = |text: &str| {
        let user = User::new();
        user.configure(text);
        user
    };
    let full = User::of_a_server();
    full.file(
        "v.csv",
        "name,type,value,processInstanceId,processDefinitionKey\n,Long,1,1,invoice\nb,Long,1,1,invoice\n",
    );
    vec![
        ("an unknown flag", User::new(), "report list --colection x"),
        ("a missing argument", User::new(), "report data"),
        ("an unknown command", User::new(), "reprot"),
        ("flags that exclude each other", User::new(), "--sandbox --base-url https://x report list --collection x"),
        ("a question without a terminal", User::of_a_server(), "report delete x"),
        ("no server", User::new(), list),
        ("no credentials", User::new().with("OPTIMIZE_BASE_URL", "https://x.example"), list),
        (
            "half a set of credentials",
            User::new().with("OPTIMIZE_BASE_URL", "https://x.example").with("OPTIMIZE_CLIENT_ID", "x"),
            list,
        ),
        ("a configuration that is no TOML", configured("a = = 1"), list),
        ("an unknown key", configured("base_ulr = 'x'"), list),
        ("an unknown profile", configured("[profiles.prod]"), "--profile prd ready"),
        ("plain http to another machine", User::new().with("OPTIMIZE_BASE_URL", "http://x.example"), list),
        ("a redirect", failing(Fault::response(302, "text/html", "").with_header("location", "/login")), list),
        ("a web page", failing(Fault::response(200, "text/html", "<html>")), list),
        ("a file that is not there", User::of_a_server(), "import nowhere.json --collection claims"),
        ("a file that cannot be written", User::of_a_server(), "report data claims-raw -f nowhere/rows.csv"),
        ("the token endpoint refuses", token(401, r#"{"error":"invalid_client"}"#), list),
        ("the token endpoint talks nonsense", token(200, "[]"), list),
        ("the token endpoint is down", token(503, ""), list),
        ("401 in spite of a new token", failing(Fault::Unauthorized), list),
        ("403", failing(Fault::status(403)), list),
        ("a report that does not exist", User::of_a_server(), "report export nobody"),
        (
            "a request that the server refuses",
            failing(Fault::response(400, "application/json", r#"{"errorCode":"badRequestError","errorMessage":"no"}"#)),
            list,
        ),
        (
            "a failure of the server",
            failing(Fault::response(500, "application/json", r#"{"errorCode":"serverError"}"#)),
            list,
        ),
        ("an import into a collection without the scope", User::of_a_server(), "import board.json --collection orders"),
        (
            "a server that is not there",
            User::new().with("OPTIMIZE_BASE_URL", "http://127.0.0.1:1").with("OPTIMIZE_TOKEN", "t"),
            list,
        ),
        ("a server that is busy", failing(Fault::status(503)), list),
        (
            "a server that is not ready",
            User::owning(Server::start(Sandbox::builder().fault(FaultRule::new("/api/readyz", Fault::status(503))))),
            "ready",
        ),
        (
            "a page of report data that is lost",
            User::owning(Server::failing_on_second_page(Fault::status(503), 1)),
            "report data invoices-raw -f rows.csv --page-size 1000 --restart 0",
        ),
        ("a row that is refused", full, "variable ingest v.csv"),
        ("one of several ids", User::of_a_server(), "report delete claims-raw nobody --yes"),
    ]
}

#[cfg(unix)]
#[test]
fn every_error_has_its_code_and_message() {
    let mut text = String::new();
    for (what, user, line) in mishaps() {
        if line.starts_with("import board") {
            user.types("dashboard export --collection claims -f board.json");
        }
        let ran = user.types(line);
        assert_ne!(ran.code, Some(0), "{what}: {ran}");
        let message = ran.stderr.lines().filter(|line| !line.is_empty() && !line.starts_with("For more information"));
        let message = message.collect::<Vec<_>>().join("\n    ");
        writeln!(text, "{} {what}: optimize {line}\n    {message}", ran.code.unwrap()).unwrap();
    }
    insta::with_settings!({ filters => filters(), prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("errors", text);
    });
}

#[test]
fn the_schema_of_the_configuration_is_published() {
    let published = include_str!("../../../docs/config.schema.json");
    assert_eq!(User::new().types("config schema").stdout, published, "write it with: cargo xtask gen");
}
