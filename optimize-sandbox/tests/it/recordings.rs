//! The requests that were recorded with the real web stacks of each release, asked again of the sandbox.
//!
//! Status, headers, connection and form of the body are compared; rows and texts of the recordings are stand-ins.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use optimize_sandbox::{Release, Sandbox, TokenAlgorithm};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{start, token};

const RELEASES: [(Release, &str); 5] = [
    (Release::V8_6, include_str!("../recordings/8.6.jsonl")),
    (Release::V8_7, include_str!("../recordings/8.7.jsonl")),
    (Release::V8_8, include_str!("../recordings/8.8.jsonl")),
    (Release::V8_9, include_str!("../recordings/8.9.jsonl")),
    (Release::V8_10, include_str!("../recordings/8.10.jsonl")),
];

/// Why a case cannot be sent here, by a part of its name or request.
const NOT_SENT: [(&str, &str); 7] = [
    ("<jwt>", "the token is made for the case; `authorization.rs` has tests of its own"),
    ("25 MB, no token, Expect", "the HTTP library of the sandbox asks for the body first"),
    ("…", "the request is cut in the recording"),
    ("HTTP/2", "another protocol"),
    ("TLS hello", "another protocol"),
    ("pipelining", "two responses"),
    ("body held back", "the HTTP library of the sandbox asks for the body first"),
];

/// Accepted differences: a part of the case's name, a part of the difference, and the reason.
const REASONS: &[(&str, &str, &str)] = &[
    ("150 headers", "431", "the HTTP library of the sandbox takes at most 100 headers"),
    ("Content-Length", "", "the HTTP library of the sandbox refuses it by itself"),
    ("HTTP/9.9", "", "the HTTP library of the sandbox refuses it by itself"),
    ("HTTP/1.0 with keep-alive", "connection", "the HTTP library of the sandbox keeps it, as it was asked"),
    ("broken chunk", "", "the HTTP library of the sandbox refuses it by itself"),
    ("header value with a control byte", "", "the HTTP library of the sandbox refuses it by itself"),
    ("header with a bad name", "", "the HTTP library of the sandbox refuses it by itself"),
    ("raw in the path", "", "the HTTP library of the sandbox refuses it by itself"),
    ("raw blank in the path", "", "the HTTP library of the sandbox refuses it by itself"),
    ("broken percent encoding in the query", "", "the sandbox reads queries as browsers do"),
    ("definitions: UTF-16", "", "the sandbox reads UTF-8 only; no client of Optimize sends anything else"),
    ("definitions: comment", "", "the sandbox reads plain JSON only"),
    ("definitions: latin-1 charset", "", "the sandbox reads UTF-8 only"),
    ("Content-Type", "", "the sandbox takes an unreadable type for another type"),
    ("event ingestion (C7 path)", "204", "this release is Optimize for Camunda 7, too, which takes events"),
    ("import: ", "400 ", "the recorded file is no complete definition"),
    ("import: ", "| 400", "the recorded file is no complete definition"),
    ("internal API", "", "the internal API is not a part of the sandbox"),
    (
        "process definition key",
        "",
        "the recorded stand-in has the operation in every release; by the contract 8.10 has it",
    ),
    ("root with the token", "", "the user interface is not a part of the sandbox"),
    ("token in the query and in the header", "", "the sandbox does not look for tokens in queries"),
    ("variables: null element", "", "the recorded stand-in does not check elements"),
    ("variables: unknown type", "", "by the contract it is a validation error; the stand-in's type is an enum"),
    ("collection create", "8.6", "by the contract collections came with 8.7"),
    ("scope", "8.6", "by the contract collections came with 8.7"),
    ("Accept: text/html", "500 | 404", "an id that is not known comes first"),
    ("", "body: id name", "by the contract collections came with 8.7"),
    ("cannot be evaluated", "", "the sandbox has no such report"),
    ("limit", "body: ", "the recorded stand-in writes every member of a page, the sandbox those of its kind of report"),
    ("searchRequestId", "", "the recorded stand-in takes any cursor"),
    (
        "data export",
        "body: ",
        "the recorded stand-in writes every member of a page, the sandbox those of its kind of report",
    ),
];

/// Ids of the recorded stand-in, and what stands for them in the sandbox.
const IDS: [(&str, &str); 3] = [
    ("/export/report/r1/", "/export/report/orders-by-step/"),
    ("/export/report/combined/", "/export/report/orders-side-by-side/"),
    ("\"parcelRouting\"", "\"order-process\""),
];

/// What is compared.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    status: String,
    content_type: String,
    challenge: String,
    cache_control: String,
    location: String,
    connection: String,
    body: String,
    /// Whether an id is not known here. The recorded stand-in knows every id.
    is_unknown_id: bool,
}

impl Seen {
    fn fields(&self) -> [(&'static str, &str); 7] {
        [
            ("status", &self.status),
            ("type", &self.content_type),
            ("challenge", &self.challenge),
            ("cache", &self.cache_control),
            ("location", &self.location),
            ("connection", &self.connection),
            ("body", &self.body),
        ]
    }

    fn recorded(case: &Value) -> Self {
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        let header = |name: &str| case["headers"][name].as_str().unwrap_or_default();
        let content_type = essence(text("content_type"));
        let body = match &case["body"] {
            Value::String(body) => form(body),
            Value::Null => "empty".to_owned(),
            body => form(&body.to_string()),
        };
        Self {
            status: case["status"].to_string(),
            challenge: challenge(text("www_authenticate")),
            cache_control: text("cache_control").to_owned(),
            location: location(header("Location")),
            connection: if text("connection").is_empty() { "kept" } else { "closed" }.to_owned(),
            body,
            content_type,
            is_unknown_id: false,
        }
    }
}

fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_owned()
}

/// The names of the parameters; of `error` the value, too.
fn challenge(text: &str) -> String {
    let names = text.match_indices("=\"").map(|(place, _)| {
        let name = text[..place].rsplit([' ', ',']).next().unwrap_or_default();
        let value = text[place + 2..].split('"').next().unwrap_or_default();
        if name == "error" { format!("{name}={value}") } else { name.to_owned() }
    });
    let scheme = text.split(' ').next().unwrap_or_default().to_owned();
    std::iter::once(scheme).chain(names).collect::<Vec<_>>().join(" ")
}

fn location(text: &str) -> String {
    match text {
        "" => "",
        text if text.contains("response_type=") => "login page",
        text if text.ends_with("/#") || text.contains("/#") => "user interface",
        _ => "other",
    }
    .to_owned()
}

/// The form of a body: of an object its members, of anything else its kind.
fn form(body: &str) -> String {
    match serde_json::from_str(body) {
        _ if body.trim().is_empty() => "empty".to_owned(),
        Ok(Value::Object(members)) => {
            let mut names: Vec<_> = members.keys().map(String::as_str).collect();
            names.sort_unstable();
            names.join(" ")
        }
        Ok(Value::Array(_)) => "array".to_owned(),
        _ if body.trim_start().starts_with('<') => "web page".to_owned(),
        _ => "text".to_owned(),
    }
}

/// Sends a request as it is; `None` if there is no response.
async fn ask(sandbox: &Sandbox, request: &str) -> Option<Seen> {
    let address = sandbox.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    // Each character stands for one byte.
    let sent: Vec<u8> = request.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect();
    stream.write_all(&sent).await.unwrap();
    let mut bytes = Vec::new();
    // A response that is kept open is known by its length, one without an end by the time.
    while !is_complete(&bytes, request) {
        match tokio::time::timeout(Duration::from_secs(2), stream.read_buf(&mut bytes)).await {
            Ok(Ok(1..)) => {}
            _ => break,
        }
    }
    // The first version of HTTP keeps no connection, and says nothing of that.
    let mut byte = [0];
    let end = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut byte));
    let ends = request.contains(" HTTP/1.0\r\n") && matches!(end.await, Ok(Ok(0)));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let text = text.strip_prefix(CONTINUE).unwrap_or(&text);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let header = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
    let body = if header("transfer-encoding") == "chunked" { unchunked(body) } else { body.to_owned() };
    Some(Seen {
        status,
        content_type: essence(header("content-type")),
        challenge: challenge(header("www-authenticate")),
        cache_control: header("cache-control").to_owned(),
        location: location(header("location")),
        connection: if header("connection") == "close" || ends { "closed" } else { "kept" }.to_owned(),
        is_unknown_id: ["does not exist", "there is no", "do not exist"].iter().any(|text| body.contains(text)),
        body: form(&body),
    })
}

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

fn is_complete(bytes: &[u8], request: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix(CONTINUE).unwrap_or(&text);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let has_no_body = request.starts_with("HEAD ") || head.contains(" 204 ");
    has_no_body || length.is_some_and(|length| body.len() >= length) || body.ends_with("0\r\n\r\n")
}

fn unchunked(body: &str) -> String {
    let mut whole = String::new();
    let mut rest = body;
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or_default();
        if size == 0 || more.len() < size {
            break;
        }
        whole.push_str(&more[..size]);
        rest = more[size..].trim_start_matches("\r\n");
    }
    whole
}

async fn of(release: Release, setup: &str) -> Option<Sandbox> {
    // The recorded requests have the lengths of tokens with long signatures.
    let builder = Sandbox::builder().release(release).token_algorithm(TokenAlgorithm::Rs256);
    Some(match setup {
        "" => start(builder).await,
        "before the fixes" => start(builder.unpatched()).await,
        "the key set cannot be reached" => start(builder.trust("http://127.0.0.1:1/jwks")).await,
        _ => return None,
    })
}

#[tokio::test]
async fn the_sandbox_responds_as_the_web_stacks_do() {
    let mut differences: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    let (mut asked, mut same, mut unknown, mut skipped) = (0, 0, 0, 0);
    for (release, recording) in RELEASES {
        let mut sandboxes: BTreeMap<String, (Sandbox, String)> = BTreeMap::new();
        for line in recording.lines().skip(1) {
            let case: Value = serde_json::from_str(line).unwrap();
            let (name, setup) = (case["name"].as_str().unwrap(), case["setup"].as_str().unwrap_or_default());
            let Some(request) = case["request"].as_str().filter(|_| case["status"].is_u64()) else {
                skipped += 1;
                continue;
            };
            if NOT_SENT.iter().any(|(part, _)| name.contains(part) || request.contains(part)) {
                skipped += 1;
                continue;
            }
            if !sandboxes.contains_key(setup) {
                let Some(sandbox) = of(release, setup).await else {
                    skipped += 1;
                    continue;
                };
                let token = token(&sandbox, &[]).await;
                sandboxes.insert(setup.to_owned(), (sandbox, token));
            }
            let (sandbox, token) = &sandboxes[setup];
            let host = sandbox.base_url().replace("http://", "");
            let request = IDS.iter().fold(request.to_owned(), |text, (from, to)| text.replace(from, to));
            let request = request.replace("<token>", token).replace("HOST", &host);
            asked += 1;
            let name = if setup.is_empty() { name.to_owned() } else { format!("{name} ({setup})") };
            let recorded = Seen::recorded(&case);
            let Some(seen) = ask(sandbox, &request).await else {
                differences.entry((name, "no response".to_owned())).or_default().push(release.name());
                continue;
            };
            let differing = recorded.fields().into_iter().zip(seen.fields()).filter(|(a, b)| a.1 != b.1);
            let differing: Vec<_> =
                differing.map(|((field, real), (_, ours))| format!("{field}: {real} | {ours}")).collect();
            if differing.is_empty() {
                same += 1;
            } else if seen.is_unknown_id && recorded.status.starts_with(['2', '4']) {
                unknown += 1;
            } else {
                differences.entry((name, differing.join("; "))).or_default().push(release.name());
            }
        }
    }
    let mut unexplained = String::new();
    for ((name, difference), releases) in &differences {
        let releases = releases.join(", ");
        let about = format!("{releases} {difference}");
        let reason = REASONS.iter().find(|(case, part, _)| name.contains(case) && about.contains(part));
        if reason.is_none() {
            writeln!(unexplained, "{name} [{releases}] {difference}").unwrap();
        }
    }
    assert!(unexplained.is_empty(), "differences without a reason:\n{unexplained}");
    assert!(
        asked > 1000 && same > 800,
        "{asked} requests, {same} with the same response, {unknown} unknown ids, {skipped} not sent"
    );
}
