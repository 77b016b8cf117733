//! Which lines the tests run.

use xshell::cmd;

use crate::ci::FEATURES;
use crate::tools;
use crate::util::{Outcome, shell};

/// A page for each file in `target/llvm-cov/html`, and a table on the screen.
pub(crate) fn run() -> Outcome {
    let Some(tool) = tools::LLVM_COV.program()? else { return Ok(()) };
    let shell = shell()?;
    let sysroot = cmd!(shell, "rustc --print sysroot").quiet().read()?;
    let host = cmd!(shell, "rustc --print host-tuple").quiet().read()?;
    let is_there = shell.path_exists(format!("{sysroot}/lib/rustlib/{host}/bin/llvm-profdata"));
    // cargo-llvm-cov would fetch it itself, and fail late.
    if !is_there && shell.var_os("LLVM_PROFDATA").is_none() {
        return Err("llvm-profdata is missing; add it with: rustup component add llvm-tools".into());
    }
    let html = cmd!(shell, "{tool} llvm-cov --workspace --locked --features {FEATURES} --html");
    html.run()?;
    Ok(cmd!(shell, "{tool} llvm-cov report").run()?)
}
