use std::io::Write;

use optimize_api::ExternalVariable;

use super::*;

/// What a file gives: each row as an element, or where and why not.
fn read(name: &str, bytes: impl AsRef<[u8]>, options: &ReadOptions, converter: Converter) -> String {
    struct All(Converter, Vec<String>);
    impl Rows for All {
        fn heading(&mut self, heading: &Arc<[String]>) -> Result<(), Error> {
            self.0.check_heading::<ExternalVariable>(heading)
        }

        fn row(&mut self, row: RawRow<'_>) -> Result<bool, Error> {
            let mut elements = Vec::<ExternalVariable>::new();
            self.1.push(match self.0.convert(&row, None, &mut elements) {
                Ok(()) => elements
                    .iter()
                    .map(|one| {
                        format!("{}: {}={}", one.process_instance_id, one.name, one.value.as_deref().unwrap_or("null"))
                    })
                    .collect::<Vec<_>>()
                    .join(", "),
                Err(problem) => format!("{}: {problem}", row.at),
            });
            Ok(true)
        }
    }
    let mut all = All(converter, Vec::new());
    let source = Source::new(name, std::io::Cursor::new(bytes.as_ref().to_vec()));
    let end = read_rows(source, options, &mut all);
    let end = end.err().map(|error| format!("! {error}"));
    all.1.into_iter().chain(end).collect::<Vec<_>>().join("\n")
}

fn plain(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let likely = ExternalVariable::FIELDS.iter().map(|field| (*field).to_owned()).collect();
    read(name, bytes, &ReadOptions { likely, ..ReadOptions::default() }, Converter::default())
}

const HEADING: &str = "name,type,value,processInstanceId,processDefinitionKey\n";

#[test]
fn a_bad_row_ends_nothing() {
    let text = [
        HEADING.as_bytes(),
        b"a,Double,1.5,1,d\nb,Double,1\na,Double,2.5,2,d\na,String,M\xFCller,3,d\na,String,x,4,d,,\na,String,x,5,d,more\n",
        b"a,Double,\"3,5,6,d\na,Double,4.5,7,d\n\na,String,\"two\nlines \"\"x\"\"\",8,d\r\na,Long,abc,2.25E+15,d\na,Long,abc,9,d\n",
        b"a,String,5\" disk,10,d",
    ];
    insta::assert_snapshot!(plain("a.csv", text.concat()), @r#"
    1: a=1.5
    line 3: it has 3 cells, and the heading 5
    2: a=2.5
    line 5: value: the byte 0xFC is not UTF-8: pass --encoding, such as windows-1252
    4: a=x
    line 7: it has 6 cells, and the heading 5
    line 8: it has a quote without an end, or a line break that is not in quotes
    7: a=4.5
    8: a=two
    lines "x"
    line 13: processInstanceId: "2.25E+15" is a number that a spreadsheet has rounded: format the column as text, and export again
    line 14: value: "abc" is no Long: write a whole number from -9223372036854775808 to 9223372036854775807
    10: a=5" disk
    "#);
}

#[test]
fn every_form_of_a_file_is_found_out() {
    for (delimiter, first) in [(";", ""), ("\t", ""), ("|", ""), (",", "\u{feff}"), ("#", "sep=#\r\n")] {
        let text = format!("{first}{HEADING}a,String,x y,1,d\n").replace(',', delimiter);
        assert_eq!(plain("a.csv", text), "1: a=x y", "{delimiter:?}");
    }
    let text = format!("{HEADING}a,String,Müller,1,d\n");
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(plain("a.csv", &utf16), "1: a=Müller");
    assert_eq!(
        plain("a.csv", &utf16[2..]),
        "! read a.csv: it is UTF-16 without a mark (pass --encoding utf-16le), or no text"
    );
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let options = ReadOptions { encoding: Some("windows-1252".to_owned()), ..ReadOptions::default() };
    assert_eq!(read("a.csv", &latin, &options, Converter::default()), "1: a=Müller");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).unwrap();
    assert_eq!(plain("a.csv.gz", gz.finish().unwrap()), "1: a=Müller");
    assert_eq!(plain("a.csv", ""), "");
    assert_eq!(plain("a.csv", HEADING), "");
}

#[test]
fn rows_of_json_go_on_behind_one_that_is_none() {
    let row = |id: u32| {
        format!(r#"{{"name":"a","type":"Long","value":{id},"processInstanceId":{id},"processDefinitionKey":"d"}}"#)
    };
    let lines = format!("{}\nnot json\n\n{}\n[1]\n{}", row(1), row(2), row(3));
    insta::assert_snapshot!(plain("a.ndjson", lines), @"
    1: a=1
    line 2: it is not JSON: expected ident
    2: a=2
    line 5: it is an array, not an object
    3: a=3
    ");
    let array = format!("\n [{}, {{\"name\": }}, 5, {}]\n", row(1), row(2));
    insta::assert_snapshot!(plain("a", array), @"
    1: a=1
    element 1: it is not JSON: expected value
    element 2: it is a number, not an object
    2: a=2
    ");
    insta::assert_snapshot!(plain("a", format!("[{},", row(1))), @"
    1: a=1
    ! read a: element 1: the file ends before the array does
    ");
    insta::assert_snapshot!(plain("a", format!("[{}] x", row(1))), @"
    1: a=1
    ! read a: behind the array the file goes on with 'x'
    ");
}

#[test]
fn columns_are_mapped_set_and_left_out() {
    let mapping = || Mapping::default().column("name", "Variable").column("value", "Wert").constant("type", "Double");
    let full = mapping().constant("processDefinitionKey", "d").column("processInstanceId", "Fall");
    let text = "Variable;Wert;Fall;Kommentar\na;1,5;7;x\nb;x;8;\n";
    let rules = ValueRules { has_decimal_comma: true, ..ValueRules::default() };
    let by = |mapping: Mapping| {
        read(
            "a.csv",
            text,
            &ReadOptions { delimiter: Some(b';'), ..ReadOptions::default() },
            Converter::new(mapping, rules.clone()),
        )
    };
    insta::assert_snapshot!(by(full.clone()), @r#"! unknown column "Kommentar" (--map FIELD=Kommentar says what it is, --ignore-extra leaves it out)"#);
    insta::assert_snapshot!(by(full.ignore_extra()), @r#"
    7: a=1.5
    line 3: Wert: "x" is no Double with a decimal comma, such as 1.234,50
    "#);
    insta::assert_snapshot!(by(mapping()), @r#"! there is no column "processInstanceId"; the columns are Variable, Wert, Fall, Kommentar (--map processInstanceId=COLUMN names another one, --set processInstanceId=VALUE is for all rows)"#);
    let json = r#"{"Variable":"a","Wert":"1,5","processInstanceId":7,"processDefinitionKey":"d"}"#;
    insta::assert_snapshot!(read("a.ndjson", json, &ReadOptions::default(), Converter::new(mapping(), rules)), @"7: a=1.5");
    assert!(Mapping::default().constant("typ", "x").check(ExternalVariable::FIELDS).is_err());
}

#[test]
fn a_column_for_each_variable() {
    let wide = Mapping::default().wide("id").constant("processDefinitionKey", "d");
    let text = "id,amount:Double,paid:Boolean,note\n7,1.5,true,x\n8,,false,\n9,abc,true,\n";
    insta::assert_snapshot!(read("a.csv", text, &ReadOptions::default(), Converter::new(wide.clone(), ValueRules::default())), @r#"
    7: amount=1.5, 7: paid=true, 7: note=x
    8: paid=false
    line 4: amount: "abc" is no Double: write a number such as 1234.5
    "#);
    let json = r#"{"id":"7","amount":1.5,"paid":true,"note":"x","more":{"a":1},"none":null,"count":3}"#;
    insta::assert_snapshot!(read("a.ndjson", json, &ReadOptions::default(), Converter::new(wide, ValueRules::default())), @r#"7: amount=1.5, 7: paid=true, 7: note=x, 7: more={"a":1}, 7: none=null, 7: count=3"#);
}

#[test]
fn a_rejected_row_is_read_again_once_it_is_right() {
    use crate::rejects::{Kept, RejectForm, Rejects};
    struct Reject(Converter, Rejects<Vec<u8>>);
    impl Rows for Reject {
        fn row(&mut self, row: RawRow<'_>) -> Result<bool, Error> {
            if let Err(problem) = self.0.convert::<ExternalVariable>(&row, None, &mut Vec::new()) {
                self.1.write("a.csv", &row.at.to_string(), &problem.to_string(), &Kept::new(&row))?;
            }
            Ok(true)
        }
    }
    let text = [HEADING.as_bytes(), b"a,Double,\"1,5\",1,d\na,Double\na,String,\xFC,2,d\na,Long,5,3,d\n"].concat();
    let rejects = |name: &str, text: &[u8], form| {
        let mut reject = Reject(Converter::default(), Rejects::new(Vec::new(), form));
        read_rows(Source::new(name, std::io::Cursor::new(text.to_vec())), &ReadOptions::default(), &mut reject)
            .unwrap();
        reject.1.into_inner()
    };
    let csv = rejects("a.csv", &text, RejectForm::Csv);
    insta::assert_snapshot!(String::from_utf8_lossy(&csv), @r#"
    rejected.file,rejected.row,rejected.reason,name,type,value,processInstanceId,processDefinitionKey
    a.csv,line 2,"value: ""1,5"" is no Double: pass --decimal comma if the comma stands before the decimals",a,Double,"1,5",1,d
    a.csv,line 3,"it has 2 cells, and the heading 5",a,Double
    a.csv,line 4,"value: the byte 0xFC is not UTF-8: pass --encoding, such as windows-1252",a,String,�,2,d
    "#);
    let again = rejects("r.csv", &csv, RejectForm::Csv);
    assert_eq!(String::from_utf8_lossy(&again).lines().count(), 4, "the same rows are rejected again");
    let right = String::from_utf8_lossy(&csv).replace("\"1,5\"", "1.5");
    assert!(plain("r.csv", right).starts_with("1: a=1.5\n"));
    let ndjson = rejects("a.csv", &text, RejectForm::Ndjson);
    insta::assert_snapshot!(String::from_utf8_lossy(&ndjson), @r#"
    {"name":"a","type":"Double","value":"1,5","processInstanceId":"1","processDefinitionKey":"d","rejected.file":"a.csv","rejected.row":"line 2","rejected.reason":"value: \"1,5\" is no Double: pass --decimal comma if the comma stands before the decimals"}
    {"rejected.text":"a,Double","rejected.file":"a.csv","rejected.row":"line 3","rejected.reason":"it has 2 cells, and the heading 5"}
    {"rejected.text":"a,String,�,2,d","rejected.file":"a.csv","rejected.row":"line 4","rejected.reason":"value: the byte 0xFC is not UTF-8: pass --encoding, such as windows-1252"}
    "#);
    insta::assert_snapshot!(plain("r.ndjson", ndjson), @r#"
    line 1: value: "1,5" is no Double: pass --decimal comma if the comma stands before the decimals
    line 2: it is a rejected text that was not a row: put the members of a row in its place
    line 3: it is a rejected text that was not a row: put the members of a row in its place
    "#);
}
