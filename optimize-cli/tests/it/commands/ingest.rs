//! Ingestion of files.

use optimize_sandbox::{Fault, FaultRule, Release, Sandbox};

use crate::harness::{Server, User, check};

const PATH: &str = "/api/ingestion/variable";
const CSV: &str = "\
name,type,value,processInstanceId,processDefinitionKey
amount,Double,1.50,1,invoice
note,String,\"two
lines\",2,invoice
,String,x,3,invoice
n,Blob,x,4,invoice
";
const NDJSON: &str = r#"
{"name":"a","type":"Long","value":5,"processInstanceId":2251799813700042,"processDefinitionKey":"invoice"}

{"name":"a","typ":"Long"}
not json
{"name":"b","type":"Json","value":{"x": 1.0},"processInstanceId":3,"processDefinitionKey":"invoice"}"#;

#[test]
fn rows_of_every_format_are_ingested_and_bad_ones_reported_with_their_place() {
    let server = Server::new();
    let user = User::of(&server);
    user.file("v.csv", CSV);
    user.file("v.ndjson", NDJSON);
    let array =
        r#"[{"name":"c","type":"Boolean","value":true,"processInstanceId":"4","processDefinitionKey":"invoice"}, 5]"#;
    user.file("v.json", array);
    let ran = user.types("variable ingest v.csv v.ndjson v.json");
    let mut lines: Vec<_> = ran.stderr.lines().collect();
    lines.sort_unstable();
    check!(format!("{:?} {}{}", ran.code, ran.stdout, lines.join("\n")), @r#"
    Some(8) {"rows":10,"accepted":5,"refused":5,"failed":0,"skipped":0}
    error: 5 of 10 rows were refused
    warning: v.csv, line 5: missing field `name`
    warning: v.csv, line 6: type: the server knows no type "Blob"
    warning: v.json, element 1: invalid type: integer `5`, expected a JSON object
    warning: v.ndjson, line 4: unknown field `typ`, expected one of `id`, `name`, `type`, `value`, `processInstanceId`, `processDefinitionKey`, `serializationDataFormat`
    warning: v.ndjson, line 5: it is not JSON: expected ident
    "#);
    let values: Vec<_> =
        server.ingested_variables().iter().map(|one| format!("{} {}", one["id"], one["value"])).collect();
    insta::assert_snapshot!(values.join("\n"), @r#"
    "1:amount:Double" "1.50"
    "2251799813700042:a:Long" "5"
    "2:note:String" "two\nlines"
    "3:b:Json" "{\"x\": 1.0}"
    "4:c:Boolean" "true"
    "#);
}

fn rows(count: usize) -> String {
    let row = |number| format!("a,Long,{number},{number},invoice\n");
    std::iter::once("name,type,value,processInstanceId,processDefinitionKey\n".to_owned())
        .chain((0..count).map(row))
        .collect()
}

#[test]
fn a_second_run_goes_on_where_the_first_ended() {
    let fault = FaultRule::new(PATH, Fault::status(500)).after(3).times(1);
    let server = Server::start(Sandbox::builder().fault(fault));
    let user = User::of(&server);
    user.file("v.csv", &rows(1000));
    let line = "variable ingest v.csv --journal done --batch-size 100 --concurrency 1";
    check!(user.types(line), @r#"
    exit 8
    --- stdout
    {"rows":400,"accepted":300,"refused":0,"failed":100,"skipped":0}
    --- stderr
    error: failed to ingest every row: 300 of 400 rows were accepted, then it ended: failed to ingest variables: the server returned 500
    hint: the server failed before the request reached Optimize's own code, since its error has no `errorCode`: see the server's log; often the server cannot reach its identity provider to check the token
    "#);
    // As if the run had been killed while it wrote.
    user.file("done", &format!("{}{{\"accep", user.read("done")));
    check!(user.types(line), @r#"
    exit 0
    --- stdout
    {"rows":1000,"accepted":700,"refused":0,"failed":0,"skipped":300}
    --- stderr
    "#);
    assert_eq!(server.ingested_variables().len(), 1000);
    check!(user.types(line).stdout, @r#"{"rows":1000,"accepted":0,"refused":0,"failed":0,"skipped":1000}"#);
    user.file("v.csv", &rows(999));
    check!(user.types(line).stdout, @r#"{"rows":999,"accepted":99,"refused":0,"failed":0,"skipped":900}"#);
    // The rows of one server are not accepted by another one.
    let other = Server::new();
    let user = user.with("OPTIMIZE_BASE_URL", &other.base_url());
    check!(user.types(line), @"
    exit 3
    --- stdout
    --- stderr
    error: the journal done, line 1: it is for variables at http://127.0.0.1:PORT/, and this run sends to variables at http://127.0.0.1:PORT/
    hint: use another journal, or remove this one to send every row again
    ");
}

#[test]
fn files_that_cannot_be_read_are_reported_and_nothing_is_lost() {
    let user = User::of_a_server();
    check!(user.types("variable ingest nowhere.csv"), @r#"
    exit 3
    --- stdout
    {"rows":0,"accepted":0,"refused":0,"failed":0,"skipped":0}
    --- stderr
    error: failed to read nowhere.csv: No such file or directory (os error 2)
    "#);
    user.file("v.csv", "nam,type\n");
    check!(user.types("variable ingest v.csv").stderr, @r#"
    error: failed to read v.csv: unknown column "nam"
    hint: did you mean `name`?
    "#);
    user.file("v.csv", "name,type\n");
    check!(user.types("variable ingest v.csv").stderr, @r#"error: failed to read v.csv: there is no column "processInstanceId""#);
    let row = r#"{"name":"a","type":"Long","value":5,"processInstanceId":1,"processDefinitionKey":"invoice"}"#;
    let user = user.typing(&format!("[{row},{{\"name\":"));
    check!(user.types("variable ingest -"), @r#"
    exit 8
    --- stdout
    {"rows":1,"accepted":1,"refused":0,"failed":0,"skipped":0}
    --- stderr
    error: failed to ingest every row: 1 of 1 rows were accepted, then it ended: failed to read standard input: the JSON array cannot be read: EOF while parsing a value at line 1 column 101
    "#);
}

#[test]
fn events_are_ingested_by_servers_of_camunda_7() {
    let server = Server::start(Sandbox::builder().release(Release::V8_6));
    let event = r#"{"specversion":"1.0","id":"1","source":"depot","type":"arrived","traceid":"p","time":"2024-03-05T14:07:09.120Z","data":{"gate": 4.0},"more":1}"#;
    let user = User::of(&server).typing(event);
    check!(user.types("event ingest -"), @r#"
    exit 0
    --- stdout
    {"rows":1,"accepted":1,"refused":0,"failed":0,"skipped":0}
    --- stderr
    "#);
    assert_eq!(server.ingested_events()[0]["data"]["gate"], 4.0);
    check!(user.typing("id,source\n1,depot\n").types("event ingest -").stderr, @"error: failed to read standard input: expected JSON or NDJSON");
}
