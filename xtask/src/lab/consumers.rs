//! Programs that depend on the published crates, from a registry on loopback: how many crates each brings, and how long a
//! clean build takes.

use std::fs;
use std::time::{Duration, Instant};

use xshell::{Shell, cmd};

use super::checkout::Checkout;
use super::process::folder;
use super::registry::Registry;
use crate::fetch::reaches_crates_io;
use crate::release::current;
use crate::util::{Outcome, copy_folder, root};

/// The first is what the others are compared with: an HTTP client alone.
const CONSUMERS: [&str; 4] = ["bare", "auth-only", "full", "full-blocking"];

pub(crate) fn run() -> Outcome {
    if !reaches_crates_io("what the consumers depend on")? {
        return Ok(());
    }
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
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {CONSUMERS:?}\nexclude = [\"repository\"]\n");
    fs::write(place.join("Cargo.toml"), manifest)?;
    let crates = folder("consumers/registry")?;
    let registry = Registry::start(&crates)?;
    registry.publish(&Checkout::make(&place)?)?;
    let shell = Shell::new()?;
    shell.change_dir(&place);
    registry.tell(&shell);
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

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn timed(work: impl FnOnce() -> Outcome) -> Outcome<Duration> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed())
}
