//! Files that are generated: those in the repository, and those that only the book has.

pub(crate) mod openapi;
mod postman;
mod promises;

use std::path::Path;

use xshell::cmd;

use crate::util::{Outcome, check_or_write, root, shell};

/// Writes the generated files of the repository, or fails if one is stale.
pub(crate) fn run(check: bool) -> Outcome {
    promises::run(check)?;
    postman::run(check)?;
    let pages = root().join("target/pages");
    reference(&pages)?;
    let schema = std::fs::read_to_string(pages.join("config.schema.json"))?;
    check_or_write(&root().join("docs/config.schema.json"), &schema, !check, "cargo xtask gen")?;
    if check { Ok(()) } else { pictures() }
}

/// Writes the reference of the book.
pub(crate) fn reference(directory: &Path) -> Outcome {
    let shell = shell()?;
    Ok(cmd!(shell, "cargo run --quiet --locked --package pages -- {directory}").quiet().run()?)
}

/// The pictures are what a terminal shows, so the test that compares them writes them.
fn pictures() -> Outcome {
    let shell = shell()?;
    let test =
        cmd!(shell, "cargo test --locked --quiet --package optimize-cli --features keyring --test it -- pictures");
    Ok(test.env("OPTIMIZE_WRITES_PICTURES", "yes").run()?)
}
