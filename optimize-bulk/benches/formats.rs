//! How many rows a second each format writes on one core; a workbook beside the same cells given to `rust_xlsxwriter` alone.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::io::{self, Write};
use std::time::{Duration, Instant};

use bytes::Bytes;
use optimize_bulk::{Batch, Compression, FormatKind, Options, Shape, TypeRule};

const PAGE: usize = 5_000;

fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let rows = if std::env::args().any(|argument| argument == "--bench") { 100_000 } else { PAGE };
    let wanted = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let pages: Vec<_> =
        (0..rows / PAGE).map(|page| Batch::Rows((page * PAGE..(page + 1) * PAGE).map(row).collect())).collect();
    let formats = ["ndjson", "csv", "csv.gz", "xes", "xes.gz"];
    let bulk = ["parquet", "arrow", "xlsx", "ndjson.zst", "csv.zst"];
    for format in formats.iter().chain(bulk.iter().filter(|_| cfg!(all(feature = "arrow", feature = "xlsx")))) {
        if wanted.as_ref().is_some_and(|wanted| wanted != format) {
            continue;
        }
        let begun = Instant::now();
        let bytes = write(format, &pages);
        report(format, rows, begun.elapsed(), bytes);
        #[cfg(feature = "xlsx")]
        if *format == "xlsx" {
            let begun = Instant::now();
            let bytes = bare::workbook(rows);
            report("rust_xlsxwriter alone", rows, begun.elapsed(), bytes);
        }
    }
}

fn report(name: &str, rows: usize, time: Duration, bytes: u64) {
    let rate = rows as u128 * 1_000_000 / time.as_micros().max(1);
    println!("{name}: {rate} rows/s, {} ns a row, {} bytes a row", time.as_nanos() / rows as u128, bytes / rows as u64);
}

fn write(format: &str, pages: &[Batch]) -> u64 {
    let (kind, compression) = FormatKind::of_ending(format.as_ref()).unwrap_or((FormatKind::Ndjson, Compression::None));
    let shape = Shape { table: kind.usual_table(), ..Shape::default() };
    let types = if kind.is_typed() { TypeRule::Guessed } else { TypeRule::Text };
    let options = Options { types, title: "Orders".to_owned(), ..Options::default() };
    let mut writer = kind.writer(compression, shape, &options).expect("a writer");
    let mut out = Counted(0);
    for page in pages {
        writer.write(page, &mut out).expect("written");
    }
    writer.finish(&mut out).expect("finished");
    out.0
}

/// Takes bytes and counts them.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A row with six variables and six flow nodes, as an order process has them.
fn row(index: usize) -> Bytes {
    let date = |minute: usize| {
        format!(
            "2024-{:02}-{:02}T{:02}:{:02}:14.{:03}+0000",
            index % 12 + 1,
            index % 28 + 1,
            index % 24,
            minute % 60,
            index % 1000
        )
    };
    let nodes = ["Order received", "Check stock", "Reserve items", "Charge card", "Ship parcel", "Order complete"];
    let instances = nodes.iter().enumerate().map(|(place, name)| {
        format!(
            r#"{{"id":"{}","name":"{name}","startDate":"{}","endDate":"{}"}}"#,
            2_251_799_813_700_000_u64 + (index * 7 + place) as u64,
            date(place),
            date(place + 1)
        )
    });
    let instances = instances.collect::<Vec<_>>().join(",");
    let durations =
        (1..6).map(|place| format!(r#""node_{place}":{{"name":"{}","value":{}}}"#, nodes[place], index % 977 * place));
    let durations = durations.collect::<Vec<_>>().join(",");
    format!(
        r#"{{"processDefinitionKey":"order","processDefinitionId":"order:3:2251799813685300","processInstanceId":"{}","counts":{{"incidents":0,"openIncidents":0,"userTasks":1}},"flowNodeDurations":{{{durations}}},"businessKey":"B-{index}","startDate":"{}","endDate":"{}","duration":{},"engineName":null,"tenantId":"<default>","variables":{{"amount":"{}.{:02}","country":"DE","items":"{}","express":"{}","customer":"Customer {} Ltd","note":""}},"flowNodeInstances":[{instances}]}}"#,
        2_251_799_813_685_249_u64 + index as u64,
        date(0),
        date(7),
        index % 86_400 * 1000,
        index % 900,
        index % 100,
        index % 9,
        index.is_multiple_of(2),
        index % 5000,
    )
    .into()
}

/// The same cells, already known, as fast as the crate takes them.
#[cfg(feature = "xlsx")]
mod bare {
    use std::io::BufWriter;

    use rust_xlsxwriter::Workbook;

    pub(super) fn workbook(rows: usize) -> u64 {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory();
        let sheet = sheet.expect("a sheet");
        for row in (0..rows).map(|row| u32::try_from(row).expect("a row")) {
            let texts =
                ["order", "order:3:2251799813685300", "2251799813685249", "B-1", "<default>", "DE", "Customer 17 Ltd"];
            for (column, text) in (0..).zip(texts) {
                sheet.write_string(row, column, text).expect("written");
            }
            for column in 7..20 {
                sheet.write_number(row, column, f64::from(row) + 0.25).expect("written");
            }
        }
        let mut out = super::Counted(0);
        let file = tempfile::tempfile().expect("a file");
        workbook.save_to_writer(BufWriter::new(&file)).expect("saved");
        out.0 += file.metadata().expect("a size").len();
        out.0
    }
}
