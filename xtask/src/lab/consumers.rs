//! Programs that depend on the crates as they are packed: how many crates each brings, and how long a clean build takes.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use xshell::{Shell, cmd};

use super::process::folder;
use crate::release::{current, order};
use crate::util::{Outcome, copy_folder, root, shell};

/// The first is what the others are compared with: an HTTP client alone.
const CONSUMERS: [&str; 4] = ["bare", "auth-only", "full", "full-blocking"];

pub(crate) fn run() -> Outcome {
    let place = folder("consumers")?;
    // Clean builds are measured.
    fs::remove_dir_all(&place)?;
    copy_folder(&root().join("xtask/lab/consumers"), &place)?;
    // The dependencies that were tested, not the newest.
    fs::copy(root().join("Cargo.lock"), place.join("Cargo.lock"))?;
    let version = current()?;
    for name in CONSUMERS {
        let manifest = place.join(name).join("Cargo.toml");
        fs::write(&manifest, fs::read_to_string(&manifest)?.replace("VERSION", &version.to_string()))?;
    }
    let packed = pack(&place)?;
    fs::write(
        place.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = {CONSUMERS:?}\n\n[patch.crates-io]\n{packed}"),
    )?;
    let shell = Shell::new()?;
    shell.change_dir(&place);
    cmd!(shell, "cargo fetch").quiet().run()?;
    let mut bare = Duration::ZERO;
    for name in CONSUMERS {
        // Each from nothing, in turn.
        if shell.path_exists("clean") {
            shell.remove_path("clean")?;
        }
        let build = cmd!(shell, "cargo build --package {name} --target-dir clean --quiet --offline");
        let time = timed(|| Ok(build.quiet().run()?))?;
        if name == CONSUMERS[0] {
            bare = time;
        }
        let tree =
            cmd!(shell, "cargo tree --package {name} --edges normal,build --prefix none --offline").quiet().read()?;
        let crates: std::collections::BTreeSet<_> =
            tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        println!(
            "{name}: {} crates, clean debug build {:.1} s, {:.2} × that of {}",
            crates.len() - 1,
            time.as_secs_f64(),
            time.as_secs_f64() / bare.as_secs_f64(),
            CONSUMERS[0]
        );
    }
    Ok(cmd!(shell, "cargo test --workspace --target-dir build --offline").quiet().run()?)
}

/// Packs the crates and unpacks them as a registry's users get them; the lines that say where they are.
fn pack(place: &Path) -> Outcome<String> {
    let (shell, version) = (shell()?, current()?);
    let crates = order()?;
    let packages = crates.iter().flat_map(|name| ["--package", name]);
    cmd!(shell, "cargo package --no-verify --allow-dirty --locked --quiet {packages...}").quiet().run()?;
    for name in &crates {
        let file = root().join(format!("target/package/{name}-{version}.crate"));
        cmd!(shell, "tar --extract --gzip --file {file} --directory {place}").quiet().run()?;
    }
    // Nothing depends on the command line.
    let libraries = crates.iter().filter(|name| *name != "optimize-cli");
    let lines: Vec<_> = libraries.map(|name| format!("{name} = {{ path = \"{name}-{version}\" }}\n")).collect();
    Ok(lines.concat())
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn timed(work: impl FnOnce() -> Outcome) -> Outcome<Duration> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed())
}
