//! Spans that arrive at a collector.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use optimize_sandbox::{Fault, FaultRule, Sandbox};
use prost::Message;

use crate::harness::{Server, User, check};

/// A collector that keeps what it gets.
struct Collector {
    url: String,
    heads: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Collector {
    fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self { url, heads: Arc::default(), requests: Arc::default() };
        let (heads, requests) = (collector.heads.clone(), collector.requests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (head, body) = receive(&mut stream.unwrap(), status);
                heads.lock().unwrap().push(head);
                requests.lock().unwrap().push(ExportTraceServiceRequest::decode(body.as_slice()).unwrap());
            }
        });
        collector
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.requests.lock().unwrap();
        let scopes = requests.iter().flat_map(|request| &request.resource_spans).flat_map(|spans| &spans.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }
}

/// Reads one request and closes the connection after the response.
fn receive(stream: &mut TcpStream, status: &str) -> (String, Vec<u8>) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    (head, body)
}

fn attributes(span: &Span) -> BTreeMap<String, String> {
    let shown = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let pair = |attribute: &opentelemetry_proto::tonic::common::v1::KeyValue| {
        let value = attribute.value.as_ref()?.value.as_ref()?;
        Some((attribute.key.clone(), shown(value)))
    };
    span.attributes.iter().filter_map(pair).collect()
}

#[test]
fn a_run_is_one_trace_below_the_span_that_started_it() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let collector = Collector::start("200 OK");
    let rule = FaultRule::new("/api/public/report", Fault::status(503));
    let user = User::owning(Server::start(Sandbox::builder().fault(rule)))
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-key=canary-77b1")
        .with("TRACEPARENT", &format!("00-{TRACE}-00f067aa0ba902b7-01"));
    let ran = user.types("report list --collection claims");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    let spans = collector.spans();
    let of = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let hexadecimal = optimize_config::sha256::hexadecimal;
    for span in &spans {
        assert_eq!(hexadecimal(&span.trace_id), TRACE, "{}", span.name);
        assert!(!format!("{span:?}").contains("canary"));
    }
    let [root] = of("optimize report list")[..] else { panic!("{spans:#?}") };
    assert_eq!(hexadecimal(&root.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(attributes(root)["process.exit.code"], "0");
    let [call] = of("report.list")[..] else { panic!("{spans:#?}") };
    assert_eq!(call.parent_span_id, root.span_id);
    let attempts = of("GET");
    let seen: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            assert_eq!(attempt.parent_span_id, call.span_id);
            let all = attributes(attempt);
            let error = all.get("error.type").cloned().unwrap_or_default();
            (all["http.request.resend_count"].clone(), all["http.response.status_code"].clone(), error)
        })
        .collect();
    let expected = [("0", "503", "503"), ("1", "200", "")];
    assert_eq!(seen, expected.map(|(count, status, error)| (count.to_owned(), status.to_owned(), error.to_owned())));
    let [token] = of("POST")[..] else { panic!("{spans:#?}") };
    assert!(attributes(token)["url.full"].ends_with("/token"), "{token:?}");
    let heads = collector.heads.lock().unwrap().join("\n");
    assert!(heads.starts_with("post /v1/traces http/1.1\r\n") && heads.contains("x-key: canary-77b1"), "{heads}");
    let requests = collector.requests.lock().unwrap();
    let resource = format!("{:?}", requests[0].resource_spans[0].resource);
    assert!(resource.contains("service.name") && resource.contains("\"optimize\""), "{resource}");
}

#[test]
fn a_collector_that_refuses_is_a_warning_and_the_command_has_done_its_work() {
    let collector = Collector::start("401 Unauthorized");
    let user = User::of_a_server().with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    check!(user.types("collection list -o ndjson --columns id"), @r#"
    exit 0
    --- stdout
    {"id":"claims"}
    {"id":"invoices"}
    {"id":"orders"}
    {"id":"returns"}
    --- stderr
    warning: spans did not arrive at the collector: it returned 401
    "#);
    let gone = user.with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    let ran = gone.types("report data no-such-report");
    assert_eq!(ran.code, Some(6), "{ran}");
    assert!(ran.stderr.contains("spans did not arrive at the collector: "), "{ran}");
}

#[test]
fn what_cannot_be_exported_to_is_a_warning() {
    let user = User::of_a_server().with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317");
    let ran = user.with("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc").types("sharing enable");
    check!(ran, @"
    exit 0
    --- stdout
    --- stderr
    warning: OTEL_EXPORTER_OTLP_PROTOCOL: this program speaks http/protobuf alone (set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf)
    sharing is enabled
    ");
}

#[test]
fn without_a_collector_nothing_is_exported() {
    let collector = Collector::start("200 OK");
    let user =
        User::of_a_server().with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url).with("OTEL_SDK_DISABLED", "true");
    assert_eq!(user.types("collection list").code, Some(0));
    assert!(collector.heads.lock().unwrap().is_empty());
}
