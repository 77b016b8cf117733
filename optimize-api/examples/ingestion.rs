//! Ingests a thousand variables in batches, and prints which were refused.
//!
//! `cargo run --example ingestion -- http://localhost:8090 TOKEN-FILE`

use std::error::Error;

use futures_util::stream;
use optimize_api::{Client, ExternalVariable, VariableType};
use optimize_auth::{Credentials, ServiceUrl, read_secret_file};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base_url, token_file] = arguments.as_slice() else { return Err("expected BASE-URL TOKEN-FILE".into()) };
    let token = read_secret_file(token_file.as_ref(), "token")?;
    let client =
        Client::builder(ServiceUrl::parse(base_url)?).credentials(Credentials::static_bearer(token)?).build()?;
    // Ids are made of instance, name and type: to run this again doubles nothing.
    let amount = |number: u32| {
        let instance = format!("instance-{number}");
        ExternalVariable::new("invoice", instance, "amount", VariableType::Double).with_value(format!("{number}.50"))
    };
    let batches = client.ingestion().variable_batches().batch_count(100).stop_after_failure();
    let mut outcomes = batches.send(stream::iter((0..1000).map(amount)));
    let mut accepted = 0;
    while let Some(outcome) = outcomes.next().await {
        accepted += outcome.accepted.len();
        for refused in outcome.refused {
            println!("{} is refused: {}", refused.element.id, refused.problem);
        }
        if let Some(failed) = outcome.failed {
            return Err(failed.error.into());
        }
    }
    println!("{accepted} variables are accepted");
    Ok(())
}
