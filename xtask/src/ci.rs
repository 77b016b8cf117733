//! Everything a change must pass, in the order in which it fails fastest.

use std::time::Instant;

use xshell::{Shell, cmd};

use crate::deps;
use crate::r#gen;
use crate::util::{Outcome, shell};

/// All features of the workspace except those of other TLS libraries and of the integration tests, which other steps build.
pub(crate) const FEATURES: &str = "optimize-cli/keyring,optimize-cli/otel,optimize-api/blocking,optimize-api/unstable,optimize-api/miette,optimize-api/test-util,optimize-auth/test-util,optimize-auth/tower,optimize-auth/metrics,optimize-auth/reqwest-middleware";

pub(crate) fn run() -> Outcome {
    let shell = shell()?;
    step("format", || Ok(cmd!(shell, "cargo fmt --all --check").run()?))?;
    step("dependency rules", deps::run)?;
    step("generated pages", || r#gen::run(true))?;
    step("clippy", || {
        Ok(cmd!(shell, "cargo clippy --workspace --all-targets --locked --quiet --features {FEATURES} -- -D warnings")
            .run()?)
    })?;
    step("clippy without the embedded server", || {
        Ok(cmd!(shell, "cargo clippy --package optimize-cli --no-default-features --locked --quiet -- -D warnings")
            .run()?)
    })?;
    // Most tests wait for a process or a server, so more of them run at a time than there are cores.
    let threads = (2 * std::thread::available_parallelism()?.get()).to_string();
    step("tests", || {
        let tests = cmd!(shell, "cargo test --workspace --locked --features {FEATURES}");
        Ok(tests.env("RUST_TEST_THREADS", &threads).run()?)
    })?;
    step("benchmarks run", || benchmarks(&shell))?;
    step("documentation", || {
        let documented = cmd!(shell, "cargo doc --workspace --no-deps --locked --quiet --features {FEATURES}");
        Ok(documented.env("RUSTDOCFLAGS", "-D warnings").run()?)
    })
}

/// Each benchmark once, so that none rots. What they measure is no part of CI.
fn benchmarks(shell: &Shell) -> Outcome {
    Ok(cmd!(shell, "cargo test --workspace --benches --locked --quiet --features {FEATURES}").run()?)
}

#[expect(clippy::disallowed_methods, reason = "a task is timed for the person who waits for it")]
fn step(name: &str, work: impl FnOnce() -> Outcome) -> Outcome {
    eprintln!("== {name}");
    let begun = Instant::now();
    work().map_err(|error| format!("{name}: {error}"))?;
    eprintln!("== {name}: passed in {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}
