//! Pages of the documentation that are generated, so that they cannot tell what is not so.

pub(crate) mod openapi;
mod postman;
mod promises;

use xshell::cmd;

use crate::ci::FEATURES;
use crate::util::{Outcome, shell};

pub(crate) fn run(check: bool) -> Outcome {
    promises::run(check)?;
    openapi::run(check)?;
    postman::run(check)?;
    // The other pages are made by tests, which compare them whenever they run.
    if check { Ok(()) } else { pages() }
}

fn pages() -> Outcome {
    let shell = shell()?;
    let tests = cmd!(shell, "cargo test --workspace --locked --quiet --features {FEATURES} --test it -- generated_");
    Ok(tests.env("OPTIMIZE_WRITES_PAGES", "yes").run()?)
}
