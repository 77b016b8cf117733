//! Fuzz targets, for some time each.

use xshell::cmd;

use crate::tools;
use crate::util::{Outcome, shell};

pub(crate) fn run(target: Option<&str>, seconds: u32) -> Outcome {
    let Some(tool) = tools::FUZZ.program()? else { return Ok(()) };
    let shell = shell()?;
    let targets = match target {
        Some(target) => target.to_owned(),
        None => cmd!(shell, "{tool} fuzz list --fuzz-dir fuzz").quiet().read()?,
    };
    for target in targets.lines() {
        let time = format!("-max_total_time={seconds}");
        // The sanitizers are unstable; they are unlocked for this compiler.
        cmd!(shell, "{tool} fuzz run --fuzz-dir fuzz {target} -- {time}").env("RUSTC_BOOTSTRAP", "1").run()?;
    }
    Ok(())
}
