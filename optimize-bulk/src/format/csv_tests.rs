use bytes::Bytes;
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::batch::Batch;
use crate::format::{Compression, CsvOptions, FormatKind, Options, TypeRule};
use crate::schema::{Field, Schema};
use crate::selection::Selection;
use crate::shape::Shape;
use crate::types::ColumnType;

/// The columns that were chosen, and how CSV looks.
type Chosen = (Selection, Options);

/// Rows as CSV, each in a batch of its own; line ends are shown as `|`.
fn csv(rows: &[&str], (selection, options): &Chosen) -> String {
    let mut out = Vec::new();
    let shape = Shape { selection: selection.clone(), ..Shape::default() };
    let mut csv = FormatKind::Csv.writer(Compression::None, shape, options).unwrap();
    for row in rows {
        csv.write(&Batch::Rows(vec![Bytes::copy_from_slice(row.as_bytes())]), &mut out).unwrap();
    }
    csv.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn looking(csv: CsvOptions, types: TypeRule) -> Chosen {
    (Selection::default(), Options { types, csv, ..Options::default() })
}

fn shown(rows: &[&str], options: &Chosen) -> String {
    csv(rows, options).replace("\r\n", "|\n")
}

fn columns(names: &[&str]) -> Chosen {
    (Selection::new(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()), Options::default())
}

#[test]
fn the_heading_is_the_union_of_all_rows_columns() {
    let rows = [r#"{"a":1,"variables":{"x":"1"}}"#, r#"{"b":2,"variables":{"y":"2"}}"#, r#"{"a":3}"#];
    assert_snapshot!(shown(&rows, &Chosen::default()), @"
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
    assert_snapshot!(shown(&rows, &Chosen::default()), @r#"
    a,b,c,d,e|
    "x, y","say ""hi""","two
    lines", plain ,"{""f"": [1]}"|
    "#);
}

#[test]
fn a_member_and_a_variable_of_the_same_heading_stay_apart() {
    let rows = [r#"{"variable:a":1,"variables":{"a":"2"}}"#];
    assert_snapshot!(shown(&rows, &Chosen::default()), @"
    variable:a,variable:a (2)|
    1,2|
    ");
}

#[test]
fn formulas_are_escaped_when_asked_for_and_numbers_left_alone() {
    let rows = [r#"{"a":"=1+1","b":"+x","c":"-x","d":"@x","e":"\tx","f":-5,"g":"x=","h":"'x"}"#];
    assert_snapshot!(shown(&rows, &looking(CsvOptions { is_safe: true, ..CsvOptions::default() }, TypeRule::Text)), @"
    a,b,c,d,e,f,g,h|
    '=1+1,'+x,'-x,'@x,'	x,-5,x=,'x|
    ");
    assert_snapshot!(shown(&rows, &Chosen::default()), @"
    a,b,c,d,e,f,g,h|
    =1+1,+x,-x,@x,	x,-5,x=,'x|
    ");
}

#[test]
fn whole_numbers_are_no_formulas_and_other_beginnings_are_covered() {
    let safe = looking(CsvOptions { is_safe: true, ..CsvOptions::default() }, TypeRule::Text);
    let rows = [r#"{"a":"-5","b":"+49","c":"-5x","d":"\uff1dx","e":"\u0000x","f":"\nx","g":"a\n=x"}"#];
    assert_snapshot!(shown(&rows, &safe).replace('\0', "NUL"), @r#"
    a,b,c,d,e,f,g|
    -5,+49,'-5x,'＝x,'NULx,"'
    x","a
    =x"|
    "#);
}

#[test]
fn excel_keeps_long_numbers_and_reads_decimals_and_dates() {
    let csv =
        CsvOptions { delimiter: b';', has_bom: true, has_decimal_comma: true, is_for_excel: true, is_safe: false };
    let rows = [
        r#"{"processInstanceId":"2251799813700001","n":2251799813700001,"d":"18.75","v":"1.2.3","t":"2024-05-01T12:30:00.250+0200"}"#,
        r#"{"processInstanceId":"7","n":5,"d":"249.00","v":"1.2","t":"2024-05-01T12:30:00.250+0200"}"#,
    ];
    assert_snapshot!(shown(&rows, &looking(csv, TypeRule::Guessed)).replace('\u{feff}', "BOM "), @r#"
    BOM processInstanceId;n;d;v;t|
    "=""2251799813700001""";"=""2251799813700001""";18,75;1.2.3;2024-05-01 10:30:00|
    7;5;249,00;1.2;2024-05-01 10:30:00|
    "#);
}

#[test]
fn a_schema_fixes_columns_and_refuses_what_does_not_fit() {
    let fixed = Schema { columns: vec![Field::new("b", ColumnType::Integer), Field::new("none", ColumnType::Text)] };
    let (_, options) = looking(CsvOptions::default(), TypeRule::Fixed(fixed));
    let rows = |second: &'static str| {
        let mut out = Vec::new();
        let mut csv = FormatKind::Csv.writer(Compression::None, Shape::default(), &options).unwrap();
        let rows = [r#"{"a":1,"b":"2"}"#, second].map(|row| Bytes::from_static(row.as_bytes()));
        csv.write(&Batch::Rows(rows.to_vec()), &mut out)?;
        let written = csv.finish(&mut out)?;
        Ok::<_, crate::Error>((String::from_utf8(out).unwrap(), written.remarks))
    };
    let (text, remarks) = rows(r#"{"b":null}"#).unwrap();
    assert_eq!(text, "b,none\r\n2,\r\n,\r\n");
    assert_eq!(remarks, ["the schema does not have these columns, which were left out: a"]);
    let error = rows(r#"{"b":"2.5"}"#).unwrap_err();
    assert_eq!(error.to_string(), "row 2: the column b is of type integer, and \"2.5\" does not fit");
}

#[test]
fn no_rows_are_no_text() {
    assert_eq!(csv(&[], &Chosen::default()), "");
}

proptest! {
    #[test]
    fn every_text_is_read_back_unchanged(names in prop::collection::btree_set("[a-z:,\" ]{1,6}", 1..4), values in prop::collection::vec(any::<String>(), 3)) {
        let members: serde_json::Map<_, _> = names.iter().zip(&values).map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let row = serde_json::Value::Object(members).to_string();
        let text = csv(&[&row], &Chosen::default());
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        prop_assert_eq!(reader.headers().unwrap().iter().map(str::to_owned).collect::<Vec<_>>(), names.iter().cloned().collect::<Vec<_>>());
        let record = reader.records().next().unwrap().unwrap();
        prop_assert_eq!(record.iter().collect::<Vec<_>>(), values.iter().take(names.len()).map(String::as_str).collect::<Vec<_>>());
    }
}
