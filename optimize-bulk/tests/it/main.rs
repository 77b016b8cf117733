//! Files of rows as programs use them: written, compared, verified.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

use std::io::Write as _;
use std::path::Path;

use optimize_bulk::{
    Batch, ColumnType, Compression, Digesting, FileSink, Finding, FormatKind, Manifest, Options, ReportSource,
    Selection, Shape, Sink as _, Table, TypeRule, diff, verify_file,
};
use tempfile::TempDir;

/// Rows in a format, as a text.
fn written(kind: FormatKind, rows: &[&str], shape: Shape, options: &Options) -> (String, optimize_bulk::Written) {
    let mut out = Vec::new();
    let mut format = kind.writer(Compression::None, shape, options).unwrap();
    for row in rows {
        format.write(&Batch::Rows(vec![(*row).to_owned().into()]), &mut out).unwrap();
    }
    let written = format.finish(&mut out).unwrap();
    (String::from_utf8(out).unwrap().replace("\r\n", "\n"), written)
}

const INSTANCE: &str = r#"{"processInstanceId":"7","counts":{"incidents":1},"flowNodeDurations":{"a":{"name":"A","value":5},
    "g":{"name":null,"value":null}},"duration":9,"variables":{"x":"1.50"},"flowNodeInstances":[
    {"id":"71","name":"A","startDate":"2024-05-01T10:00:00.000+0000","endDate":"2024-05-01T10:00:01.000+0000"},
    {"id":"72","name":"g","startDate":"2024-05-01T10:00:01.000+0000","endDate":null}]}"#;

#[test]
fn a_process_instance_is_a_record_of_one_table_and_its_flow_nodes_are_those_of_another() {
    let shape = |table| Shape { table, ..Shape::default() };
    let options = Options { types: TypeRule::Guessed, ..Options::default() };
    let (text, table) = written(FormatKind::Csv, &[INSTANCE], shape(Table::Instances), &options);
    assert_eq!(
        text,
        "processInstanceId,counts.incidents,flowNodeDuration:a,flowNodeDuration:g,duration,variable:x\n7,1,5,,9,1.50\n"
    );
    let columns = table.schema.unwrap().columns;
    let of = |name: &str| {
        columns.iter().find(|column| column.name == name).map(|column| (column.kind, column.unit.as_deref()))
    };
    assert_eq!(of("processInstanceId"), Some((ColumnType::Text, None)));
    assert_eq!(of("flowNodeDuration:a"), Some((ColumnType::Integer, Some("ms"))));
    assert_eq!(of("variable:x"), Some((ColumnType::Decimal(3, 2), None)));
    let (text, table) = written(FormatKind::Csv, &[INSTANCE], shape(Table::Events), &Options::default());
    assert_eq!((table.rows, table.records), (1, 2));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[1], "7,A,,71,complete,2024-05-01T10:00:00.000+0000,2024-05-01T10:00:01.000+0000,");
    assert_eq!(lines[2], "7,g,,72,start,2024-05-01T10:00:01.000+0000,2024-05-01T10:00:01.000+0000,");
}

#[test]
fn a_report_that_is_grouped_twice_is_long_or_wide() {
    let rows = [
        r#"{"key":"a","label":"A","value":[{"key":"x","value":1.0,"label":"X"},{"key":"y","value":null,"label":"Y"}]}"#,
        r#"{"key":"b","label":"B","value":[{"key":"y","value":2.0,"label":"Y"}]}"#,
    ];
    let shape = |is_wide| Shape { table: Table::Instances, is_wide, ..Shape::default() };
    let (long, _) = written(FormatKind::Csv, &rows, shape(false), &Options::default());
    assert_eq!(long, "key,label,distributedBy.key,distributedBy.label,value\na,A,x,X,1.0\na,A,y,Y,\nb,B,y,Y,2.0\n");
    let (wide, _) = written(FormatKind::Csv, &rows, shape(true), &Options::default());
    assert_eq!(wide, "key,label,value.x,value.y\na,A,1.0,\nb,B,,2.0\n");
}

#[test]
fn a_column_that_changes_its_type_midway_is_text_and_ten_thousand_variables_are_columns() {
    let rows: Vec<String> = (0..5000)
        .map(|number| {
            format!(
                r#"{{"v":"{}","variables":{{"n{number}":"1","m{number}":""}}}}"#,
                if number < 4999 { "1" } else { "x" }
            )
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let options = Options { types: TypeRule::Guessed, ..Options::default() };
    let (text, table) = written(FormatKind::Csv, &rows, Shape::default(), &options);
    let columns = table.schema.unwrap().columns;
    assert_eq!((columns.len(), columns[0].kind, columns[1].kind), (10_001, ColumnType::Text, ColumnType::Integer));
    let widths: Vec<_> = text.lines().map(|line| line.matches(',').count()).collect();
    assert!(widths.iter().all(|width| *width == 10_000), "every line has all columns");
}

#[test]
fn a_row_of_5_mb_and_rows_in_any_order_of_members_come_back() {
    let long = "x".repeat(5 << 20);
    let rows = [format!(r#"{{"a":"{long}","b":1}}"#), r#"{"b":2,"c":3,"a":"y"}"#.to_owned()];
    let (text, _) = written(FormatKind::Csv, &[&rows[0], &rows[1]], Shape::default(), &Options::default());
    assert_eq!(text, format!("a,b,c\n{long},1,\ny,2,3\n"));
    let chosen = Shape { selection: Selection::new(&["c".to_owned(), "a".to_owned()]), ..Shape::default() };
    assert_eq!(written(FormatKind::Tsv, &[&rows[1]], chosen, &Options::default()).0, "c\ta\n3\ty\n");
}

#[test]
fn no_rows_and_rows_without_columns_are_files_too() {
    for kind in [FormatKind::Ndjson, FormatKind::Json, FormatKind::Csv, FormatKind::Xes] {
        let (_, none) = written(kind, &[], Shape::default(), &Options::default());
        assert_eq!(none.rows, 0);
    }
    let (text, _) = written(FormatKind::Csv, &["{}", r#"{"a":1}"#], Shape::default(), &Options::default());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.records().map(|record| record.unwrap().len()).collect::<Vec<_>>(), [1, 1]);
}

fn file(directory: &TempDir, name: &str, text: &str) -> std::path::PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn what_differs_between_two_files_is_found_whatever_their_formats_and_order() {
    let directory = TempDir::new().unwrap();
    let first = file(&directory, "a.csv", "id,v,w\n1,x,1\n2,y,1\n3,z,1\n");
    let second = file(
        &directory,
        "b.ndjson",
        "{\"id\":\"3\",\"v\":\"z\",\"w\":1}\n{\"id\":\"2\",\"v\":\"Y\",\"w\":1}\n{\"id\":\"4\",\"v\":\"\",\"w\":1}\n",
    );
    let mut found = Vec::new();
    let changes = diff(&first, &second, "id", |change| {
        found.push(serde_json::to_string(&change).unwrap());
        Ok(())
    });
    let changes = changes.unwrap();
    assert_eq!((changes.added, changes.removed, changes.changed, changes.same), (1, 1, 1, 1));
    found.sort();
    assert_eq!(
        found,
        [
            r#"{"change":"added","key":"4"}"#,
            r#"{"change":"changed","key":"2","columns":{"v":["y","Y"]}}"#,
            r#"{"change":"removed","key":"1"}"#,
        ]
    );
    let problem = |first: &Path, second: &Path, key| diff(first, second, key, |_| Ok(())).unwrap_err().to_string();
    assert!(problem(&first, &second, "none").contains("row 1 has no none"));
    let double = file(&directory, "c.json", "[{\"id\":1},{\"id\":1}]");
    assert!(problem(&double, &first, "id").contains("several rows have the id 1"));
    let odd = file(&directory, "d.ndjson", "{\"id\":1}\n{\n");
    assert!(problem(&odd, &first, "id").contains("line 2: it is not JSON"));
    assert!(problem(&file(&directory, "e.txt", ""), &first, "id").contains("its ending is not one of"));
}

#[test]
fn a_file_is_verified_by_its_manifest() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("rows.csv");
    let (mut sink, sum) = Digesting::new(Box::new(FileSink::open(path.clone(), false).unwrap()));
    sink.write_all(b"a\r\n1\r\n").unwrap();
    assert!(!path.exists(), "nothing is there before it is committed");
    Box::new(sink).commit().unwrap();
    assert_eq!(verify_file(&path).unwrap().0, Finding::NoManifest);
    let sum = sum.lock().unwrap().clone().unwrap();
    let mut manifest = Manifest::new(ReportSource::new("r"), "rows.csv");
    (manifest.bytes, manifest.sha256) = (sum.bytes, sum.sha256);
    std::fs::write(Manifest::path(&path), manifest.to_text()).unwrap();
    assert_eq!(verify_file(&path).unwrap().0, Finding::Complete);
    for (text, expected) in [("a\r\n2\r\n", "not those that were written"), ("", "it has 0 bytes")] {
        std::fs::write(&path, text).unwrap();
        assert!(verify_file(&path).unwrap().0.to_string().contains(expected));
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(verify_file(&path).unwrap().0, Finding::Missing);
    std::fs::write(Manifest::path(&path), "{}").unwrap();
    assert!(verify_file(&path).unwrap_err().to_string().contains("it is no manifest"));
    // A file that came meanwhile is not replaced.
    let sink = FileSink::open(path.clone(), false).unwrap();
    std::fs::write(&path, "other").unwrap();
    assert!(Box::new(sink).commit().is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "other");
}
