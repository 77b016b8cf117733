use bytes::Bytes;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

/// The columns that were chosen, and whether formulas are escaped.
type Options = (Selection, bool);

/// Rows as CSV, each in a batch of its own; line ends are shown as `|`.
fn csv(rows: &[&str], (columns, safe): &Options) -> String {
    let mut out = Vec::new();
    let mut selection = columns.clone();
    let mut csv = CsvWriter::new(&selection, *safe).unwrap();
    for row in rows {
        csv.write(&Batch::Rows(vec![Bytes::copy_from_slice(row.as_bytes())]), &mut selection, &mut out).unwrap();
    }
    csv.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn shown(rows: &[&str], options: &Options) -> String {
    csv(rows, options).replace("\r\n", "|\n")
}

fn columns(names: &[&str]) -> Options {
    (Selection::new(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()), false)
}

#[test]
fn the_heading_is_the_union_of_all_rows_columns() {
    let rows = [r#"{"a":1,"variables":{"x":"1"}}"#, r#"{"b":2,"variables":{"y":"2"}}"#, r#"{"a":3}"#];
    assert_snapshot!(shown(&rows, &Options::default()), @"
    a,variable:x,b,variable:y|
    1,1,,|
    ,,2,2|
    3,,,|
    ");
}

#[test]
fn chosen_columns_come_in_their_order() {
    let rows = [r#"{"a":1,"b":2}"#, r#"{"b":3,"c":4}"#];
    assert_snapshot!(shown(&rows, &columns(&["b", "none", "a"])), @"
    b,none,a|
    2,,1|
    3,,|
    ");
    assert_snapshot!(shown(&[], &columns(&["b", "a"])), @"b,a|");
}

#[test]
fn fields_are_quoted_where_they_must_be() {
    let rows = [r#"{"a":"x, y","b":"say \"hi\"","c":"two\nlines","d":" plain ","e":{"f": [1]}}"#];
    assert_snapshot!(shown(&rows, &Options::default()), @r#"
    a,b,c,d,e|
    "x, y","say ""hi""","two
    lines", plain ,"{""f"": [1]}"|
    "#);
}

#[test]
fn a_member_and_a_variable_of_the_same_heading_stay_apart() {
    let rows = [r#"{"variable:a":1,"variables":{"a":"2"}}"#];
    assert_snapshot!(shown(&rows, &Options::default()), @"
    variable:a,variable:a|
    1,2|
    ");
}

#[test]
fn formulas_are_escaped_when_asked_for_and_numbers_left_alone() {
    let rows = [r#"{"a":"=1+1","b":"+x","c":"-x","d":"@x","e":"\tx","f":-5,"g":"x=","h":"'x"}"#];
    assert_snapshot!(shown(&rows, &(Selection::default(), true)), @"
    a,b,c,d,e,f,g,h|
    '=1+1,'+x,'-x,'@x,'	x,-5,x=,'x|
    ");
    assert_snapshot!(shown(&rows, &Options::default()), @"
    a,b,c,d,e,f,g,h|
    =1+1,+x,-x,@x,	x,-5,x=,'x|
    ");
}

#[test]
fn no_rows_are_no_text() {
    assert_eq!(csv(&[], &Options::default()), "");
}

proptest! {
    #[test]
    fn every_text_is_read_back_unchanged(names in prop::collection::btree_set("[a-z:,\" ]{1,6}", 1..4), values in prop::collection::vec(any::<String>(), 3)) {
        let members: serde_json::Map<_, _> = names.iter().zip(&values).map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let row = serde_json::Value::Object(members).to_string();
        let text = csv(&[&row], &Options::default());
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        prop_assert_eq!(reader.headers().unwrap().iter().map(str::to_owned).collect::<Vec<_>>(), names.iter().cloned().collect::<Vec<_>>());
        let record = reader.records().next().unwrap().unwrap();
        prop_assert_eq!(record.iter().collect::<Vec<_>>(), values.iter().take(names.len()).map(String::as_str).collect::<Vec<_>>());
    }
}
