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
    Some(8) {"rows":10,"accepted":5,"rejected":5,"failed":0,"skipped":0}
    error: 5 of 10 rows were rejected
    warning: v.csv, line 5: missing field `name`
    warning: v.csv, line 6: type: the server knows no type "Blob"
    warning: v.json, element 1: it is a number, not an object
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
    {"rows":400,"accepted":300,"rejected":0,"failed":100,"skipped":0}
    --- stderr
    error: failed to ingest every row: 300 of 400 rows were accepted, then it ended: failed to ingest variables: the server returned 500
    hint: the server failed before the request reached Optimize's own code, since its error has no `errorCode`: see the server's log; often the server cannot reach its identity provider to check the token
    "#);
    // As if the run had been killed while it wrote.
    let mut journal = std::fs::read(user.path("done")).unwrap();
    journal.extend([3, 0, 0]);
    std::fs::write(user.path("done"), journal).unwrap();
    check!(user.types(line), @r#"
    exit 0
    --- stdout
    {"rows":1000,"accepted":700,"rejected":0,"failed":0,"skipped":300}
    --- stderr
    "#);
    assert_eq!(server.ingested_variables().len(), 1000);
    check!(user.types(line).stdout, @r#"{"rows":1000,"accepted":0,"rejected":0,"failed":0,"skipped":1000}"#);
    user.file("v.csv", &rows(999));
    check!(user.types(line).stdout, @r#"{"rows":999,"accepted":0,"rejected":0,"failed":0,"skipped":999}"#);
    // The rows of one server are not accepted by another one.
    let other = Server::new();
    let user = user.with("OPTIMIZE_BASE_URL", &other.base_url());
    check!(user.types(line), @"
    exit 3
    --- stdout
    --- stderr
    error: the journal done: it is for variables at http://127.0.0.1:PORT/, and this run sends to variables at http://127.0.0.1:PORT/: use another journal
    ");
}

#[test]
fn files_that_cannot_be_read_are_reported_and_nothing_is_lost() {
    let user = User::of_a_server();
    check!(user.types("variable ingest nowhere.csv"), @r#"
    exit 3
    --- stdout
    {"rows":0,"accepted":0,"rejected":0,"failed":0,"skipped":0}
    --- stderr
    error: failed to read nowhere.csv: No such file or directory (os error 2)
    "#);
    user.file("v.csv", "nam,type\n");
    check!(user.types("variable ingest v.csv").stderr, @r#"error: failed to read v.csv: there is no column "name" (is it "nam"?); the columns are nam, type (--map name=COLUMN names another one, --set name=VALUE is for all rows)"#);
    user.file("v.csv", "name,type,processInstanceId,processDefinitionKey,vale\n");
    check!(user.types("variable ingest v.csv").stderr, @r#"
    error: failed to read v.csv: unknown column "vale" (--map FIELD=vale says what it is, --ignore-extra leaves it out)
    hint: did you mean `value`?
    "#);
    user.file("v.csv", "name,type\n");
    check!(user.types("variable ingest v.csv").stderr, @r#"error: failed to read v.csv: there is no column "processInstanceId"; the columns are name, type (--map processInstanceId=COLUMN names another one, --set processInstanceId=VALUE is for all rows)"#);
    let row = r#"{"name":"a","type":"Long","value":5,"processInstanceId":1,"processDefinitionKey":"invoice"}"#;
    let user = user.typing(&format!("[{row},{{\"name\":"));
    check!(user.types("variable ingest -"), @r#"
    exit 8
    --- stdout
    {"rows":1,"accepted":1,"rejected":0,"failed":0,"skipped":0}
    --- stderr
    error: failed to ingest every row: 1 of 1 rows were accepted, then it ended: failed to read standard input: element 1: the file ends before the array does
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
    {"rows":1,"accepted":1,"rejected":0,"failed":0,"skipped":0}
    --- stderr
    "#);
    assert_eq!(server.ingested_events()[0]["data"]["gate"], 4.0);
    check!(user.typing("id,source\n1,depot\n").types("event ingest -").stderr, @r#"error: failed to read standard input: there is no column "type"; the columns are id, source (--map type=COLUMN names another one, --set type=VALUE is for all rows)"#);
}

#[test]
fn rejected_rows_are_in_a_file_and_go_on_from_there_once_they_are_right() {
    let server = Server::new();
    let user = User::of(&server);
    user.file(
        "v.csv",
        "name;type;value;processInstanceId;processDefinitionKey\na;Double;1,5;1;d\na;Double\na;Double;2.5;2;d\na;Blob;x;3;d\n",
    );
    check!(user.types("variable ingest v.csv --rejects r.csv -o json"), @r#"
    exit 8
    --- stdout
    {"rows":4,"accepted":1,"rejected":3,"failed":0,"skipped":0,"variables":{"a":{"accepted":1,"rejected":1}}}
    --- stderr
    warning: v.csv, line 2: value: "1,5" is no Double: pass --decimal comma if the comma stands before the decimals
    warning: v.csv, line 3: it has 2 cells, and the heading 5
    warning: v.csv, line 5: type: the server knows no type "Blob"
    {"error":{"kind":"incomplete","message":"3 of 4 rows were rejected","status":null,"operation":null,"serverCode":null,"hint":null,"causes":[]}}
    "#);
    insta::assert_snapshot!(user.read("r.csv"), @r#"
    rejected.file,rejected.row,rejected.reason,name,type,value,processInstanceId,processDefinitionKey
    v.csv,line 2,"value: ""1,5"" is no Double: pass --decimal comma if the comma stands before the decimals",a,Double,"1,5",1,d
    v.csv,line 3,"it has 2 cells, and the heading 5",a,Double
    v.csv,line 5,"type: the server knows no type ""Blob""",a,Blob,x,3,d
    "#);
    let right = user
        .read("r.csv")
        .replace("\"1,5\"", "1.5")
        .replace("Blob", "String")
        .replace("a,Double\r\n", "a,Double,3.5,4,d\n");
    user.file("right.csv", &right.replace("a,Double\n", "a,Double,3.5,4,d\n"));
    check!(user.types("variable ingest right.csv --rejects r.csv"), @r#"
    exit 0
    --- stdout
    {"rows":3,"accepted":3,"rejected":0,"failed":0,"skipped":0}
    --- stderr
    "#);
    assert_eq!(user.read("r.csv"), "", "an older file says nothing of this run");
    assert_eq!(server.ingested_variables().len(), 4);
    // Rows of JSON do not go into CSV.
    user.file("v.ndjson", "{}\n");
    check!(user.types("variable ingest v.ndjson --rejects r.csv").stderr, @"
    error: --rejects r.csv: the rows of v.ndjson are JSON, which does not go into CSV
    hint: name it with the ending .ndjson
    ");
    check!(user.types("variable ingest v.ndjson --rejects r.txt").stderr, @"error: --rejects r.txt: its ending must be .csv or .ndjson");
}

#[test]
fn nothing_is_sent_by_a_dry_run_and_too_many_errors_end_a_run() {
    let server = Server::new();
    let user = User::of(&server);
    user.file("v.csv", &rows(3).replace("a,Long,1,", "a,Long,abc,"));
    let ran = user.types("variable ingest v.csv --dry-run");
    check!(ran, @r#"
    exit 8
    --- stdout
    {"rows":3,"accepted":2,"rejected":1,"failed":0,"skipped":0}
    --- stderr
    warning: v.csv, line 3: value: "abc" is no Long: write a whole number from -9223372036854775808 to 9223372036854775807
    nothing was sent; the first request would be:
    POST http://127.0.0.1:PORT/api/ingestion/variable
    Content-Type: application/json
    Content-Length: 225
    [{"id":"0:a:Long","name":"a","type":"Long","value":"0","processInstanceId":"0","processDefinitionKey":"invoice"},{"id":"2:a:Long","name":"a","type":"Long","value":"2","processInstanceId":"2","processDefinitionKey":"invoice"}]
    error: 1 of 3 rows were rejected
    "#);
    assert_eq!(server.ingested_variables().len(), 0);
    check!(user.types("variable ingest v.csv --max-errors 0").stderr, @r#"
    warning: v.csv, line 3: value: "abc" is no Long: write a whole number from -9223372036854775808 to 9223372036854775807
    error: failed to ingest every row: 2 of 3 rows were accepted, then it ended: 1 of 1 rows were rejected, which is more than --max-errors allows
    "#);
    check!(user.types("variable ingest v.csv --max-errors 50%").stderr, @r#"
    warning: v.csv, line 3: value: "abc" is no Long: write a whole number from -9223372036854775808 to 9223372036854775807
    error: 1 of 3 rows were rejected
    "#);
    check!(user.types("variable ingest v.csv --max-errors 20%").stderr, @r#"
    warning: v.csv, line 3: value: "abc" is no Long: write a whole number from -9223372036854775808 to 9223372036854775807
    error: failed to ingest every row: 2 of 3 rows were accepted, then it ended: 1 of 3 rows were rejected, which is more than --max-errors allows
    "#);
    check!(user.types("variable ingest v.csv --max-errors many").stderr, @"
    error: invalid value 'many' for '--max-errors <N|P%>': expected a number, or a share such as 5%

    For more information, try '--help'.
    ");
    check!(user.types("variable ingest --template"), @"
    exit 0
    --- stdout
    name,type,processInstanceId,processDefinitionKey,value,id,serializationDataFormat
    --- stderr
    ");
    user.file("empty.csv", "name,type,value,processInstanceId,processDefinitionKey\n");
    check!(user.types("variable ingest empty.csv"), @r#"
    exit 0
    --- stdout
    {"rows":0,"accepted":0,"rejected":0,"failed":0,"skipped":0}
    --- stderr
    warning: there was no row to ingest
    "#);
    check!(user.types("variable ingest empty.csv --require-rows").stderr, @"
    warning: there was no row to ingest
    error: there was no row to ingest
    ");
}

#[test]
fn files_as_people_have_them_are_read() {
    let server = Server::new();
    let user = User::of(&server);
    let shown = |ran: &crate::harness::Ran| format!("{:?} {}{}", ran.code, ran.stdout, ran.stderr);
    let mut found = Vec::new();
    user.file(
        "semicolon.csv",
        "name;type;value;processInstanceId;processDefinitionKey\namount;Double;1.5;order-1;order\n",
    );
    user.file(
        "excel-ids.csv",
        "name,type,value,processInstanceId,processDefinitionKey\namount,Double,1.5,2.2518E+15,order\n",
    );
    user.file("own.csv", "KPI;Wert;Fall;Datum;Kommentar\numsatz;1.234,50;7;x;\n");
    user.file("map.txt", "# the columns of the report\nname=KPI\nvalue=Wert\nprocessInstanceId=Fall\n");
    user.file("wide.csv", "id,amount:Double,due:Date\n9,1.5,24.12.2025\n10,,\n");
    for line in [
        "semicolon.csv",
        "excel-ids.csv",
        "own.csv",
        "own.csv --map map.txt --set type=Double --set processDefinitionKey=d --decimal comma",
        "own.csv --map map.txt --set type=Double --set processDefinitionKey=d --decimal comma --ignore-extra",
        "wide.csv --wide id=processInstanceId --set processDefinitionKey=d --date-format %d.%m.%Y",
        "wide.csv --wide instance=id --set processDefinitionKey=d",
        "semicolon.csv --set typ=Double",
        "semicolon.csv --delimiter ,",
        "semicolon.csv --encoding latin-99",
    ] {
        found.push(format!("{line}\n{}", shown(&user.types(&format!("variable ingest {line}")))));
    }
    check!(found.join("\n"), @r#"
    semicolon.csv
    Some(0) {"rows":1,"accepted":1,"rejected":0,"failed":0,"skipped":0}

    excel-ids.csv
    Some(8) {"rows":1,"accepted":0,"rejected":1,"failed":0,"skipped":0}
    warning: excel-ids.csv, line 2: processInstanceId: "2.2518E+15" is a number that a spreadsheet has rounded: format the column as text, and export again
    error: 1 of 1 rows were rejected

    own.csv
    Some(3) {"rows":0,"accepted":0,"rejected":0,"failed":0,"skipped":0}
    error: failed to read own.csv: there is no column "name"; the columns are KPI, Wert, Fall, Datum, Kommentar (--map name=COLUMN names another one, --set name=VALUE is for all rows)

    own.csv --map map.txt --set type=Double --set processDefinitionKey=d --decimal comma
    Some(3) {"rows":0,"accepted":0,"rejected":0,"failed":0,"skipped":0}
    error: failed to read own.csv: unknown column "Datum" (--map FIELD=Datum says what it is, --ignore-extra leaves it out)

    own.csv --map map.txt --set type=Double --set processDefinitionKey=d --decimal comma --ignore-extra
    Some(0) {"rows":1,"accepted":1,"rejected":0,"failed":0,"skipped":0}

    wide.csv --wide id=processInstanceId --set processDefinitionKey=d --date-format %d.%m.%Y
    Some(0) {"rows":2,"accepted":2,"rejected":0,"failed":0,"skipped":0}

    wide.csv --wide instance=id --set processDefinitionKey=d
    Some(2) error: --wide instance=id: expected the column with the process instance, as in id=processInstanceId

    semicolon.csv --set typ=Double
    Some(2) error: "typ" is no field; the fields are name, type, processInstanceId, processDefinitionKey, value, id, serializationDataFormat

    semicolon.csv --delimiter ,
    Some(3) {"rows":0,"accepted":0,"rejected":0,"failed":0,"skipped":0}
    error: failed to read semicolon.csv: there is no column "name"; the columns are name;type;value;processInstanceId;processDefinitionKey (--map name=COLUMN names another one, --set name=VALUE is for all rows)

    semicolon.csv --encoding latin-99
    Some(3) {"rows":0,"accepted":0,"rejected":0,"failed":0,"skipped":0}
    error: failed to read semicolon.csv: the encoding "latin-99" is not known; use one such as windows-1252 or utf-16le
    "#);
    let values: Vec<_> =
        server.ingested_variables().iter().map(|one| format!("{} {}", one["id"], one["value"])).collect();
    insta::assert_snapshot!(values.join("\n"), @r#"
    "7:umsatz:Double" "1234.50"
    "9:amount:Double" "1.5"
    "9:due:Date" "2025-12-24T00:00:00.000+0000"
    "order-1:amount:Double" "1.5"
    "#);
}

#[test]
fn a_journal_shows_what_it_holds_and_where_it_is_damaged() {
    let user = User::of_a_server();
    user.file("v.csv", &rows(100));
    let line = "variable ingest v.csv --journal done --batch-size 50 --concurrency 1";
    assert_eq!(user.types(line).code, Some(0));
    // The same rows from another place, and one of them changed.
    user.file("moved/other.csv", &rows(100).replace("a,Long,7,", "a,Long,77,"));
    let moved = line.replace("v.csv", "moved/other.csv");
    check!(user.types(&moved).stdout, @r#"{"rows":100,"accepted":1,"rejected":0,"failed":0,"skipped":99}"#);
    let shown: serde_json::Value = serde_json::from_str(&user.types("journal show done -o json").stdout).unwrap();
    assert_eq!((&shown["accepted"], &shown["elements"], &shown["cutBytes"]), (&101.into(), &100.into(), &0.into()));
    let mut bytes = std::fs::read(user.path("done")).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    std::fs::write(user.path("done"), &bytes).unwrap();
    let ran = user.types("journal show done");
    assert!(ran.code == Some(3) && ran.stderr.contains("it is damaged"), "{ran}");
    let ran = user.types(line);
    assert!(ran.code == Some(3) && ran.stderr.contains("byte ") && ran.stderr.contains("remove this one"), "{ran}");
    assert_eq!(std::fs::read(user.path("done")).unwrap(), bytes);
}
