//! Writes the rows of a report into a file, a JSON text a line, in constant memory.
//!
//! `cargo run --example export_to_file -- http://localhost:8090 TOKEN-FILE REPORT-ID rows.ndjson`

use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::Path;

use optimize_api::Client;
use optimize_auth::{Credentials, ServiceUrl, read_secret_file};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base_url, token_file, report, path] = arguments.as_slice() else {
        return Err("expected BASE-URL TOKEN-FILE REPORT-ID FILE".into());
    };
    let token = read_secret_file(token_file.as_ref(), "token")?;
    let client =
        Client::builder(ServiceUrl::parse(base_url)?).credentials(Credentials::static_bearer(token)?).build()?;
    // Beside the file, so that its name stands for all rows or for none.
    let unfinished = Path::new(path).with_extension("part");
    let mut file = BufWriter::new(std::fs::File::create(&unfinished)?);
    let mut rows = client.reports().data(report.as_str()).page_size(10_000).prefetch(true).rows();
    while let Some(row) = rows.next().await {
        writeln!(file, "{}", row?.json())?;
    }
    file.flush()?;
    std::fs::rename(unfinished, path)?;
    Ok(())
}
