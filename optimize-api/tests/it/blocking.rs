use futures_util::stream;
use optimize_api::{Blocking, ExternalVariable, VariableType};

use crate::support::{client, sandbox};

#[test]
fn a_program_that_is_not_async_calls_and_reads_streams() {
    // The server's; the program has none.
    let servers = tokio::runtime::Runtime::new().unwrap();
    let sandbox = servers.block_on(sandbox());
    let client = client(&sandbox);
    let blocking = Blocking::new().unwrap();
    let reports = blocking.wait(client.reports().list("invoices")).unwrap();
    assert_eq!(reports.len(), 7);
    let rows = blocking.iterate(client.reports().data("invoices-raw").prefetch(true).rows());
    assert_eq!(rows.map(Result::unwrap).count(), 3200);
    let variables = (0..10).map(|n| ExternalVariable::new("invoice", n.to_string(), "amount", VariableType::Long));
    let batches = client.ingestion().variable_batches().batch_count(3).send(stream::iter(variables));
    assert_eq!(blocking.iterate(batches).map(|outcome| outcome.accepted.len()).sum::<usize>(), 10);
}
