//! Benchmarks, of this tree or beside those of another commit.

use std::path::{Path, PathBuf};

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::ci::FEATURES;
use crate::util::{Outcome, root, shell};

/// Runs these, or all if none is named; with a commit each in turn with the same one there. A benchmark compares with something
/// that runs beside it, so what to look at is the ratio each prints, here and there.
pub(crate) fn run(names: &[String], compare: Option<&str>) -> Outcome {
    let here = shell()?;
    let which =
        if names.is_empty() { vec!["--benches"] } else { names.iter().flat_map(|name| ["--bench", name]).collect() };
    let Some(commit) = compare else {
        return Ok(cmd!(here, "cargo bench --workspace --locked --features {FEATURES} {which...}").run()?);
    };
    let commit = cmd!(here, "git rev-parse --short {commit}").quiet().read()?;
    let place = root().join("target/bench").join(&commit);
    if !place.exists() {
        cmd!(here, "git worktree add --detach {place} {commit}").quiet().run()?;
    }
    let there = Shell::new()?;
    there.change_dir(&place);
    let (ours, theirs) = (benches(&here, &which)?, benches(&there, &which)?);
    for (name, program) in &ours {
        match theirs.iter().find(|(other, _)| other == name) {
            None => eprintln!("== {name} is not in {commit}"),
            Some((_, other)) => {
                measure(&format!("{name} at {commit}"), other, &place)?;
                measure(&format!("{name} here"), program, &root())?;
            }
        }
    }
    Ok(())
}

fn measure(name: &str, program: &Path, directory: &Path) -> Outcome {
    eprintln!("== {name}");
    let shell = Shell::new()?;
    shell.change_dir(directory);
    Ok(cmd!(shell, "{program} --bench").quiet().run()?)
}

/// The programs of the benchmarks, built.
fn benches(shell: &Shell, which: &[&str]) -> Outcome<Vec<(String, PathBuf)>> {
    let build =
        cmd!(shell, "cargo bench --workspace --locked --no-run --message-format json --features {FEATURES} {which...}");
    let messages = build.quiet().read()?;
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let bench = |artifact: Value| {
        let is_bench = artifact["target"]["kind"].as_array()?.iter().any(|kind| kind == "bench");
        let program = artifact["executable"].as_str().filter(|_| is_bench)?.into();
        Some((artifact["target"]["name"].as_str()?.to_owned(), program))
    };
    Ok(artifacts.filter_map(bench).collect())
}
