use insta::assert_snapshot;

use super::*;

/// The cells of a row, a line each.
fn listed(row: &str) -> String {
    let cells = cells(row.as_bytes()).unwrap();
    cells.iter().map(|(column, cell)| format!("{} = {}", column.heading(), cell.text())).collect::<Vec<_>>().join("\n")
}

#[test]
fn members_come_in_the_order_of_the_row() {
    assert_snapshot!(listed(r#"{"b":1,"a":"x","c":null,"d":[1, 2],"e":{"f": 1.50}}"#), @r#"
    b = 1
    a = x
    c = 
    d = [1, 2]
    e = {"f": 1.50}
    "#);
}

#[test]
fn variables_are_columns_of_their_own() {
    assert_snapshot!(listed(r#"{"id":"1","variables":{"total":"18.75","a:b":"","list":"x, y"}}"#), @"
    id = 1
    variable:total = 18.75
    variable:a:b = 
    variable:list = x, y
    ");
}

#[test]
fn a_decision_s_variables_are_their_values() {
    assert_snapshot!(listed(
        r#"{"inputVariables":{"i":{"id":"i","name":"In","type":"Double","value":12.50}},
            "outputVariables":{"one":{"values":["x"]},"many":{"values":["x","y"]},"none":{"values":[]}}}"#
    ), @r#"
    inputVariable:i = 12.50
    outputVariable:one = x
    outputVariable:many = ["x","y"]
    outputVariable:none = []
    "#);
}

#[test]
fn what_only_looks_like_variables_stays_what_it_is() {
    assert_snapshot!(listed(r#"{"variables":"none","inputVariables":null,"outputVariables":[1]}"#), @"
    variables = none
    inputVariables = 
    outputVariables = [1]
    ");
}

#[test]
fn a_row_that_is_no_object_is_one_cell() {
    assert_snapshot!(listed("12.50"), @"value = 12.50");
    assert_snapshot!(listed("[1, 2]"), @"value = [1, 2]");
    assert_snapshot!(listed("\"a\\u0041\""), @"value = aA");
}

#[test]
fn numbers_keep_their_digits_and_texts_lose_their_escapes() {
    assert_snapshot!(listed(r#"{"n":12345678901234567890.10,"e":1E+2,"t":"\u00e9\n\"","k\u0065y":true}"#), @r#"
    n = 12345678901234567890.10
    e = 1E+2
    t = é
    "
    key = true
    "#);
}

#[test]
fn a_heading_names_its_column() {
    for heading in ["id", "variable:amount", "inputVariable:a:b", "outputVariable:", "other:x"] {
        assert_eq!(Column::named(heading).heading(), heading);
    }
    assert_eq!(Column::named("variable:amount"), Column::Variable("variable", "amount".into()));
    assert_eq!(Column::named("other:x"), Column::Member("other:x".into()));
}

#[test]
fn a_row_that_is_no_json_is_an_error() {
    for row in ["", "{", "{\"a\":}", "nul"] {
        assert!(cells(row.as_bytes()).is_none(), "{row}");
    }
}
